// The write-ahead log: what must survive a crash before anything is said about it. Pure: it plans
// bytes, the driver writes them. Segments are files named by their sequence number; each begins
// with a header that makes the ones before it dispensable for all but their entries.
//
//   00…03.wal │ segment: after 5/40 │ append 41–57 │ append 58, term 6 │ append 58–60 │ …
//
// An entry with an index that is in the log already replaces it and all that follow, as Raft does.
//
// How torn is told from damaged. A driver may merge the syncs of consecutive appends to *one* file,
// so a crash leaves any mixture of the sectors written since the last sync that ended: a later
// record may survive where an earlier one is lost. None of them was acknowledged. Thus each append
// says how much of its segment was on disk when it was made (`synced`). If something whole lies
// behind a bad place and vouches for that place, the bytes went bad later: damage, never to be cut
// off in silence. If nothing vouches for it, the bad place was never acknowledged, nor was anything
// behind it: the tail. And since a sync ends before the next *file* is touched, a new segment
// vouches for all before it.

import type { ClusterId, DiskOp, FileName, Index, NodeId, Term } from "../contract.ts";
import { assert, must } from "../lib/assert.ts";
import { createWriter, type Writer } from "../lib/binary.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { type LogPoint, writeAppend, writeSegmentHeader } from "./wal-payload.ts";
import { openRecord, sealRecord } from "./wal-record.ts";

/** Whose log it is. Each segment says so: a file of another node is never read as one's own. */
export type WalIdentity = Readonly<{ cluster: ClusterId; node: NodeId }>;

export type WalState = Readonly<{
  identity: WalIdentity;
  segmentBytes: number; // a segment is closed once it is longer
  segments: readonly Segment[]; // oldest first; the last one is being written
  offset: number; // where the next record goes in the last segment
  checksum: number; // of the last record, wherever it is
  synced: number; // bytes of the last segment known to be on disk
  hard: HardState; // the last one written
  last: LogPoint; // the last entry written, or what the log was reset to
}>;

/** `lastIndex`: the highest index among its entries, and what it follows. */
export type Segment = Readonly<{ sequence: number; lastIndex: Index }>;

/** An end of the log, to be confirmed when the disk says that it is written. */
export type WalMark = Readonly<{ sequence: number; offset: number }>;

/** What a driver must write, as one disk effect, and the log as it is once it has. */
export type WalPlan = Readonly<{ wal: WalState; ops: readonly DiskOp[] }>;

export const LOG_START: LogPoint = { index: 0 as Index, term: 0 as Term };
export const NO_HARD_STATE: HardState = { term: 0 as Term, vote: null, commit: 0 as Index };

/** The first segment of a node's life. */
export function createWal(identity: WalIdentity, segmentBytes: number): WalPlan {
  return openSegment({
    identity,
    segmentBytes,
    segments: [{ sequence: 0, lastIndex: LOG_START.index }],
    offset: 0,
    checksum: 0,
    synced: 0,
    hard: NO_HARD_STATE,
    last: LOG_START,
  });
}

/** Writes a changed hard state, entries, or both, as one record. */
export function appendToWal(
  wal: WalState,
  hard: HardState | null,
  entries: readonly Entry[],
): WalPlan {
  const first = entries[0];
  if (hard === null && first === undefined) return { wal, ops: [] };
  if (first !== undefined) {
    assert(first.index <= wal.last.index + 1, `entry ${first.index} after ${wal.last.index}`);
    assert(first.index > wal.hard.commit, `entry ${first.index} is committed: ${wal.hard.commit}`);
  }
  const writer = createWriter(sizeOf(entries));
  const full = wal.offset > wal.segmentBytes;
  const opened = full ? writeHeader(writer, nextSegment(wal), false) : wal;
  const sequence = currentSequence(opened);
  const start = openRecord(writer);
  writeAppend(writer, { synced: opened.synced, hard, entries });
  const previous = opened.checksum;
  const place = { sequence, offset: opened.offset };
  const checksum = sealRecord(writer, start, { kind: "append", place, previous });
  const appended = {
    ...opened,
    segments: withLastIndex(opened.segments, entries),
    offset: opened.offset + writer.length - start,
    checksum,
    hard: hard ?? opened.hard,
    last: entries.at(-1) ?? opened.last,
  };
  return { wal: appended, ops: writeAndSync(sequence, full ? 0 : wal.offset, writer) };
}

/** The log begins anew after a snapshot that the KV already holds durably: entries are gone. */
export function resetWal(wal: WalState, point: LogPoint, hard: HardState): WalPlan {
  const next = nextSegment(wal);
  const sequence = currentSequence(next);
  const opened = openSegment(
    {
      ...next,
      segments: [{ sequence, lastIndex: point.index }],
      hard: { ...hard, commit: point.index },
      last: point,
    },
    true,
  );
  // The order matters: the old segments may go only once the new one is on disk.
  return { wal: opened.wal, ops: [...opened.ops, ...wal.segments.map(remove)] };
}

/** Removes the oldest segments, as long as all their entries are at or before `through`, which the
 *  KV holds durably. The segment being written stays. */
export function trimWal(wal: WalState, through: Index): WalPlan {
  let count = 0;
  while (count < wal.segments.length - 1) {
    if (must(wal.segments[count], "a segment").lastIndex > through) break;
    count += 1;
  }
  if (count === 0) return { wal, ops: [] };
  const trimmed = { ...wal, segments: wal.segments.slice(count) };
  return { wal: trimmed, ops: wal.segments.slice(0, count).map(remove) };
}

/** The end of what has been planned so far. Remember it with the disk effect's token … */
export function walMark(wal: WalState): WalMark {
  return { sequence: currentSequence(wal), offset: wal.offset };
}

/** … and confirm it at `disk.done`: later records vouch for everything before it. */
export function confirmWal(wal: WalState, mark: WalMark): WalState {
  if (mark.sequence !== currentSequence(wal) || mark.offset <= wal.synced) return wal;
  return { ...wal, synced: mark.offset };
}

export function segmentName(sequence: number): FileName {
  return `${sequence.toString(16).padStart(16, "0")}.wal` as FileName;
}

/** Null for a file that is no segment. */
export function segmentSequence(file: FileName): number | null {
  if (!/^[0-9a-f]{16}\.wal$/.test(file)) return null;
  const sequence = Number.parseInt(file.slice(0, 16), 16);
  return Number.isSafeInteger(sequence) ? sequence : null;
}

/** Writes the header of the segment that `wal` stands at the very beginning of. */
export function openSegment(wal: WalState, resets = false): WalPlan {
  assert(wal.offset === 0, `a header goes at the start of a segment, not at ${wal.offset}`);
  const writer = createWriter();
  const opened = writeHeader(writer, wal, resets);
  return { wal: opened, ops: writeAndSync(currentSequence(wal), 0, writer) };
}

/** The beginning of the segment after the last, still without a header. */
export function nextSegment(wal: WalState): WalState {
  const next = { sequence: currentSequence(wal) + 1, lastIndex: wal.last.index };
  return { ...wal, segments: [...wal.segments, next], offset: 0, synced: 0 };
}

function writeHeader(writer: Writer, wal: WalState, resets: boolean): WalState {
  const { cluster, node } = wal.identity;
  const start = openRecord(writer);
  writeSegmentHeader(writer, { cluster, node, hard: wal.hard, follows: wal.last, resets });
  const place = { sequence: currentSequence(wal), offset: 0 };
  const previous = wal.checksum;
  const checksum = sealRecord(writer, start, { kind: "segment", place, previous });
  return { ...wal, offset: writer.length, checksum };
}

function writeAndSync(sequence: number, offset: number, writer: Writer): readonly DiskOp[] {
  const file = segmentName(sequence);
  const bytes = writer.bytes.subarray(0, writer.length);
  return [
    { kind: "write", file, offset, bytes },
    { kind: "sync", file },
  ];
}

function remove(segment: Segment): DiskOp {
  return { kind: "remove", file: segmentName(segment.sequence) };
}

function currentSequence(wal: WalState): number {
  return must(wal.segments.at(-1), "a log has a segment").sequence;
}

function withLastIndex(
  segments: readonly Segment[],
  entries: readonly Entry[],
): readonly Segment[] {
  const current = must(segments.at(-1), "a log has a segment");
  const index = entries.at(-1)?.index ?? current.lastIndex;
  if (index <= current.lastIndex) return segments;
  return [...segments.slice(0, -1), { ...current, lastIndex: index }];
}

function sizeOf(entries: readonly Entry[]): number {
  let bytes = 256; // a segment's header, a record's, a hard state
  for (const entry of entries) bytes += entry.data.length + 16;
  return bytes;
}
