import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, ClusterId, KvReader, NodeId } from "../contract.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "../api/testing.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { createModel, execute } from "./array-model.ts";
import { isWalking, scheduleCompaction, walkCompaction } from "./compaction.ts";
import { hashKv } from "./hash/hash.ts";
import { entries } from "../lib/ordered-map.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import { range } from "./range/range.ts";
import { decodeRowKey } from "./revision.ts";
import { type Mvcc, restoreMvcc } from "./store.ts";
import { applyKv } from "./txn/txn.ts";

const SEED = 20261122;
const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };
const EVERYTHING = rangeOf("\0", { rangeEnd: "\0" as Bytes });

const key = fc.constantFrom("a", "b", "c");
const text = fc.constantFrom("", "x", "y");
const write = fc.oneof(
  fc.tuple(key, text).map(([at, value]) => putOf(at, value)),
  fc.tuple(key, fc.constantFrom("", "c", "\0")).map(([from, end]) => deleteOf(from, end)),
  fc.tuple(text, text).map(([a, b]) => txnOf([], [putOf("a", a), putOf("b", b), deleteOf("c")])),
);
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), write }) },
  fc.record({ kind: fc.constant("compact" as const), back: fc.nat({ max: 6 }) }),
  fc.record({ kind: fc.constant("walk" as const), rows: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

describe("a compaction", () => {
  it("takes nothing that can still be read, however it is interrupted", () => {
    const property = fc.property(fc.array(event, { maxLength: 60, size: "max" }), (events) => {
      const model = createModel();
      const kv = createMemoryKv();
      let mvcc = restoreMvcc(kv);
      for (const happened of events) {
        const { scheduled, next } = mvcc.compaction;
        switch (happened.kind) {
          case "write": {
            const applied = applyKv(mvcc, kv, happened.write, FILL, () => false);
            execute(model, happened.write);
            kv.perform(applied.writes);
            mvcc = applied.mvcc;
            break;
          }
          case "compact": {
            const revision = mvcc.revision - happened.back;
            const compacted = scheduleCompaction(mvcc, revision);
            expect(compacted.ok).toBe(revision > scheduled);
            if (!compacted.ok) break;
            kv.perform(compacted.value.writes);
            ({ mvcc } = compacted.value);
            break;
          }
          case "walk": {
            const before = hashesOf(mvcc, kv);
            const walked = walkCompaction(mvcc, kv, next, happened.rows);
            kv.perform(walked.writes);
            ({ mvcc } = walked);
            expect(hashesOf(mvcc, kv)).toEqual(before);
            expect(walkCompaction(mvcc, kv, "elsewhere" as Bytes, 1).writes).toEqual([]);
            break;
          }
          case "restart": {
            const again = restoreMvcc(kv);
            expect(contents(again)).toEqual(contents(mvcc));
            mvcc = again;
            break;
          }
        }
        expect(mvcc.revision).toBe(model.states.length - 1);
        expectReads(mvcc, kv, model.states);
      }
      while (isWalking(mvcc)) {
        const walked = walkCompaction(mvcc, kv, mvcc.compaction.next, 2);
        kv.perform(walked.writes);
        ({ mvcc } = walked);
      }
      expectReads(mvcc, kv, model.states);
      expectLean(mvcc, kv);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it("refuses what is compacted, and what is not written yet, in etcd's order", () => {
    const kv = createMemoryKv();
    const empty = restoreMvcc(kv);
    expect(nameOf(scheduleCompaction(empty, -1))).toBe("Compacted");
    expect(nameOf(scheduleCompaction(empty, 2))).toBe("FutureRevision");
    const zero = scheduleCompaction(empty, 0);
    expect(zero.ok && nameOf(scheduleCompaction(zero.value.mvcc, 0))).toBe("Compacted");
    expect(scheduleCompaction(empty, 1).ok).toBe(true);
  });

  it("keeps a tombstone of its own revision until the next one", () => {
    const kv = createMemoryKv();
    let mvcc = restoreMvcc(kv);
    for (const request of [putOf("a", "1"), deleteOf("a"), putOf("b", "2")]) {
      const applied = applyKv(mvcc, kv, request, FILL, () => false);
      kv.perform(applied.writes);
      ({ mvcc } = applied);
    }
    mvcc = compactNow(mvcc, kv, 3);
    expect(rowsOf(kv)).toEqual(["3.0 t", "4.0"]);
    mvcc = compactNow(restoreMvcc(kv), kv, 4);
    expect(rowsOf(kv)).toEqual(["4.0"]);
  });

  it("keeps the number of the last revision when its row is gone", () => {
    const kv = createMemoryKv();
    const schedule = { scheduled: 9, finished: 9, next: EMPTY };
    const compacted = scheduleCompaction({ ...restoreMvcc(kv), revision: 9 as never }, 9);
    expect(compacted.ok && compacted.value.mvcc.compaction).toMatchObject({ scheduled: 9 });
    if (compacted.ok) kv.perform(compacted.value.writes);
    const restored = restoreMvcc(kv);
    expect(restored.revision).toBe(schedule.scheduled);
  });
});

function compactNow(mvcc: Mvcc, kv: ReturnType<typeof createMemoryKv>, revision: number): Mvcc {
  const scheduled = scheduleCompaction(mvcc, revision);
  if (!scheduled.ok) throw new Error(scheduled.error.message);
  kv.perform(scheduled.value.writes);
  const walked = walkCompaction(scheduled.value.mvcc, kv, EMPTY, 100);
  kv.perform(walked.writes);
  return walked.mvcc;
}

function nameOf(result: ReturnType<typeof scheduleCompaction>): string {
  return result.ok ? "ok" : result.error.name;
}

function rowsOf(kv: KvReader): readonly string[] {
  return [...kv.scan("keys", EMPTY, ABOVE_ALL)].map(([at]) => {
    const row = decodeRowKey(at);
    return `${row?.main}.${row?.sub}${row?.tombstone === true ? " t" : ""}`;
  });
}

function expectReads(mvcc: Mvcc, kv: KvReader, states: readonly unknown[]): void {
  const { scheduled } = mvcc.compaction;
  for (let revision = 1; revision < states.length; revision++) {
    const found = range(mvcc, kv, { ...EVERYTHING, revision });
    if (revision < scheduled) expect(found.ok ? "ok" : found.error.name).toBe("Compacted");
    else expect(found.ok && found.value.kvs).toEqual(states[revision]);
  }
}

/** Of what is compacted one row stays for each key that lived then, and each that died just then. */
function expectLean(mvcc: Mvcc, kv: KvReader): void {
  const { scheduled } = mvcc.compaction;
  const old = rowsOf(kv).filter((row) => Number.parseInt(row, 10) <= scheduled);
  const dead = old.filter((row) => row.endsWith("t"));
  for (const row of dead) expect(Number.parseInt(row, 10)).toBe(scheduled);
  const found = range(mvcc, kv, { ...EVERYTHING, revision: Math.max(0, scheduled) });
  if (scheduled > 0) expect(old.length - dead.length).toBe(found.ok && found.value.count);
}

/** Wherever a key is left that etcd's rule can name: without one, it hashes whatever it finds. */
function hashesOf(mvcc: Mvcc, kv: KvReader): readonly number[] {
  const hashes: number[] = [];
  for (let at = Math.max(1, mvcc.compaction.scheduled); at <= mvcc.revision; at++) {
    const found = range(mvcc, kv, { ...EVERYTHING, revision: at });
    if (found.ok && found.value.count > 0) hashes.push(hashKv(mvcc, kv, at));
  }
  return hashes;
}

/** An index but for the shape of its trees. */
function contents({ revision, index, compaction }: Mvcc): unknown {
  const lists = [index.live, index.dead].map((side) =>
    [...entries(side)].map(([at, { newest, older }]) => {
      return { at, newest, older: older === null ? [] : [...entries(older)] };
    }),
  );
  return { revision, lists, compaction };
}
