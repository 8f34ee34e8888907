// The keys that a branch of a transaction puts, and the ranges that it deletes: both in order, so
// that to find out whether they meet takes a little for each operation, however many there are. A
// nested transaction of a hundred thousand of them fits into a request.

import type { Bytes } from "../../contract.ts";
import type { RequestOp } from "../../api/request.ts";
import {
  countBetween,
  createOrderedMap,
  entries,
  floorEntry,
  has,
  type OrderedMap,
  remove,
  set,
} from "../../lib/ordered-map.ts";

export type Touched = Readonly<{
  puts: OrderedMap<Bytes, true>;
  deletes: Intervals;
}>;
/** From the first key of each to the one behind its last. None meets another. */
type Intervals = OrderedMap<Bytes, Bytes>;
type Interval = Readonly<{ from: Bytes; to: Bytes }>;

/** Null: a key is put twice, or put and deleted, on one path through the branch. The two branches
 *  of a nested transaction exclude each other, so both may put one key. */
export function touchedBy(operations: readonly RequestOp[]): Touched | null {
  let puts: Touched["puts"] = createOrderedMap();
  let deletes: Intervals = createOrderedMap();
  for (const operation of operations) {
    if (operation.kind === "delete_range") deletes = withInterval(deletes, intervalOf(operation));
  }
  for (const operation of operations) {
    if (operation.kind !== "txn") continue;
    const then = touchedBy(operation.success);
    const otherwise = touchedBy(operation.failure);
    if (then === null || otherwise === null) return null;
    for (const branch of [then, otherwise]) {
      if (meet(puts, branch.puts) || isAnyIn(deletes, branch.puts)) return null;
    }
    puts = together(puts, together(then.puts, otherwise.puts));
    deletes = joined(deletes, joined(then.deletes, otherwise.deletes));
  }
  for (const operation of operations) {
    if (operation.kind !== "put") continue;
    if (has(puts, operation.key) || isIn(deletes, operation.key)) return null;
    puts = set(puts, operation.key, true);
  }
  return { puts, deletes };
}

/** As in etcd, a range that is open at the top ("\0") covers nothing here: its end is taken as a
 *  key. */
function intervalOf({ key, rangeEnd }: Readonly<{ key: Bytes; rangeEnd: Bytes }>): Interval {
  return { from: key, to: rangeEnd === "" ? (`${key}\0` as Bytes) : rangeEnd };
}

/** Those that it meets become one with it. */
function withInterval(intervals: Intervals, { from, to }: Interval): Intervals {
  if (from >= to) return intervals;
  const before = floorEntry(intervals, from);
  const low = before !== null && before[1] >= from ? before[0] : from;
  let [next, high] = [intervals, to];
  for (const [start, end] of entries(intervals, low)) {
    if (start > high) break;
    next = remove(next, start);
    if (end > high) high = end;
  }
  return set(next, low, high);
}

function isIn(intervals: Intervals, key: Bytes): boolean {
  const before = floorEntry(intervals, key);
  return before !== null && key < before[1];
}

/** Whether any of the keys is in any of the intervals: the fewer are looked up in the others. */
function isAnyIn(intervals: Intervals, keys: Touched["puts"]): boolean {
  if (keys.size < intervals.size) {
    for (const [key] of entries(keys)) if (isIn(intervals, key)) return true;
    return false;
  }
  for (const [from, to] of entries(intervals)) {
    if (countBetween(keys, from, to) > 0) return true;
  }
  return false;
}

function meet(some: Touched["puts"], others: Touched["puts"]): boolean {
  const [few, many] = some.size < others.size ? [some, others] : [others, some];
  for (const [key] of entries(few)) if (has(many, key)) return true;
  return false;
}

function together(some: Touched["puts"], others: Touched["puts"]): Touched["puts"] {
  const [few, many] = some.size < others.size ? [some, others] : [others, some];
  let all = many;
  for (const [key] of entries(few)) all = set(all, key, true);
  return all;
}

function joined(some: Intervals, others: Intervals): Intervals {
  const [few, many] = some.size < others.size ? [some, others] : [others, some];
  let all = many;
  for (const [from, to] of entries(few)) all = withInterval(all, { from, to });
  return all;
}
