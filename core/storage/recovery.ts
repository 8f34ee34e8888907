// What a node finds on its disk when it boots: its log, its hard state, and what must be repaired
// first.
//
// Which states can a crash leave? Effects are performed in order; a sync ends before another file
// is touched (the laws of a driver). Hence
//
//  - all segments but the last were synced whole: whatever is bad in them went bad later → an
//    error;
//  - in the last one, everything behind the last finished sync is in doubt, sector by sector, and
//    none of it was acknowledged: cut it off at the first bad record. If a record behind that place
//    says that the place was on disk when it was made, no crash did this → an error;
//  - the last one may have no header yet: write it again, it follows from the segment before;
//  - removals may be on disk in any order: segments before a gap are left-overs, if all that the
//    gap could have held is in the KV;
//  - the KV leads the log only after a crash between installing a snapshot and restarting the log:
//    restart it now.
//
// One thing cannot be told from a torn write: damage to the very last writes, those that nothing
// written later vouches for. Only the other members know them.
//
// What was read may still be in a cache alone: the process died, the machine did not. It may even
// be there because a sync failed, and a kernel may then take it for written, so that the next sync
// does nothing ("fsyncgate"). So the repairs write again whatever nothing vouches for, and sync;
// nothing that was read here counts as durable until they are done.

import type { DiskOp, DiskReader, Index, Result, Term } from "../contract.ts";
import { must } from "../lib/assert.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { type SegmentScan, scanSegment } from "./segment-scan.ts";
import type { AppendRecord, LogPoint, SegmentHeader } from "./wal-payload.ts";
import { type CutOff, planCut } from "./torn-tail.ts";
import {
  createWal,
  LOG_START,
  NO_HARD_STATE,
  nextSegment,
  openSegment,
  resetWal,
  type Segment,
  segmentName,
  segmentSequence,
  type WalIdentity,
  type WalPlan,
  type WalState,
} from "./wal.ts";

export type Recovered = Readonly<{
  hard: HardState;
  compacted: LogPoint; // the earliest point that the log still supports
  entries: readonly Entry[]; // all that follow
  wal: WalState;
  repairs: readonly DiskOp[]; // the first disk effect; nothing is durable before it is done
  cutOff: CutOff | null;
}>;

type Log = { hard: HardState; compacted: LogPoint; entries: Entry[]; segments: Segment[] };

/** `applied` is what the KV holds durably. */
export function recover(
  disk: DiskReader,
  identity: WalIdentity,
  applied: LogPoint,
  segmentBytes: number,
): Result<Recovered, string> {
  const [stale, sequences] = findSegments(disk);
  const scans: SegmentScan[] = [];
  for (const sequence of sequences) {
    const scan = scanSegment(disk.read(segmentName(sequence)), sequence, identity);
    if (!scan.ok) return failed(scan.error);
    scans.push(scan.value);
  }
  const unopened = scans.at(-1)?.header === null ? must(scans.pop(), "a scan") : null;
  if (unopened?.tail.kind === "damaged") return failed(damage(unopened));
  const broken = findBreak(scans, unopened);
  if (broken !== null) return failed(broken);
  const first = scans[0];
  if (first === undefined) return recoverEmpty(identity, segmentBytes, applied, unopened);
  const log = replay(scans, must(first.header, "a header"));
  if (!log.ok) return failed(log.error);
  const plan = repair(scans, unopened, log.value, identity, segmentBytes);
  const dropped = [...stale, ...sequences].filter((sequence) => !keeps(plan.wal, sequence));
  const removals = dropped.map((sequence): DiskOp => ({
    kind: "remove",
    file: segmentName(sequence),
  }));
  const torn = planCut(disk.list(), unopened ?? must(scans.at(-1), "a scan"));
  const ops = [...torn.ops, ...plan.ops, ...removals];
  return reconcile(log.value, { wal: plan.wal, ops }, applied, torn.cutOff);
}

/** The sequence numbers of left-overs before a gap, and of the unbroken row at the end. */
function findSegments(disk: DiskReader): readonly [stale: number[], sequences: number[]] {
  const all: number[] = [];
  for (const file of disk.list()) {
    const sequence = segmentSequence(file);
    if (sequence !== null) all.push(sequence);
  }
  all.sort((a, b) => a - b);
  let from = all.length - 1;
  while (from > 0 && all[from - 1] === (all[from] as number) - 1) from -= 1;
  return [all.slice(0, Math.max(from, 0)), all.slice(Math.max(from, 0))];
}

function recoverEmpty(
  identity: WalIdentity,
  segmentBytes: number,
  applied: LogPoint,
  unopened: SegmentScan | null,
): Result<Recovered, string> {
  if (applied.index > 0) {
    const what = `the store holds entries up to ${applied.index}, but the log is gone`;
    return failed(`${what}, and with it the votes of this member. ${ADVICE}`);
  }
  if (unopened !== null && unopened.sequence > 0) {
    const file = segmentName(unopened.sequence);
    return failed(`${file} was never begun, and the segments before it are gone. ${ADVICE}`);
  }
  const plan = createWal(identity, segmentBytes);
  const clear = unopened === null ? [] : [truncate(unopened.sequence, 0)];
  const repairs = [...clear, ...plan.ops];
  const nothing = { hard: NO_HARD_STATE, compacted: LOG_START, entries: [] };
  return { ok: true, value: { ...nothing, wal: plan.wal, repairs, cutOff: null } };
}

function findBreak(scans: readonly SegmentScan[], unopened: SegmentScan | null): string | null {
  for (let at = 0; at < scans.length; at++) {
    const scan = must(scans[at], "a scan");
    const next = scans[at + 1];
    if (scan.tail.kind === "damaged") return damage(scan);
    if (next === undefined && unopened === null) return null;
    if (scan.header === null || scan.tail.kind === "torn") return damage(scan);
    if (next !== undefined && next.header !== null && next.previous !== scan.checksum) {
      const [file, before] = [segmentName(next.sequence), segmentName(scan.sequence)];
      return `${file} does not follow on the last record of ${before}, at ${scan.end}. ${ADVICE}`;
    }
  }
  return null;
}

function damage(scan: SegmentScan): string {
  const file = segmentName(scan.sequence);
  const expected = scan.header === null ? "the header of the segment" : "a record";
  const proof =
    scan.tail.kind === "damaged"
      ? `the record at ${scan.tail.voucher} shows that it was on disk`
      : "the next segment shows that it was on disk";
  return (
    `${file} is damaged at offset ${scan.end}: ${expected} was expected there, and ${proof}, ` +
    `so this is no unfinished write. ${ADVICE}`
  );
}

function replay(scans: readonly SegmentScan[], first: SegmentHeader): Result<Log, string> {
  const log: Log = { hard: first.hard, compacted: first.follows, entries: [], segments: [] };
  for (const scan of scans) {
    const { hard, follows, resets } = must(scan.header, "a header");
    const last = lastOf(log);
    if (resets) Object.assign(log, { hard, compacted: follows, entries: [], segments: [] });
    else if (last.index !== follows.index || last.term !== follows.term) {
      return failed(
        nonsense(scan, 0, `it follows ${follows.index}, the log ends at ${last.index}`),
      );
    }
    let highest: Index = follows.index;
    for (const { offset, record } of scan.appends) {
      const wrong = replayAppend(log, record);
      if (wrong !== null) return failed(nonsense(scan, offset, wrong));
      const { index } = lastOf(log);
      if (index > highest) highest = index;
    }
    log.segments.push({ sequence: scan.sequence, lastIndex: highest });
  }
  return { ok: true, value: log };
}

/** Null, or what is wrong with it. */
function replayAppend(log: Log, record: AppendRecord): string | null {
  const first = record.entries[0];
  if (first !== undefined) {
    const { compacted, entries, hard } = log;
    const { index } = lastOf(log);
    if (first.index > index + 1) return `entry ${first.index} comes after ${index}`;
    if (first.index <= hard.commit) return `entry ${first.index} replaces a committed one`;
    const kept = first.index - 1 - compacted.index;
    if (kept >= 0) {
      entries.length = kept;
      for (const entry of record.entries) entries.push(entry);
    } else {
      // The segments trimmed away held what is replaced here, up to the very entry that this log
      // went on from. All of that is applied by now; the term before `first` is known to nobody.
      log.compacted = { index: first.index, term: first.term };
      log.entries = record.entries.slice(1);
    }
  }
  if (record.hard !== null) log.hard = record.hard;
  const last = lastOf(log).index;
  return log.hard.commit > last ? `it commits ${log.hard.commit}, the log ends at ${last}` : null;
}

function nonsense(scan: SegmentScan, offset: number, what: string): string {
  const file = segmentName(scan.sequence);
  return `${file}: the record at ${offset} is whole but wrong: ${what}. ${ADVICE}`;
}

/** The log as it goes on from here, and what to write first so that it can. */
function repair(
  scans: readonly SegmentScan[],
  unopened: SegmentScan | null,
  log: Log,
  identity: WalIdentity,
  segmentBytes: number,
): WalPlan {
  const current = must(scans.at(-1), "a scan");
  const { sequence, end, checksum, bytes } = current;
  const { hard, segments } = log;
  const wal: WalState = {
    identity,
    segmentBytes,
    segments,
    offset: end,
    checksum,
    synced: 0,
    hard,
    last: lastOf(log),
  };
  const file = segmentName(sequence);
  const vouched = current.appends.reduce((most, { record }) => Math.max(most, record.synced), 0);
  const again: DiskOp = { kind: "write", file, offset: vouched, bytes: bytes.slice(vouched, end) };
  const cut = current.tail.kind === "torn" ? [truncate(sequence, end)] : [];
  const ops: DiskOp[] = [...cut, again, { kind: "sync", file }];
  if (unopened === null) return { wal, ops };
  const opened = openSegment(nextSegment(wal));
  return { wal: opened.wal, ops: [...ops, truncate(unopened.sequence, 0), ...opened.ops] };
}

/** Brings log and KV together: the KV may be ahead by a snapshot, and never behind the log's start.
 *  */
function reconcile(
  log: Log,
  plan: WalPlan,
  applied: LogPoint,
  cutOff: CutOff | null,
): Result<Recovered, string> {
  const { compacted, entries } = log;
  if (applied.index < compacted.index) {
    return failed(
      `the log begins after entry ${compacted.index}, but the store holds entries up to ` +
        `${applied.index} only: a segment is missing, or the store is older than the log. ` +
        ADVICE,
    );
  }
  const term = termAt(log, applied.index);
  const commit = Math.max(log.hard.commit, applied.index) as Index;
  if (term === applied.term) {
    const hard = { ...log.hard, commit };
    const wal = { ...plan.wal, hard };
    return { ok: true, value: { hard, compacted, entries, wal, repairs: plan.ops, cutOff } };
  }
  if (commit > applied.index || applied.index === compacted.index) {
    return failed(
      `the store says that entry ${applied.index} is of term ${applied.term}, the log says ` +
        `${term}: they are not of one member. ${ADVICE}`,
    );
  }
  const hard = restarted(log.hard, applied);
  const { wal, ops } = resetWal(plan.wal, applied, hard);
  const repairs = [...plan.ops, ...ops];
  return { ok: true, value: { hard, compacted: applied, entries: [], wal, repairs, cutOff } };
}

/** A vote in a term would have been on disk before it was cast: a later term finds us without one.
 *  */
function restarted(hard: HardState, applied: LogPoint): HardState {
  const commit = applied.index;
  if (hard.term >= applied.term) return { ...hard, commit };
  return { term: applied.term, vote: null, commit };
}

function termAt(log: Log, index: Index): Term | null {
  if (index === log.compacted.index) return log.compacted.term;
  return log.entries[index - log.compacted.index - 1]?.term ?? null;
}

function lastOf(log: Log): LogPoint {
  const last = log.entries.at(-1);
  return last === undefined ? log.compacted : { index: last.index, term: last.term };
}

function keeps(wal: WalState, sequence: number): boolean {
  return wal.segments.some((segment) => segment.sequence === sequence);
}

function truncate(sequence: number, length: number): DiskOp {
  return { kind: "truncate", file: segmentName(sequence), length };
}

function failed(error: string): Result<never, string> {
  return { ok: false, error };
}

const ADVICE =
  "Do not start it with an empty directory under the same identity: it would forget its votes. " +
  "Put back a copy of the whole data directory, or replace the member: remove it from the " +
  "cluster and add it again, with an empty data directory.";
