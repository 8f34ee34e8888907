// When a comparison of a transaction holds, and how byte strings compare.

import type { Compare, KeyValue } from "../../core/api/request.ts";

/** A comparison with a range must hold for each of its pairs. A missing key (or an empty range) has
 *  zeros for everything but its value, and no comparison of a missing value holds. */
export function holds(compare: Compare, pairs: readonly KeyValue[]): boolean {
  if (pairs.length > 0) return pairs.every((pair) => holdsFor(compare, pair));
  return compare.target.kind !== "value" && holdsFor(compare, null);
}

/** Byte-wise order: negative, zero or positive. */
export function orderOfBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    if (a[at] !== b[at]) return (a[at] as number) - (b[at] as number);
  }
  return a.length - b.length;
}

function holdsFor(compare: Compare, pair: KeyValue | null): boolean {
  const order = orderOf(compare, pair);
  if (order === null) return true;
  switch (compare.result) {
    case "equal":
      return order === 0;
    case "not_equal":
      return order !== 0;
    case "greater":
      return order > 0;
    case "less":
      return order < 0;
    case "invalid":
      return true;
  }
}

/** How the pair relates to the operand; null where etcd does not know what to compare. */
function orderOf(compare: Compare, pair: KeyValue | null): number | null {
  const { target } = compare;
  switch (target.kind) {
    case "version":
      return (pair?.version ?? 0) - target.operand;
    case "create":
      return (pair?.createRevision ?? 0) - target.operand;
    case "mod":
      return (pair?.modRevision ?? 0) - target.operand;
    case "lease":
      return Number((pair?.lease ?? 0n) - target.operand);
    case "value":
      return pair === null ? null : orderOfBytes(pair.value, target.operand);
    case "invalid":
      return null;
  }
}
