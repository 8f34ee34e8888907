// The options of a range: filters, sorting, limit, counting. What a read must show of its pairs.

import type { KeyValue, RangeRequest, SortTarget } from "../../core/api/request.ts";
import { orderOfBytes } from "./etcd-compare.ts";

/** What a range must show. `shown` is one right answer; where sort keys tie, etcd promises only
 *  their  order, so the tied pairs of `candidates` may stand for each other. */
export type Selection = Readonly<{
  shown: readonly KeyValue[];
  candidates: readonly KeyValue[];
  tiedBy: SortTarget;
  keysOnly: boolean;
  more: boolean;
  count: number;
}>;

/** `pairs` are all the live pairs of the range, in key order. */
export function selectRange(request: RangeRequest, pairs: readonly KeyValue[]): Selection {
  const count = pairs.length;
  const { keysOnly, sortTarget } = request;
  if (request.countOnly) {
    return { shown: [], candidates: [], tiedBy: "key", keysOnly, more: false, count };
  }
  const candidates = candidatesOf(request, pairs);
  const descends = request.sortOrder === "descend";
  const sorted = candidates.toSorted((a, b) => {
    const order = orderBy(sortTarget, a, b);
    return descends ? -order : order;
  });
  const cut = request.limit > 0 && sorted.length > request.limit;
  const shown = cut ? sorted.slice(0, request.limit) : sorted;
  const asShown = (pair: KeyValue): KeyValue => (isBare(request) ? { ...pair, lease: 0n } : pair);
  return {
    shown: shown.map(asShown),
    candidates: candidates.map(asShown),
    tiedBy: sortTarget,
    keysOnly,
    more: cut,
    count,
  };
}

/** Keys alone are told without their leases, if no values need be read to sort by them. */
function isBare({ keysOnly, sortTarget }: RangeRequest): boolean {
  return keysOnly && sortTarget !== "value";
}

export function orderBy(target: SortTarget, a: KeyValue, b: KeyValue): number {
  switch (target) {
    case "version":
      return a.version - b.version;
    case "create":
      return a.createRevision - b.createRevision;
    case "mod":
      return a.modRevision - b.modRevision;
    case "value":
      return orderOfBytes(a.value, b.value);
    case "key":
    case "invalid":
      return a.key < b.key ? -1 : Number(a.key > b.key);
  }
}

/** etcd reads only one pair more than the limit, unless it must sort or filter by itself. A target
 *  without an order sorts those few upwards. */
function candidatesOf(request: RangeRequest, pairs: readonly KeyValue[]): readonly KeyValue[] {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  const takesAll = request.sortOrder !== "none" || filters.some((bound) => bound !== 0);
  if (!takesAll && request.limit > 0) {
    return pairs.slice(0, request.limit + 1);
  }
  return pairs.filter(
    (pair) =>
      (minModRevision === 0 || pair.modRevision >= minModRevision) &&
      (maxModRevision === 0 || pair.modRevision <= maxModRevision) &&
      (minCreateRevision === 0 || pair.createRevision >= minCreateRevision) &&
      (maxCreateRevision === 0 || pair.createRevision <= maxCreateRevision),
  );
}
