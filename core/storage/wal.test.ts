import { describe, expect, it } from "vitest";
import type { ClusterId, FileName, Index, NodeId, Term } from "../contract.ts";
import type { Entry, HardState } from "../raft/message.ts";
import {
  appendToWal,
  confirmWal,
  createWal,
  resetWal,
  segmentName,
  segmentSequence,
  trimWal,
  walMark,
} from "./wal.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 1n as NodeId };

function entry(term: number, index: number, size = 8): Entry {
  return { term: term as Term, index: index as Index, data: new Uint8Array(size) };
}

function hardState(term: number, commit: number): HardState {
  return { term: term as Term, vote: null, commit: commit as Index };
}

describe("the write-ahead log", () => {
  it("plans one write and one sync for all that one append holds", () => {
    const { wal } = createWal(IDENTITY, 1000);
    const { ops } = appendToWal(wal, hardState(1, 0), [entry(1, 1), entry(1, 2)]);
    expect(ops.map((op) => `${op.kind} ${op.file}`)).toEqual([
      "write 0000000000000000.wal",
      "sync 0000000000000000.wal",
    ]);
  });

  it("plans nothing for nothing", () => {
    const { wal } = createWal(IDENTITY, 1000);
    expect(appendToWal(wal, null, [])).toEqual({ wal, ops: [] });
    expect(trimWal(wal, 9 as Index)).toEqual({ wal, ops: [] });
  });

  it("begins a new segment with the first append after a long one", () => {
    const first = appendToWal(createWal(IDENTITY, 100).wal, null, [entry(1, 1, 200)]);
    const second = appendToWal(first.wal, null, [entry(1, 2)]);
    expect(second.ops.map((op) => op.file)).toEqual([segmentName(1), segmentName(1)]);
    expect(second.ops[0]).toMatchObject({ kind: "write", offset: 0 });
    expect(second.wal.segments).toEqual([
      { sequence: 0, lastIndex: 1 },
      { sequence: 1, lastIndex: 2 },
    ]);
  });

  it("lets a confirmed write vouch for its own segment only", () => {
    const first = appendToWal(createWal(IDENTITY, 100).wal, null, [entry(1, 1, 200)]);
    const mark = walMark(first.wal);
    expect(confirmWal(first.wal, mark).synced).toBe(mark.offset);
    const second = appendToWal(first.wal, null, [entry(1, 2)]);
    expect(confirmWal(second.wal, mark).synced).toBe(0);
  });

  it("removes old segments only after the sync of the one that replaces them", () => {
    const { wal } = appendToWal(createWal(IDENTITY, 100).wal, null, [entry(1, 1)]);
    const point = { index: 9 as Index, term: 3 as Term };
    const { ops } = resetWal(wal, point, hardState(3, 0));
    expect(ops.map((op) => `${op.kind} ${segmentSequence(op.file)}`)).toEqual([
      "write 1",
      "sync 1",
      "remove 0",
    ]);
  });

  it("never leaves a gap, and never replaces a committed entry", () => {
    const { wal } = appendToWal(createWal(IDENTITY, 1000).wal, hardState(1, 1), [entry(1, 1)]);
    expect(() => appendToWal(wal, null, [entry(1, 3)])).toThrow("entry 3 after 1");
    expect(() => appendToWal(wal, null, [entry(2, 1)])).toThrow("entry 1 is committed");
    expect(() => appendToWal(wal, null, [entry(1, 2), entry(1, 4)])).toThrow("entry 4 follows 2");
  });

  it("knows its files by their names", () => {
    expect(segmentName(0x2a)).toBe("000000000000002a.wal");
    expect(segmentSequence(segmentName(0x2a))).toBe(0x2a);
    for (const other of ["db", "2a.wal", "000000000000002A.wal", "ffffffffffffffff.wal"]) {
      expect(segmentSequence(other as FileName), other).toBe(null);
    }
  });
});
