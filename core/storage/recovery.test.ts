import { describe, expect, it } from "vitest";
import type { ClusterId, Index, NodeId, Term } from "../contract.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { createMemoryDisk, type MemoryDisk } from "./memory-disk.ts";
import { recover, type Recovered } from "./recovery.ts";
import type { LogPoint } from "./wal-payload.ts";
import { openRecord, sealRecord } from "./wal-record.ts";
import {
  appendToWal,
  confirmWal,
  LOG_START,
  resetWal,
  segmentName,
  trimWal,
  walMark,
  type WalPlan,
  type WalState,
} from "./wal.ts";
import { encoded, writeRaw } from "../lib/binary.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 0x1n as NodeId };
const SEGMENT_BYTES = 200;

/** A member that performs each plan at once and confirms it. */
type Member = { disk: MemoryDisk; wal: WalState };

function start(applied = LOG_START, disk = createMemoryDisk()): Member & { recovered: Recovered } {
  const recovered = mustRecover(disk, applied);
  disk.perform(recovered.repairs);
  return { disk, wal: confirmWal(recovered.wal, walMark(recovered.wal)), recovered };
}

function mustRecover(disk: MemoryDisk, applied = LOG_START): Recovered {
  const result = recover(disk, IDENTITY, applied, SEGMENT_BYTES);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function refusal(disk: MemoryDisk, applied = LOG_START): string {
  const result = recover(disk, IDENTITY, applied, SEGMENT_BYTES);
  return result.ok ? "recovered" : result.error;
}

function perform(member: Member, plan: WalPlan): void {
  member.disk.perform(plan.ops);
  member.wal = confirmWal(plan.wal, walMark(plan.wal));
}

function append(member: Member, hard: HardState | null, ...entries: readonly Entry[]): void {
  perform(member, appendToWal(member.wal, hard, entries));
}

function entry(term: number, index: number, size = 40): Entry {
  const data = new Uint8Array(size).fill(index);
  return { term: term as Term, index: index as Index, data };
}

function hardState(term: number, commit: number, vote: bigint | null = 1n): HardState {
  return { term: term as Term, vote: vote as NodeId | null, commit: commit as Index };
}

function point(term: number, index: number): LogPoint {
  return { index: index as Index, term: term as Term };
}

function outline(recovered: Recovered): string {
  const { compacted, entries, hard } = recovered;
  const log = entries.map((item) => `${item.term}/${item.index}`).join(" ");
  const { term, vote, commit } = hard;
  return `after ${compacted.term}/${compacted.index}: ${log}; ${term} ${vote} ${commit}`;
}

function flip(disk: MemoryDisk, sequence: number, offset: number): void {
  const file = segmentName(sequence);
  const byte = disk.read(file)[offset] as number;
  disk.perform([{ kind: "write", file, offset, bytes: Uint8Array.of(byte ^ 0x10) }]);
}

function threeSegments(vote = 1n): Member {
  const member = start();
  for (let index = 1; index <= 6; index++) {
    append(member, hardState(1, index - 1, vote), entry(1, index, 90));
  }
  expect(member.wal.segments.length).toBe(3);
  return member;
}

describe("recovery", () => {
  it("of an empty disk makes a log", () => {
    const { recovered, disk } = start();
    expect(outline(recovered)).toBe("after 0/0: ; 0 null 0");
    expect(disk.list()).toEqual([segmentName(0)]);
    expect(outline(mustRecover(disk))).toBe("after 0/0: ; 0 null 0");
  });

  it("finds entries and the last hard state, over several segments", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1));
    append(member, null, entry(1, 2), entry(1, 3));
    append(member, hardState(1, 2), entry(1, 4), entry(1, 5));
    append(member, null, entry(1, 6));
    expect(member.wal.segments.length).toBeGreaterThan(1);
    const recovered = mustRecover(member.disk, point(1, 2));
    expect(outline(recovered)).toBe("after 0/0: 1/1 1/2 1/3 1/4 1/5 1/6; 1 1 2");
    expect(recovered.entries[5]).toEqual(entry(1, 6));
  });

  it("lets an entry replace its index and all that follow", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1), entry(1, 2), entry(1, 3), entry(1, 4));
    append(member, hardState(2, 0), entry(2, 2));
    expect(outline(mustRecover(member.disk))).toBe("after 0/0: 1/1 2/2; 2 1 0");
  });

  it("raises the commit index to what the store has applied", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1), entry(1, 2));
    expect(mustRecover(member.disk, point(1, 2)).hard.commit).toBe(2);
  });

  it("keeps what a trim left, for slow followers", () => {
    const member = start();
    for (let index = 1; index <= 9; index++)
      append(member, hardState(1, index - 1), entry(1, index, 90));
    perform(member, trimWal(member.wal, 5 as Index));
    const recovered = mustRecover(member.disk, point(1, 7));
    expect(outline(recovered)).toBe("after 1/4: 1/5 1/6 1/7 1/8 1/9; 1 1 8");
    expect(recovered.wal.segments).toEqual(member.wal.segments);
  });

  it("does not resurrect what was replaced across the start of a trimmed log", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1, 90), entry(1, 2, 90), entry(1, 3));
    append(member, hardState(2, 1), entry(2, 2, 8), entry(2, 3, 8), entry(2, 4, 8)); // segment 1
    append(member, hardState(2, 4));
    perform(member, trimWal(member.wal, 4 as Index));
    expect(member.wal.segments.length).toBe(1);
    expect(outline(mustRecover(member.disk, point(2, 4)))).toBe("after 2/2: 2/3 2/4; 2 1 4");
  });

  it("goes on after a reset", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1), entry(1, 2));
    perform(member, resetWal(member.wal, point(3, 20), hardState(4, 2)));
    append(member, null, entry(4, 21));
    expect(member.disk.list()).toEqual([segmentName(1)]);
    expect(outline(mustRecover(member.disk, point(3, 20)))).toBe("after 3/20: 4/21; 4 1 20");
  });

  it("restarts the log when a crash came between the snapshot and the reset", () => {
    const member = start();
    append(member, hardState(4, 1), entry(1, 1), entry(1, 2));
    const again = start(point(3, 20), member.disk);
    expect(outline(again.recovered)).toBe("after 3/20: ; 4 1 20");
    append(again, null, entry(4, 21));
    expect(outline(mustRecover(again.disk, point(3, 20)))).toBe("after 3/20: 4/21; 4 1 20");
  });

  it("restarts the log when the snapshot holds another term's entry at that index", () => {
    const member = start();
    append(member, hardState(2, 1), entry(1, 1), entry(1, 2), entry(1, 3));
    expect(outline(mustRecover(member.disk, point(5, 2)))).toBe("after 5/2: ; 5 null 2");
  });

  it("forgets nothing when left-overs of a trim come back", () => {
    const member = start();
    for (let index = 1; index <= 9; index++)
      append(member, hardState(1, index - 1), entry(1, index, 90));
    const [oldest] = member.wal.segments.map((segment) => segmentName(segment.sequence));
    const bytes = member.disk.read(oldest!);
    perform(member, trimWal(member.wal, 5 as Index));
    member.disk.perform([{ kind: "write", file: oldest!, offset: 0, bytes }]);
    const again = start(point(1, 7), member.disk);
    expect(outline(again.recovered)).toBe("after 1/4: 1/5 1/6 1/7 1/8 1/9; 1 1 8");
    expect(again.disk.list()).not.toContain(oldest);
  });

  it("writes the header of a segment that a crash left without one", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1, 300));
    const { ops } = appendToWal(member.wal, null, [entry(1, 2)]);
    const created = ops.flatMap((op) => (op.kind === "write" ? [op] : []))[0]!;
    for (const length of [0, 8, 40]) {
      member.disk.perform([{ ...created, bytes: created.bytes.subarray(0, length) }]);
      const again = start(LOG_START, member.disk);
      expect(outline(again.recovered)).toBe("after 0/0: 1/1; 1 1 0");
      append(again, null, entry(1, 2));
      expect(outline(mustRecover(again.disk))).toBe("after 0/0: 1/1 1/2; 1 1 0");
      member.disk.perform([{ kind: "remove", file: segmentName(1) }]);
    }
  });

  it("clears a segment whose header was lost and whose body was not", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1, 300));
    const { ops } = appendToWal(member.wal, null, [entry(1, 2, 600)]);
    const created = ops.flatMap((op) => (op.kind === "write" ? [op] : []))[0]!;
    const torn = created.bytes.slice().fill(0, 0, 512);
    member.disk.perform([{ ...created, bytes: torn }]);
    const again = start(LOG_START, member.disk);
    expect(member.disk.read(segmentName(1)).length).toBe(again.wal.offset);
  });

  it("does not go on into the tail of an older write", () => {
    const member = start();
    const { disk, wal } = member;
    append(member, hardState(1, 0), entry(1, 1));
    append(member, null, entry(1, 2)); // survived a crash that the entry before did not survive
    disk.perform(appendToWal(wal, hardState(2, 0), [entry(2, 1)]).ops);
    expect(outline(mustRecover(disk))).toBe("after 0/0: 2/1; 2 1 0");
  });

  it("takes a tail of zeros for space that was never used", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1));
    const { offset } = member.wal;
    member.disk.perform([{ kind: "truncate", file: segmentName(0), length: offset + 4096 }]);
    const recovered = mustRecover(member.disk);
    expect(recovered.wal.offset).toBe(offset);
    expect(recovered.repairs.map((op) => op.kind)).toEqual(["write", "sync"]);
  });
});

describe("recovery refuses", () => {
  it("damage in a closed segment", () => {
    const member = threeSegments();
    flip(member.disk, 1, 150);
    expect(refusal(member.disk)).toMatch(
      /^0{15}1\.wal is damaged at offset \d+: a record was expected/,
    );
  });

  it("damage behind which a segment was at least begun", () => {
    const member = threeSegments();
    flip(member.disk, 2, member.wal.offset - 20);
    expect(refusal(member.disk)).toBe("recovered"); // the very last record: nothing vouches for it
    const file = segmentName(3);
    member.disk.perform([{ kind: "write", file, offset: 0, bytes: new Uint8Array(0) }]);
    expect(refusal(member.disk)).toContain("the next segment shows that it was on disk");
  });

  it("damage that a later record of the same segment vouches for", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1));
    const { offset } = member.wal;
    append(member, null, entry(1, 2, 8));
    append(member, null, entry(1, 3, 8));
    flip(member.disk, 0, offset + 20);
    expect(refusal(member.disk)).toContain(`damaged at offset ${offset}`);
  });

  it("a header that a later record vouches for", () => {
    const member = start();
    append(member, hardState(1, 0), entry(1, 1));
    flip(member.disk, 0, 30);
    expect(refusal(member.disk)).toContain("the header of the segment was expected");
  });

  it("a missing segment whose entries are not in the store", () => {
    const member = threeSegments();
    member.disk.perform([{ kind: "remove", file: segmentName(1) }]);
    expect(refusal(member.disk, point(1, 2))).toContain("a segment is missing");
  });

  it("a store that is older than the log", () => {
    const member = threeSegments();
    perform(member, trimWal(member.wal, 5 as Index));
    expect(refusal(member.disk, point(1, 1))).toContain("the store is older than the log");
  });

  it("a store without its log", () => {
    expect(refusal(createMemoryDisk(), point(1, 7))).toContain("the log is gone");
  });

  it("a store that contradicts a committed entry", () => {
    const member = start();
    append(member, hardState(2, 2), entry(1, 1), entry(1, 2), entry(1, 3));
    expect(refusal(member.disk, point(2, 1))).toContain("they are not of one member");
  });

  it("a record that replaces a committed entry", () => {
    const member = start();
    append(member, hardState(1, 2), entry(1, 1), entry(1, 2));
    member.wal = { ...member.wal, hard: hardState(1, 0) };
    append(member, null, entry(2, 2));
    expect(refusal(member.disk)).toContain("is whole but wrong: entry 2 replaces a committed one");
  });

  it("the log of another member", () => {
    const member = threeSegments();
    const other = { ...IDENTITY, node: 0x2n as NodeId };
    const result = recover(member.disk, other, LOG_START, SEGMENT_BYTES);
    expect(result).toMatchObject({ ok: false });
    if (!result.ok) expect(result.error).toContain("is the log of member 1 of cluster c1");
  });

  it("a segment that belongs to another history", () => {
    const member = threeSegments();
    const file = segmentName(2);
    const bytes = threeSegments(2n).disk.read(file);
    member.disk.perform([{ kind: "write", file, offset: 0, bytes }]);
    expect(refusal(member.disk)).toContain("does not follow on the last record of");
  });

  it("a format it does not know", () => {
    const bytes = encoded((writer) => {
      const opened = openRecord(writer);
      writeRaw(writer, Uint8Array.of(9, 1, 2, 3));
      const place = { sequence: 0, offset: 0 };
      sealRecord(writer, opened, { kind: "segment", place, previous: 0 });
    });
    const disk = createMemoryDisk();
    disk.perform([{ kind: "write", file: segmentName(0), offset: 0, bytes }]);
    expect(refusal(disk)).toContain("has format 9, and this detcd reads format 1");
  });
});
