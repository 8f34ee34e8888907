// Whether operations meet, told by their order, against the rule as it is said: every put is held
// against every other and every deletion.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestOp } from "../../api/request.ts";
import { deleteOf, putOf, txnOf } from "../../api/testing.ts";
import type { Bytes } from "../../contract.ts";
import { pushAll } from "../../lib/lists.ts";
import { touchedBy } from "./touched.ts";

const SEED = 20261201;
const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
const leaf: fc.Arbitrary<RequestOp> = fc.oneof(
  name.map((at) => putOf(at, "")),
  fc.tuple(name, fc.oneof(name, fc.constantFrom("", "\0"))).map(([from, to]) => deleteOf(from, to)),
);
const { branch } = fc.letrec<{ branch: readonly RequestOp[]; txn: RequestOp }>((tie) => ({
  branch: fc.array(fc.oneof({ maxDepth: 3 }, leaf, leaf, tie("txn")), { maxLength: 5 }),
  txn: fc
    .tuple(tie("branch"), tie("branch"))
    .map(([then, otherwise]) => txnOf([], then, otherwise)),
}));

describe("the operations of a transaction", () => {
  it("meet where one looks at each pair of them and finds one", () => {
    let refused = 0;
    const property = fc.property(branch, (operations) => {
      const expected = touched(operations);
      const found = touchedBy(operations);
      expect(found === null).toBe(expected === null);
      if (expected === null || found === null) return void (refused += 1);
      expect(found.puts.size).toBe(expected.puts.size);
    });
    fc.assert(property, { seed: SEED, numRuns: 2000 });
    expect(refused).toBeGreaterThan(200);
  });
});

/** The keys that a branch may put and the ranges that it may delete. */
type Touched = Readonly<{ puts: ReadonlySet<Bytes>; deletes: readonly Interval[] }>;
type Interval = Readonly<{ key: Bytes; rangeEnd: Bytes }>;

/** Null: a key is put twice, or put and deleted, on one path through the branch. The two branches
 *  of a nested transaction exclude each other, so both may put one key. */
function touched(operations: readonly RequestOp[]): Touched | null {
  const puts = new Set<Bytes>();
  const deletes: Interval[] = [];
  for (const operation of operations)
    if (operation.kind === "delete_range") deletes.push(operation);
  for (const operation of operations) {
    if (operation.kind !== "txn") continue;
    const then = touched(operation.success);
    const otherwise = touched(operation.failure);
    if (then === null || otherwise === null) return null;
    for (const key of then.puts) if (puts.has(key) || covers(deletes, key)) return null;
    for (const key of otherwise.puts) if (puts.has(key) || covers(deletes, key)) return null;
    for (const key of [...then.puts, ...otherwise.puts]) puts.add(key);
    pushAll(deletes, then.deletes);
    pushAll(deletes, otherwise.deletes);
  }
  for (const operation of operations) {
    if (operation.kind !== "put") continue;
    if (puts.has(operation.key) || covers(deletes, operation.key)) return null;
    puts.add(operation.key);
  }
  return { puts, deletes };
}

function covers(intervals: readonly Interval[], key: Bytes): boolean {
  return intervals.some(({ key: from, rangeEnd }) =>
    rangeEnd === "" ? key === from : key >= from && key < rangeEnd,
  );
}
