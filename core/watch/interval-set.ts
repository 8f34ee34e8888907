// Which of many ranges of keys touch this key: a persistent treap of half-open intervals, ordered
// by where they begin, in which every node knows how far its subtree reaches. One key is a range,
// too: up to the smallest key above it.
//
// Priorities come from the members' numbers, so the shape depends on the content only.

import type { Bytes } from "../contract.ts";

export type IntervalSet = Node | null;

/** [from, to) of the member with this number; numbers are unique within a set. */
export type Interval = Readonly<{ number: number; from: Bytes; to: Bytes }>;

type Node = Readonly<{
  interval: Interval;
  priority: number;
  reach: Bytes; // the highest `to` of the subtree
  left: IntervalSet;
  right: IntervalSet;
}>;

export const NO_INTERVALS: IntervalSet = null;

/** The set with this interval, which is not in it yet. */
export function insert(set: IntervalSet, interval: Interval): IntervalSet {
  const priority = priorityOf(interval.number);
  if (set !== null && set.priority >= priority) {
    return precedes(interval, set.interval)
      ? node(set, insert(set.left, interval), set.right)
      : node(set, set.left, insert(set.right, interval));
  }
  const [left, right] = split(set, interval);
  return node({ interval, priority }, left, right);
}

/** The set without this interval; the very same set where it is absent. */
export function remove(set: IntervalSet, interval: Interval): IntervalSet {
  if (set === null) return null;
  if (set.interval.number === interval.number) return join(set.left, set.right);
  if (precedes(interval, set.interval)) {
    const left = remove(set.left, interval);
    return left === set.left ? set : node(set, left, set.right);
  }
  const right = remove(set.right, interval);
  return right === set.right ? set : node(set, set.left, right);
}

/** The numbers of the intervals that hold this key, ascending. */
export function touching(set: IntervalSet, key: Bytes): readonly number[] {
  const found: number[] = [];
  collect(set, key, found);
  return found.toSorted((a, b) => a - b);
}

function collect(set: IntervalSet, key: Bytes, found: number[]): void {
  if (set === null || set.reach <= key) return;
  collect(set.left, key, found);
  if (set.interval.from > key) return; // all on the right begin later still
  if (key < set.interval.to) found.push(set.interval.number);
  collect(set.right, key, found);
}

/** What begins before this interval, and what begins after it. */
function split(set: IntervalSet, at: Interval): readonly [before: IntervalSet, after: IntervalSet] {
  if (set === null) return [null, null];
  if (precedes(set.interval, at)) {
    const [before, after] = split(set.right, at);
    return [node(set, set.left, before), after];
  }
  const [before, after] = split(set.left, at);
  return [before, node(set, after, set.right)];
}

/** Everything in `left` begins before everything in `right`. */
function join(left: IntervalSet, right: IntervalSet): IntervalSet {
  if (left === null) return right;
  if (right === null) return left;
  return left.priority >= right.priority
    ? node(left, left.left, join(left.right, right))
    : node(right, join(left, right.left), right.right);
}

function node(
  { interval, priority }: Pick<Node, "interval" | "priority">,
  left: IntervalSet,
  right: IntervalSet,
): Node {
  let reach = interval.to;
  if (left !== null && left.reach > reach) reach = left.reach;
  if (right !== null && right.reach > reach) reach = right.reach;
  return { interval, priority, reach, left, right };
}

function precedes(a: Interval, b: Interval): boolean {
  return a.from === b.from ? a.number < b.number : a.from < b.from;
}

/** Numbers come in order; their priorities must not, or the tree would be a list. */
function priorityOf(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
