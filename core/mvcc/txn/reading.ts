// What a request that only reads wants to know: one range, or those that a transaction chooses. All
// are of one moment, and read one after the other, in pieces; so are the keys by which it chooses.

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
import type { ApiError } from "../../api/errors.ts";
import { assert } from "../../lib/assert.ts";
import { isSpent } from "../budget.ts";
import { type Mvcc, type ReadRow, rowsOf } from "../store.ts";
import { check, type LeaseExists } from "./check.ts";
import { type Choice, continueChoice, NO_CHOICE, type Path } from "./compare.ts";
import { type HeaderFill, NOBODY } from "./kv-work.ts";

export type Reading = Readonly<{
  mvcc: Mvcc; // as it was when the reading began
  kind: "range" | "txn";
  choosing: Choosing | null; // the compares of a transaction are not all looked at yet
  succeeded: boolean; // what they came to
  walks: readonly RangeWalk[];
}>;
type Choosing = Readonly<{ request: TxnRequest; choice: Choice }>;

/** Keys of one of the ranges, which are counted from zero. */
export type ReadPart = Readonly<{ operation: number; kvs: readonly KeyValue[] }>;
export type ReadPiece = Readonly<{
  reading: Reading;
  parts: readonly ReadPart[];
  left: RangeBudget; // what the piece did not need
  error: ApiError | null; // what it chose is refused: there will be no more
}>;

const NO_LEASE: LeaseExists = () => false; // where there is no put, nobody asks

export function beginReading(mvcc: Mvcc, request: RangeRequest | TxnRequest): Result<Reading> {
  if (request.kind === "txn") {
    const choosing = { request, choice: NO_CHOICE };
    return { ok: true, value: { mvcc, kind: "txn", choosing, succeeded: true, walks: [] } };
  }
  const begun = beginRange(mvcc, request);
  if (!begun.ok) return begun;
  const walks = [begun.value];
  return { ok: true, value: { mvcc, kind: "range", choosing: null, succeeded: true, walks } };
}

/** One piece more. Its rows must not have been taken. */
export function continueReading(reading: Reading, view: KvReader, budget: RangeBudget): ReadPiece {
  const readRow = rowsOf(view);
  if (reading.choosing === null) return readWalks(reading, readRow, budget);
  const left = { ...budget };
  const { request, choice } = reading.choosing;
  const chosen = continueChoice(reading.mvcc, readRow, request, choice, left);
  if (chosen.path === null) {
    const choosing = { request, choice: chosen.choice };
    return { reading: { ...reading, choosing }, parts: [], left, error: null };
  }
  const begun = beginChosen(reading, chosen.path);
  if (!begun.ok) return { reading, parts: [], left, error: begun.error };
  return readWalks(begun.value, readRow, left);
}

/** The ranges of a transaction that can only read. */
function beginChosen(reading: Reading, path: Path): Result<Reading> {
  const { mvcc } = reading;
  const error = check(mvcc, path, NO_LEASE);
  if (error !== null) return { ok: false, error };
  const walks: RangeWalk[] = [];
  for (const operation of path.operations) {
    assert(operation.kind === "range", "a transaction that can only read writes");
    const begun = beginRange(mvcc, operation);
    if (!begun.ok) return begun;
    walks.push(begun.value);
  }
  return { ok: true, value: { ...reading, choosing: null, succeeded: path.succeeded, walks } };
}

function readWalks(reading: Reading, readRow: ReadRow, budget: RangeBudget): ReadPiece {
  const walks = [...reading.walks];
  const parts: ReadPart[] = [];
  let left = budget;
  for (const [operation, walk] of walks.entries()) {
    if (isOver(walk)) continue;
    if (isSpent(left)) break;
    const piece = continueRange(walk, readRow, left);
    walks[operation] = piece.walk;
    if (piece.kvs.length > 0) parts.push({ operation, kvs: piece.kvs });
    ({ left } = piece);
    if (!isOver(piece.walk)) break;
  }
  return { reading: { ...reading, walks }, parts, left, error: null };
}

export function isAllRead({ choosing, walks }: Reading): boolean {
  return choosing === null && walks.every(isOver);
}

/** Whether a compaction took, or may yet take, rows that have still to be read. */
export function isReadingTaken({ mvcc, choosing, walks }: Reading, now: Mvcc): boolean {
  if (choosing !== null) return mvcc.revision < now.compaction.scheduled;
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
