// A range in pieces is the range in one go, whatever is written and compacted between the pieces.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterId, NodeId } from "../../contract.ts";
import { fewKeys, fewRanges } from "../../../scenarios/campaign/arbitrary-ranges.ts";
import { deleteOf, putOf } from "../../api/testing.ts";
import { createMemoryKv, type MemoryKv } from "../../kv/memory-kv.ts";
import { createModel, execute } from "../array-model.ts";
import { scheduleCompaction, walkCompaction } from "../compaction.ts";
import { beginRange, continueRange, endOf, isOver, isTaken, type RangeWalk } from "./range-walk.ts";
import { type Mvcc, restoreMvcc, rowsOf } from "../store.ts";
import { applyKv } from "../txn/txn.ts";

const SEED = 20261130;
const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };

const write = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fewKeys, fc.constantFrom("", "x", "yz")).map(putTo) },
  fc.tuple(fewKeys, fc.constantFrom("", "c", "\0")).map(([from, end]) => deleteOf(from, end)),
);
const budget = fc.record({
  rows: fc.integer({ min: 1, max: 3 }),
  bytes: fc.constantFrom(1, 30, 60, 1000),
});
const between = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("write" as const), write }),
    fc.record({ kind: fc.constant("compact" as const), back: fc.nat({ max: 9 }) }),
    fc.record({ kind: fc.constant("rows" as const), rows: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 3 },
);
const story = fc.record({
  before: fc.array(write, { minLength: 4, maxLength: 16, size: "max" }),
  request: fewRanges,
  pieces: fc.array(fc.record({ budget, between }), { minLength: 1, maxLength: 12, size: "max" }),
});

describe("a range in pieces", () => {
  it("is the range at the revision at which it began, until a compaction takes that", () => {
    let [ends, takings] = [0, 0];
    const property = fc.property(story, ({ before, request, pieces }) => {
      const model = createModel();
      const kv = createMemoryKv();
      let mvcc = before.reduce((now, each) => written(now, kv, each), restoreMvcc(kv));
      for (const each of before) execute(model, each);
      const expected = execute(model, request);
      const begun = beginRange(mvcc, request);
      if (!begun.ok) {
        expect(begun.error.name).toBe(expected);
        return;
      }
      let walk: RangeWalk = begun.value;
      const kvs: unknown[] = [];
      for (let nth = 0; !isOver(walk); nth++) {
        if (isTaken(walk, mvcc)) return void (takings += 1);
        const { budget: most, between: events } = pieces[nth % pieces.length] as never as Piece;
        const piece = continueRange(walk, rowsOf(kv), most);
        expect(piece.kvs.length).toBeLessThanOrEqual(most.rows);
        kvs.push(...piece.kvs);
        walk = piece.walk;
        for (const event of events) mvcc = happens(mvcc, kv, event);
      }
      ends += 1;
      const answer = { kind: "range", revision: walk.mvcc.revision, kvs, ...endOf(walk) };
      expect(answer).toEqual(expected);
    });
    fc.assert(property, { seed: SEED, numRuns: 1500 });
    expect(Math.min(ends, takings)).toBeGreaterThan(25);
  });
});

type Piece = Readonly<{
  budget: Readonly<{ rows: number; bytes: number }>;
  between: readonly Event[];
}>;
type Event =
  | Readonly<{ kind: "write"; write: ReturnType<typeof putOf> | ReturnType<typeof deleteOf> }>
  | Readonly<{ kind: "compact"; back: number }>
  | Readonly<{ kind: "rows"; rows: number }>;

function putTo([at, value]: readonly [string, string]): ReturnType<typeof putOf> {
  return putOf(at, value);
}

function written(mvcc: Mvcc, kv: MemoryKv, request: (Event & { kind: "write" })["write"]): Mvcc {
  const applied = applyKv(mvcc, kv, request, FILL, () => false);
  kv.perform(applied.writes);
  return applied.mvcc;
}

function happens(mvcc: Mvcc, kv: MemoryKv, event: Event): Mvcc {
  if (event.kind === "write") return written(mvcc, kv, event.write);
  if (event.kind === "rows") {
    const walked = walkCompaction(mvcc, kv, mvcc.compaction.next, event.rows);
    kv.perform(walked.writes);
    return walked.mvcc;
  }
  const compacted = scheduleCompaction(mvcc, mvcc.revision - event.back);
  if (!compacted.ok) return mvcc;
  kv.perform(compacted.value.writes);
  return compacted.value.mvcc;
}
