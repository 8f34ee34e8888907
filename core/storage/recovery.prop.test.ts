// Whatever happens to the bytes of a log, recovery finds a prefix of it that holds all that was
// synced, or says that it is damaged.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterId, FileName, Index, NodeId, Result, Term } from "../contract.ts";
import { crc32c } from "../lib/crc32c.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { createMemoryDisk, type MemoryDisk } from "./memory-disk.ts";
import { recover, type Recovered } from "./recovery.ts";
import { scanSegment } from "./segment-scan.ts";
import type { LogPoint } from "./wal-payload.ts";
import {
  appendToWal,
  confirmWal,
  createWal,
  LOG_START,
  segmentSequence,
  trimWal,
  walMark,
  type WalState,
} from "./wal.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 1n as NodeId };
const SEGMENT_BYTES = 400;

type Write = Readonly<{
  sizes: readonly number[];
  overwrite: number;
  apply: boolean;
  confirm: boolean;
}>;

/** A log on a disk, its states after each write, and how many of those are certainly on disk. */
type History = Readonly<{
  disk: MemoryDisk;
  wal: WalState;
  states: readonly string[];
  offsets: readonly number[]; // of the end of each, in the file that holds it
  files: readonly FileName[];
  confirmed: number;
  applied: LogPoint;
}>;

function writeLog(script: readonly Write[], trim: boolean): History {
  const disk = createMemoryDisk();
  let { wal, ops } = createWal(IDENTITY, SEGMENT_BYTES);
  disk.perform(ops);
  let hard: HardState = wal.hard;
  let log: readonly Entry[] = [];
  let applied = LOG_START;
  let confirmed = 0;
  const states = [outline(hard, log)];
  const offsets = [wal.offset];
  const files = [lastFile(disk)];
  for (const { sizes, overwrite, apply, confirm } of script) {
    const kept = Math.max(log.length - overwrite, hard.commit);
    const term = (hard.term + 1) as Term;
    const commit = (apply ? log.length : hard.commit) as Index;
    const from = apply ? log.length : kept;
    hard = { term, vote: 2n as NodeId, commit };
    const added = sizes.map((size, at) => entryOf(term, from + at + 1, size));
    if (added.length > 0) log = [...log.slice(0, from), ...added];
    ({ wal, ops } = appendToWal(wal, hard, added));
    disk.perform(ops);
    states.push(outline(hard, log));
    offsets.push(wal.offset);
    files.push(lastFile(disk));
    if (!confirm) continue;
    wal = confirmWal(wal, walMark(wal));
    confirmed = states.length - 1;
    const last = log[commit - 1];
    if (last === undefined) continue;
    applied = { index: last.index, term: last.term };
    if (!trim) continue;
    ({ wal, ops } = trimWal(wal, applied.index));
    disk.perform(ops);
  }
  return { disk, wal, states, offsets, files, confirmed, applied };
}

function entryOf(term: Term, index: number, size: number): Entry {
  return { term, index: index as Index, data: new Uint8Array(size).fill(term) };
}

/** The hard state, and the log from its end backwards: a prefix of the text survives a trim. */
function outline({ term, vote, commit }: HardState, log: readonly Entry[]): string {
  const entries = log.map((entry) => `${entry.term}/${entry.index}:${crc32c(entry.data)}`);
  return `${term} ${vote} ${commit} ${entries.toReversed().join(" ")}`;
}

function found(result: Result<Recovered, string>): string {
  if (!result.ok) return result.error;
  return outline(result.value.hard, result.value.entries);
}

function lastFile(disk: MemoryDisk): FileName {
  return disk
    .list()
    .toSorted((a, b) => (a < b ? -1 : 1))
    .at(-1) as FileName;
}

function copy(disk: MemoryDisk): MemoryDisk {
  const other = createMemoryDisk();
  for (const file of disk.list()) {
    other.perform([{ kind: "write", file, offset: 0, bytes: disk.read(file).slice() }]);
  }
  return other;
}

const writes = fc.record({
  sizes: fc.array(fc.nat(120), { maxLength: 3 }),
  overwrite: fc.nat(3),
  apply: fc.boolean(),
  confirm: fc.boolean(),
});
const scripts = fc.array(writes, { minLength: 1, maxLength: 25 });

describe("recovery, of any log,", () => {
  it("finds what was written, over rotations, overwrites and trims", () => {
    const check = fc.property(scripts, (script) => {
      const { disk, wal, states, applied } = writeLog(script, true);
      const result = recover(disk, IDENTITY, applied, SEGMENT_BYTES);
      expect(states.at(-1)!.startsWith(found(result))).toBe(true);
      if (!result.ok) return;
      expect(result.value.compacted.index).toBeLessThanOrEqual(applied.index);
      expect(result.value.wal).toMatchObject({ offset: wal.offset, checksum: wal.checksum });
      expect(result.value.wal.segments).toEqual(wal.segments);
    });
    fc.assert(check, { seed: 5, numRuns: 400 });
  });

  it("keeps all that was confirmed when the tail is cut, anywhere, or overwritten by zeros", () => {
    const check = fc.property(scripts, fc.boolean(), (script, zeros) => {
      const { disk, states, offsets, files, confirmed, applied } = writeLog(script, false);
      const file = lastFile(disk);
      const { length } = disk.read(file);
      const certain = files[confirmed] === file ? (offsets[confirmed] as number) : 0;
      for (let cut = certain; cut < length; cut += 1) {
        const broken = copy(disk);
        broken.perform([{ kind: "truncate", file, length: cut }]);
        if (zeros) broken.perform([{ kind: "truncate", file, length }]);
        const result = recover(broken, IDENTITY, applied, SEGMENT_BYTES);
        const state = states.lastIndexOf(found(result));
        expect(state, `cut at ${cut}: ${found(result)}`).toBeGreaterThanOrEqual(confirmed);
        if (!result.ok) continue;
        broken.perform(result.value.repairs);
        const again = recover(broken, IDENTITY, applied, SEGMENT_BYTES);
        expect(found(again), `repaired at ${cut}`).toBe(states[state]);
      }
    });
    fc.assert(check, { seed: 6, numRuns: 25 });
  });

  it("never hides a flipped bit in what a later record vouches for", () => {
    const check = fc.property(scripts, fc.nat(), (script, random) => {
      const { disk, applied } = writeLog(script, false);
      const last = lastFile(disk);
      for (const file of disk.list()) {
        const bytes = file === last ? vouchedBytes(disk, file) : disk.read(file).length;
        for (let at = random % 13; at < bytes; at += 13) {
          const broken = copy(disk);
          const flipped = (disk.read(file)[at] as number) ^ (1 << ((random + at) % 8));
          broken.perform([{ kind: "write", file, offset: at, bytes: Uint8Array.of(flipped) }]);
          const result = recover(broken, IDENTITY, applied, SEGMENT_BYTES);
          expect(result.ok, `${file} at ${at}`).toBe(false);
        }
      }
    });
    fc.assert(check, { seed: 7, numRuns: 60 });
  });
});

/** The bytes of a segment that a record of its own says are on disk. */
function vouchedBytes(disk: MemoryDisk, file: FileName): number {
  const scan = scanSegment(disk.read(file), segmentSequence(file)!, IDENTITY);
  if (!scan.ok) throw new Error(scan.error);
  return Math.max(0, ...scan.value.appends.map(({ record }) => record.synced));
}
