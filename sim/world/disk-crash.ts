// What a power cut leaves of the operations that were not yet known to be on disk.
//
// Effects are performed in order, and a sync ends before another file is touched: the laws of a
// driver (core/contract.ts, core/laws/laws.ts). So the operations fall into groups, and a crash
// happens within one of them: what earlier groups synced is on disk, later groups were never begun.
// Within the group each sector of 512 bytes shows its file as it was after some of the writes that
// touched it, each removal is done or not, and a new file may lack its name.

import type { DiskOp, DiskToken, FileName } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import { type Files, perform, type SimFile, writeTo } from "./disk-files.ts";
import type { Fates } from "./random.ts";

export const SECTOR_BYTES = 512;

/** What becomes of them: nothing stays, any mixture that a power cut can leave, or all, because the
 *  process died and the machine did not. Then it is still not durable. */
export type Keep = "none" | "some" | "all";

export type Pending = Readonly<{ token: DiskToken; op: DiskOp }>;

export type CrashReport = Readonly<{
  lost: number; // operations of which nothing was kept
  torn: number; // writes of which a part was kept
}>;

/** Changes `durable` into what is found after the power cut. */
export function losePower(
  durable: Files,
  pending: readonly Pending[],
  keep: "none" | "some",
  chance: Chance,
): CrashReport {
  const first = pending[0];
  if (first === undefined) return { lost: 0, torn: 0 };
  const groups = groupsOf(pending);
  if (keep === "none") return { lost: countChanges(pending), torn: 0 };
  const reached = chance.below(groups.length + 1, "disk.crash", first.token);
  const unsynced = complete(durable, groups.slice(0, reached).flat());
  const never = countChanges(groups.slice(reached + 1).flat());
  const torn = tear(durable, [...unsynced, ...(groups[reached] ?? [])], chance);
  return { lost: never + torn.lost, torn: torn.torn };
}

/** The process dies: what it had begun lives on in the cache. The operations still not durable. */
export function loseProcess(durable: Files, pending: readonly Pending[]): Pending[] {
  const groups = groupsOf(pending);
  return [...complete(durable, groups.slice(0, -1).flat()), ...(groups.at(-1) ?? [])];
}

/** Performs what syncs made durable; answers the operations that none covered, in order. */
export function complete(durable: Files, operations: readonly Pending[]): Pending[] {
  let open: Pending[] = [];
  for (const pending of operations) {
    const { op } = pending;
    if (op.kind !== "sync") {
      open.push(pending);
      continue;
    }
    const kept: Pending[] = [];
    for (const before of open) {
      if (before.op.file === op.file) perform(durable, before.op);
      else kept.push(before);
    }
    open = kept;
  }
  return open;
}

export function isChange(op: DiskOp): boolean {
  return op.kind !== "sync";
}

/** Chance, already keyed by the node. */
export type Chance = Pick<Fates, "below" | "chance">;

/** A group ends where an operation had to wait for a sync of another file. */
function groupsOf(pending: readonly Pending[]): readonly (readonly Pending[])[] {
  const groups: Pending[][] = [[]];
  let syncing: FileName | null = null;
  for (const item of pending) {
    if (syncing !== null && item.op.file !== syncing) {
      groups.push([]);
      syncing = null;
    }
    must(groups.at(-1), "a group").push(item);
    if (item.op.kind === "sync") syncing = item.op.file;
  }
  return groups;
}

function tear(durable: Files, group: readonly Pending[], chance: Chance): CrashReport {
  let lost = 0;
  let torn = 0;
  for (const file of new Set(group.map(({ op }) => op.file))) {
    const changes = group.filter(({ op }) => op.file === file && isChange(op));
    const first = changes[0];
    if (first === undefined) continue;
    const fate = chance.below(4, "disk.file", file, first.token);
    if (fate === 0) {
      lost += changes.length;
    } else if (fate === 1) {
      for (const { op } of changes) perform(durable, op);
    } else {
      const report = tearFile(durable, file, changes, chance);
      lost += report.lost;
      torn += report.torn;
    }
  }
  return { lost, torn };
}

function tearFile(
  durable: Files,
  file: FileName,
  changes: readonly Pending[],
  chance: Chance,
): CrashReport {
  if (changes.some(({ op }) => op.kind === "write")) nameFile(durable, file);
  const flushed = flushedWrites(file, changes, chance);
  const seen = new Map<number, number>(); // sector → writes to it so far
  let lost = 0;
  let torn = 0;
  let length = durable.get(file)?.length ?? 0;
  for (const { token, op } of changes) {
    if (op.kind === "write") {
      length = Math.max(length, op.offset + op.bytes.length);
      let kept = 0;
      const sectors = sectorsOf(op.offset, op.bytes.length);
      for (const sector of sectors) {
        const before = seen.get(sector) ?? 0;
        seen.set(sector, before + 1);
        if (before >= (flushed.get(sector) ?? 0)) continue;
        kept += 1;
        writeSector(nameFile(durable, file), sector, op);
      }
      if (kept === 0) lost += 1;
      else if (kept < sectors.length) torn += 1;
    } else if (chance.chance(1, 2, "disk.change", op.kind, file, token)) {
      perform(durable, op);
    } else lost += 1;
  }
  // The length may be on disk without the bytes: then they are zeros.
  const grown = durable.get(file);
  if (grown !== undefined && chance.chance(1, 4, "disk.length", file, length)) {
    writeTo(grown, Math.max(length, grown.length), new Uint8Array(0));
  }
  return { lost, torn };
}

/** For each sector, how many of the writes to it had reached the disk. */
function flushedWrites(
  file: FileName,
  changes: readonly Pending[],
  chance: Chance,
): ReadonlyMap<number, number> {
  const writes = new Map<number, number>();
  const tokens = new Map<number, DiskToken>();
  for (const { token, op } of changes) {
    if (op.kind !== "write") continue;
    for (const sector of sectorsOf(op.offset, op.bytes.length)) {
      writes.set(sector, (writes.get(sector) ?? 0) + 1);
      tokens.set(sector, token);
    }
  }
  const flushed = new Map<number, number>();
  for (const [sector, count] of writes) {
    const token = must(tokens.get(sector), "a written sector has a token");
    flushed.set(sector, chance.below(count + 1, "disk.sector", file, sector, token));
  }
  return flushed;
}

function sectorsOf(offset: number, length: number): readonly number[] {
  const sectors: number[] = [];
  const end = offset + length;
  let sector = offset - (offset % SECTOR_BYTES);
  for (; sector < end; sector += SECTOR_BYTES) sectors.push(sector);
  return sectors;
}

function writeSector(file: SimFile, sector: number, op: Extract<DiskOp, { kind: "write" }>): void {
  const from = Math.max(sector, op.offset);
  const to = Math.min(sector + SECTOR_BYTES, op.offset + op.bytes.length);
  writeTo(file, from, op.bytes.subarray(from - op.offset, to - op.offset));
}

/** The file, new and empty if it must be: a name may be on disk without any bytes. */
function nameFile(files: Files, file: FileName): SimFile {
  const found = files.get(file) ?? { bytes: new Uint8Array(SECTOR_BYTES), length: 0 };
  files.set(file, found);
  return found;
}

function countChanges(pending: readonly Pending[]): number {
  return pending.filter(({ op }) => isChange(op)).length;
}
