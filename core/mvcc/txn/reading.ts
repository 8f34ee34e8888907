// What a request that only reads wants to know: one range, or those that a transaction chooses. All
// are of one moment, and read one after the other, in pieces.

import type { KvReader, Result } from "../../contract.ts";
import type {
  KeyValue,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../../api/request.ts";
import {
  beginRange,
  continueRange,
  endOf,
  isOver,
  isTaken,
  type RangeBudget,
  type RangeWalk,
} from "../range/range-walk.ts";
import { type Mvcc, rowsOf } from "../store.ts";
import { type HeaderFill, NOBODY } from "./kv-work.ts";
import { chooseRanges } from "./txn.ts";

export type Reading = Readonly<{
  mvcc: Mvcc; // as it was when the reading began
  kind: "range" | "txn";
  succeeded: boolean; // the compares of a transaction
  walks: readonly RangeWalk[];
}>;

/** Keys of one of the ranges, which are counted from zero. */
export type ReadPart = Readonly<{ operation: number; kvs: readonly KeyValue[] }>;
export type ReadPiece = Readonly<{
  reading: Reading;
  parts: readonly ReadPart[];
  left: RangeBudget; // what the piece did not need
}>;

export function beginReading(
  mvcc: Mvcc,
  view: KvReader,
  request: RangeRequest | TxnRequest,
): Result<Reading> {
  const { kind } = request;
  if (kind === "range") {
    const begun = beginRange(mvcc, request);
    return begun.ok
      ? { ok: true, value: { mvcc, kind, succeeded: true, walks: [begun.value] } }
      : begun;
  }
  const chosen = chooseRanges(mvcc, view, request);
  if (!chosen.ok) return chosen;
  const { succeeded, ranges } = chosen.value;
  const walks: RangeWalk[] = [];
  for (const each of ranges) {
    const begun = beginRange(mvcc, each);
    if (!begun.ok) return begun;
    walks.push(begun.value);
  }
  return { ok: true, value: { mvcc, kind, succeeded, walks } };
}

/** One piece more. Its rows must not have been taken. */
export function continueReading(reading: Reading, view: KvReader, budget: RangeBudget): ReadPiece {
  const readRow = rowsOf(view);
  const walks = [...reading.walks];
  const parts: ReadPart[] = [];
  let left = budget;
  for (const [operation, walk] of walks.entries()) {
    if (isOver(walk)) continue;
    if (left.rows <= 0 || left.bytes <= 0) break;
    const piece = continueRange(walk, readRow, left);
    walks[operation] = piece.walk;
    if (piece.kvs.length > 0) parts.push({ operation, kvs: piece.kvs });
    ({ left } = piece);
    if (!isOver(piece.walk)) break;
  }
  return { reading: { ...reading, walks }, parts, left };
}

export function isAllRead({ walks }: Reading): boolean {
  return walks.every(isOver);
}

/** Whether a compaction took, or may yet take, rows that have still to be read. */
export function isReadingTaken({ walks }: Reading, now: Mvcc): boolean {
  return walks.some((walk) => !isOver(walk) && isTaken(walk, now));
}

/** The answer when all is read, with those keys that were not told before. */
export function answerOf(
  { mvcc, kind, succeeded, walks }: Reading,
  parts: readonly ReadPart[],
  fill: HeaderFill,
): RangeResponse | TxnResponse {
  const header = { ...fill, revision: mvcc.revision };
  const inner = kind === "range" ? header : { ...NOBODY, revision: mvcc.revision };
  const responses = walks.map((walk, operation): RangeResponse => {
    const own = parts.filter((part) => part.operation === operation);
    const kvs = own.length === 1 ? (own[0] as ReadPart).kvs : own.flatMap((part) => part.kvs);
    return { kind: "range", header: inner, kvs, ...endOf(walk) };
  });
  return kind === "range"
    ? (responses[0] as RangeResponse)
    : { kind: "txn", header, succeeded, responses };
}
