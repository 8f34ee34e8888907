// A range in pieces: limit, order, filters and count, at the present revision or a past one.
//
// The index alone decides which rows are wanted and in which order (but for order by value); only
// those are read. The index is immutable, so a walk keeps the one it began with, and whatever is
// written between two pieces is not in it. Rows are read when their turn comes: they are there as
// long as no compaction is above the revision of the walk (isTaken).
//
//   by key            look at a key, show it, and so on                      nothing is held
//   by anything else  look at all keys, in runs that are sorted one by one;
//                     then show the least of all runs, again and again       the order is held

import type { Bytes, Result } from "../../contract.ts";
import { ERRORS } from "../../api/errors.ts";
import type { KeyValue, RangeRequest } from "../../api/request.ts";
import { compareBytes } from "../../lib/bytes.ts";
import { mergeRuns } from "../../lib/merge-runs.ts";
import { countLive, liveVersions, type Version, versionsAt } from "../key-index.ts";
import { type KeyRange, keyRange } from "./key-range.ts";
import type { Mvcc, ReadRow } from "../store.ts";

/** How far a range has come. */
export type RangeWalk = Readonly<{
  mvcc: Mvcc; // as it was when the walk began
  request: RangeRequest;
  left: KeyRange | null; // of the keys, to be looked at; null: nothing
  count: number; // of all keys of the range, whatever the limit; of a past revision, so far
  found: number; // that are wanted, up to one more than the limit
  runs: readonly Run[]; // what must be sorted first
  shown: number;
}>;

/** Sorted; what is before `at` was shown. */
type Run = Readonly<{ found: readonly Found[]; at: number }>;
type Found = Readonly<{ key: Bytes; version: Version; row: KeyValue | null }>;

/** What one piece looks at or shows at most: so many keys, and as many bytes of what it read, but
 *  for one row. */
export type RangeBudget = Readonly<{ rows: number; bytes: number }>;

export type RangePiece = Readonly<{
  walk: RangeWalk;
  kvs: readonly KeyValue[];
  left: RangeBudget; // what the piece did not need
}>;
type PieceInMaking = { readonly kvs: KeyValue[]; rows: number; bytes: number };

/** What an answer says besides the keys. */
export type RangeEnd = Readonly<{ more: boolean; count: number }>;

const NO_VALUE = new Uint8Array(0);
/** What a key and a value take in an answer beyond their own bytes, or so. */
const KEY_VALUE_BYTES = 24;

export function beginRange(mvcc: Mvcc, request: RangeRequest): Result<RangeWalk> {
  if (request.revision > mvcc.revision) return { ok: false, error: ERRORS.FutureRevision };
  if (request.revision > 0 && request.revision < mvcc.compaction.scheduled) {
    return { ok: false, error: ERRORS.Compacted };
  }
  const keys = keyRange(request.key, request.rangeEnd);
  const isPast = request.revision > 0 && request.revision < mvcc.revision;
  const left = request.countOnly && !isPast ? null : keys;
  const count = isPast ? 0 : countLive(mvcc.index, keys);
  return { ok: true, value: { mvcc, request, left, count, found: 0, runs: [], shown: 0 } };
}

/** One piece more. The rows of the walk must not have been taken. */
export function continueRange(walk: RangeWalk, readRow: ReadRow, budget: RangeBudget): RangePiece {
  const piece: PieceInMaking = { kvs: [], rows: 0, bytes: 0 };
  const looked = walk.left === null ? walk : look(walk, walk.left, readRow, budget, piece);
  const isSorted = looked.left === null && looked.runs.length > 0;
  const next = isSorted ? show(looked, readRow, budget, piece) : looked;
  const left = { rows: budget.rows - piece.rows, bytes: budget.bytes - piece.bytes };
  return { walk: next, kvs: piece.kvs, left };
}

export function isOver({ left, runs }: RangeWalk): boolean {
  return left === null && runs.length === 0;
}

/** Of a walk that is over. */
export function endOf({ request, found, count }: RangeWalk): RangeEnd {
  return { more: request.limit > 0 && found > request.limit, count };
}

/** Whether a compaction took, or may yet take, rows that the walk has still to read. */
export function isTaken({ mvcc, request }: RangeWalk, now: Mvcc): boolean {
  const revision = request.revision > 0 ? request.revision : mvcc.revision;
  return revision < now.compaction.scheduled;
}

/** What is shown of a version. Without its value it is what the index knows, as in etcd's newest:
 *  no lease, but where values were read to sort by them. */
export function pairOf(
  key: Bytes,
  version: Version,
  { keysOnly, sortTarget }: Pick<RangeRequest, "keysOnly" | "sortTarget">,
  readRow: ReadRow,
): KeyValue {
  if (!keysOnly) return readRow(version);
  if (sortTarget === "value") return { ...readRow(version), value: NO_VALUE };
  const { main: modRevision, created: createRevision, version: puts } = version;
  return { key, createRevision, modRevision, version: puts, value: NO_VALUE, lease: 0n };
}

function look(
  walk: RangeWalk,
  left: KeyRange,
  readRow: ReadRow,
  budget: RangeBudget,
  piece: PieceInMaking,
): RangeWalk {
  const { mvcc, request, runs } = walk;
  const compare = comparisonOf(request);
  const isPast = request.revision > 0 && request.revision < mvcc.revision;
  const enough = countWanted(request);
  const run: Found[] = [];
  let { count, found, shown } = walk;
  let rest: KeyRange | null = null;
  for (const [key, version] of versionsOf(walk, left)) {
    if (isSpent(piece, budget)) {
      rest = isDescending(request)
        ? { from: left.from, to: `${key}\0` as Bytes }
        : { from: key, to: left.to };
      break;
    }
    piece.rows += 1;
    if (isPast) count += 1;
    if (found < enough && isWanted(request, version)) {
      found += 1;
      if (compare !== null) run.push(foundOf(key, version, request, readRow, piece));
      else if (request.limit <= 0 || found <= request.limit) {
        addTo(piece, pairOf(key, version, request, readRow));
        shown += 1;
      }
    }
    if (found >= enough && !isPast) break;
  }
  const sorted = compare === null || run.length === 0 ? runs : [...runs, runOf(run, request)];
  return { ...walk, left: rest, count, found, shown, runs: sorted };
}

function versionsOf(
  { mvcc, request }: RangeWalk,
  left: KeyRange,
): Iterable<readonly [key: Bytes, version: Version]> {
  const { index, revision } = mvcc;
  const reverse = isDescending(request);
  if (request.revision > 0 && request.revision < revision) {
    return versionsAt(index, left, request.revision, reverse);
  }
  return liveVersions(index, left, reverse);
}

/** Shows the least of all runs, until the limit is reached. */
function show(
  walk: RangeWalk,
  readRow: ReadRow,
  budget: RangeBudget,
  piece: PieceInMaking,
): RangeWalk {
  const { request, runs } = walk;
  const compare = comparisonOf(request);
  if (compare === null) return { ...walk, runs: [] };
  const limit = request.limit > 0 ? request.limit : Infinity;
  const at = runs.map((run) => run.at);
  let { shown } = walk;
  const runsFound = runs.map(({ found }) => found);
  for (const { key, version, row } of shown < limit ? mergeRuns(runsFound, at, compare) : []) {
    const pair = row === null ? pairOf(key, version, request, readRow) : shownOf(row, request);
    addTo(piece, pair);
    piece.rows += 1;
    shown += 1;
    if (shown === limit || isSpent(piece, budget)) break;
  }
  const isThrough = shown === limit || runs.every(({ found }, run) => at[run] === found.length);
  const left = runs.map(({ found }, run) => ({ found, at: at[run] as number }));
  return { ...walk, shown, runs: isThrough ? [] : left };
}

function foundOf(
  key: Bytes,
  version: Version,
  { sortTarget }: RangeRequest,
  readRow: ReadRow,
  piece: PieceInMaking,
): Found {
  if (sortTarget !== "value") return { key, version, row: null };
  const row = readRow(version);
  piece.bytes += bytesOf(row);
  return { key, version, row };
}

/** Of a run no more is needed than of all. The sort is stable: ties stay in the order of keys. */
function runOf(found: Found[], request: RangeRequest): Run {
  const compare = comparisonOf(request);
  if (compare !== null) found.sort(compare);
  return { found: request.limit > 0 ? found.slice(0, request.limit + 1) : found, at: 0 };
}

/** Null: the order of the keys is the order that is asked for, upwards or downwards. */
function comparisonOf({
  sortOrder,
  sortTarget,
}: RangeRequest): ((a: Found, b: Found) => number) | null {
  const sign = sortOrder === "descend" ? -1 : 1;
  switch (sortTarget) {
    case "version":
      return (a, b) => sign * (a.version.version - b.version.version);
    case "create":
      return (a, b) => sign * (a.version.created - b.version.created);
    case "mod":
      return (a, b) => sign * (a.version.main - b.version.main);
    case "value":
      return (a, b) => sign * compareBytes(valueOf(a), valueOf(b));
    case "key":
    case "invalid": // refused before it comes here
      return null;
  }
}

function valueOf({ row }: Found): Uint8Array {
  return row?.value ?? NO_VALUE;
}

function isDescending({ sortOrder, sortTarget }: RangeRequest): boolean {
  return sortOrder === "descend" && sortTarget === "key";
}

/** One more than the limit, to know whether there are more. A limit cuts what is sorted and
 *  filtered, but for etcd's exception: order "none" by another target than the key sorts what is
 *  already cut. */
function countWanted(request: RangeRequest): number {
  if (request.countOnly) return 0;
  const cutsLast = request.sortOrder !== "none" || isFiltered(request);
  const isByKey = comparisonOf(request) === null;
  return request.limit <= 0 || (cutsLast && !isByKey) ? Infinity : request.limit + 1;
}

function isFiltered(request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  return filters.some((filter) => filter !== 0);
}

function isWanted(request: RangeRequest, { main, created }: Version): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return (
    (minModRevision === 0 || main >= minModRevision) &&
    (maxModRevision === 0 || main <= maxModRevision) &&
    (minCreateRevision === 0 || created >= minCreateRevision) &&
    (maxCreateRevision === 0 || created <= maxCreateRevision)
  );
}

function isSpent({ rows, bytes }: PieceInMaking, budget: RangeBudget): boolean {
  return rows >= budget.rows || bytes >= budget.bytes;
}

function addTo(piece: PieceInMaking, kv: KeyValue): void {
  piece.kvs.push(kv);
  piece.bytes += bytesOf(kv);
}

function bytesOf({ key, value }: KeyValue): number {
  return key.length + value.length + KEY_VALUE_BYTES;
}

function shownOf(row: KeyValue, { keysOnly }: RangeRequest): KeyValue {
  return keysOnly ? { ...row, value: NO_VALUE } : row;
}
