// Range: limit, order, filters and count, at the present revision or a past one.
//
// The index alone decides which rows are wanted and in which order (but for order by value); only
// those are read.

import type { Bytes, KvReader, Result } from "../contract.ts";
import { ERRORS } from "../api/errors.ts";
import type { KeyValue, RangeRequest } from "../api/request.ts";
import { ABOVE_ALL, compareBytes } from "../lib/bytes.ts";
import { countLive, type KeyRange, liveVersions, type Version, versionsAt } from "./key-index.ts";
import { type Mvcc, type ReadRow, rowsOf } from "./store.ts";

export type Ranged = Readonly<{ kvs: readonly KeyValue[]; more: boolean; count: number }>;

type Found = readonly [key: Bytes, version: Version];

const NO_VALUE = new Uint8Array(0);

/** The answer to a range request, but for its header. */
export function range(mvcc: Mvcc, view: KvReader, request: RangeRequest): Result<Ranged> {
  return rangeRows(mvcc, rowsOf(view), request);
}

/** The same where rows come from somewhere else, as within a transaction. */
export function rangeRows(mvcc: Mvcc, readRow: ReadRow, request: RangeRequest): Result<Ranged> {
  if (request.revision > mvcc.revision) return { ok: false, error: ERRORS.FutureRevision };
  if (request.revision > 0 && request.revision < mvcc.compaction.scheduled) {
    return { ok: false, error: ERRORS.Compacted };
  }
  const { found, count } = find(mvcc, request);
  if (request.countOnly) return { ok: true, value: { kvs: [], more: false, count } };
  const wanted = inOrder(found.filter(filterOf(request)), request, readRow);
  const more = request.limit > 0 && wanted.length > request.limit;
  const shown = more ? wanted.slice(0, request.limit) : wanted;
  const kvs = shown.map((each) => pairOf(each, request, readRow));
  return { ok: true, value: { kvs, more, count } };
}

/** What is shown of a version. Without its value it is what the index knows, as in etcd's newest:
 *  no lease, but where values were read to sort by them. */
export function pairOf(
  [key, version]: Found,
  { keysOnly, sortTarget }: Pick<RangeRequest, "keysOnly" | "sortTarget">,
  readRow: ReadRow,
): KeyValue {
  if (!keysOnly) return readRow(version);
  if (sortTarget === "value") return { ...readRow(version), value: NO_VALUE };
  const { main: modRevision, created: createRevision, version: puts } = version;
  return { key, createRevision, modRevision, version: puts, value: NO_VALUE, lease: 0n };
}

/** etcd's convention: no end is one key, "\0" is everything from the key on. */
export function keyRange(key: Bytes, rangeEnd: Bytes): KeyRange {
  if (rangeEnd === "") return { from: key, to: null };
  return { from: key, to: rangeEnd === "\0" ? ABOVE_ALL : rangeEnd };
}

/** The first versions of the range by key, and how many there are in all, whatever the limit. */
function find(mvcc: Mvcc, request: RangeRequest): { found: readonly Found[]; count: number } {
  const keys = keyRange(request.key, request.rangeEnd);
  const wanted = countWanted(request);
  const found: Found[] = [];
  if (request.revision > 0 && request.revision < mvcc.revision) {
    let count = 0;
    for (const each of versionsAt(mvcc.index, keys, request.revision)) {
      if (count < wanted) found.push(each);
      count++;
    }
    return { found, count };
  }
  for (const each of liveVersions(mvcc.index, keys)) {
    if (found.length >= wanted) break;
    found.push(each);
  }
  return { found, count: countLive(mvcc.index, keys) };
}

/** One more than the limit, to know whether there are more. A limit cuts what is sorted and
 *  filtered, but for etcd's exception: order "none" by another target than the key sorts what is
 *  already cut. */
function countWanted(request: RangeRequest): number {
  if (request.countOnly) return 0;
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  const cutsLast = request.sortOrder !== "none" || filters.some((filter) => filter !== 0);
  return cutsLast || request.limit <= 0 ? Infinity : request.limit + 1;
}

function filterOf(request: RangeRequest): (found: Found) => boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return ([, { main, created }]) =>
    (minModRevision === 0 || main >= minModRevision) &&
    (maxModRevision === 0 || main <= maxModRevision) &&
    (minCreateRevision === 0 || created >= minCreateRevision) &&
    (maxCreateRevision === 0 || created <= maxCreateRevision);
}

/** Sorted as asked. The sort is stable: ties stay in the order of keys. */
function inOrder(
  found: readonly Found[],
  { sortOrder, sortTarget }: RangeRequest,
  readRow: ReadRow,
): readonly Found[] {
  const sign = sortOrder === "descend" ? -1 : 1;
  const byNumber = (number: (version: Version) => number): readonly Found[] =>
    found.toSorted(([, a], [, b]) => sign * (number(a) - number(b)));
  switch (sortTarget) {
    case "key":
      return sortOrder === "descend" ? found.toReversed() : found;
    case "version":
      return byNumber(({ version }) => version);
    case "create":
      return byNumber(({ created }) => created);
    case "mod":
      return byNumber(({ main }) => main);
    case "value":
      return found
        .map((each) => ({ each, value: readRow(each[1]).value }))
        .toSorted((a, b) => sign * compareBytes(a.value, b.value))
        .map(({ each }) => each);
    case "invalid": // refused before it comes here
      return found;
  }
}
