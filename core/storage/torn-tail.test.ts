import { describe, expect, it } from "vitest";
import type { ClusterId, FileName, Index, NodeId, Term } from "../contract.ts";
import type { Entry } from "../raft/message.ts";
import { createMemoryDisk, type MemoryDisk } from "./memory-disk.ts";
import { recover, type Recovered } from "./recovery.ts";
import { appendToWal, createWal, LOG_START, segmentName } from "./wal.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 1n as NodeId };
const FILE = segmentName(0);
const COPY = `${FILE}.broken` as FileName;

function mustRecover(disk: MemoryDisk): Recovered {
  const result = recover(disk, IDENTITY, LOG_START, 1 << 20);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** One entry, whole; another that has lost its last bytes. */
function tornDisk(): Readonly<{ disk: MemoryDisk; whole: number; rest: Uint8Array }> {
  const disk = createMemoryDisk();
  const created = createWal(IDENTITY, 1 << 20);
  const hard = { term: 1 as Term, vote: null, commit: 0 as Index };
  const first = appendToWal(created.wal, hard, [entry(1)]);
  const second = appendToWal(first.wal, null, [entry(2)]);
  for (const plan of [created, first, second]) disk.perform(plan.ops);
  const length = disk.read(FILE).length - 3;
  disk.perform([{ kind: "truncate", file: FILE, length }]);
  const whole = first.wal.offset;
  return { disk, whole, rest: disk.read(FILE).slice(whole) };
}

function entry(index: number): Entry {
  return { index: index as Index, term: 1 as Term, data: new Uint8Array(100).fill(index) };
}

describe("a torn tail", () => {
  it("is cut off, and kept in a file that recovery does not read", () => {
    const { disk, whole, rest } = tornDisk();
    const { cutOff, repairs, entries } = mustRecover(disk);
    expect(cutOff).toEqual({ file: FILE, offset: whole, bytes: rest.length, copy: COPY });
    expect(entries).toHaveLength(1);
    disk.perform(repairs);
    expect(disk.read(COPY)).toEqual(rest);
    expect(disk.read(FILE)).toHaveLength(whole);
    const again = mustRecover(disk);
    expect(again.cutOff).toBeNull();
    expect(again.entries).toHaveLength(1);
  });

  it("replaces the copy of an earlier life, and leaves few of them", () => {
    const { disk, rest } = tornDisk();
    const olds = [1, 2, 3, 4, 5].map((sequence) => `a${sequence}.wal.broken` as FileName);
    for (const file of olds) disk.perform([{ kind: "write", file, offset: 0, bytes: rest }]);
    const longer = new Uint8Array(1000);
    disk.perform([{ kind: "write", file: COPY, offset: 0, bytes: longer }]);
    disk.perform(mustRecover(disk).repairs);
    expect(disk.read(COPY)).toEqual(rest);
    expect(disk.list()).toEqual([FILE, COPY, ...olds.slice(2)]);
  });
});
