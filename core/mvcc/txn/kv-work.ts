// A request that changes keys, executed in pieces: what one of them does is bounded by a budget,
// and what is left is plain data. Nobody sees anything of it before it is done.
//
//   choose   the compares of a transaction, against the store as it was before
//   check    every operation, against the same
//   run      one operation after the other, each upon what those before it did
//
// What a request reads, its ranges and previous values, is read only where somebody waits for the
// answer: nothing that it writes depends on it, but for the value and the lease that a put keeps.

import type {
  Bytes,
  ClusterId,
  KvReader,
  KvWrite,
  NodeId,
  Result,
  Revision,
} from "../../contract.ts";
import { type ApiError, ERRORS } from "../../api/errors.ts";
import type {
  DeleteRangeRequest,
  Header,
  KeyValue,
  KvResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  TxnRequest,
} from "../../api/request.ts";
import { assert, must } from "../../lib/assert.ts";
import { get } from "../../lib/ordered-map.ts";
import { type Budget, isSpent, spend } from "../budget.ts";
import { checkPart, type LeaseExists, leavesOf, type PathLeaf } from "./check.ts";
import { type Choice, continueChoice, NO_CHOICE, type PathOp } from "./compare.ts";
import { liveVersions } from "../key-index.ts";
import { type KeyRange, keyRange } from "../range/key-range.ts";
import {
  beginRange,
  continueRange,
  endOf,
  isOver as isRead,
  type RangeWalk,
} from "../range/range-walk.ts";
import { nextRevision } from "../revision.ts";
import type { Attachment, Change, Mvcc } from "../store.ts";
import { deleteKeys, openChange, putKey } from "../store.ts";

/** What a header says besides the revision: who answers. */
export type HeaderFill = Omit<Header, "revision">;

export type KvWork = Readonly<{
  base: Mvcc; // the store as it was before
  mvcc: Mvcc; // as it will be
  main: Revision; // of its rows
  written: number; // rows so far
  isAsked: boolean; // somebody waits here for what it reads
  stage: Stage;
}>;

type Stage = Readonly<
  | { kind: "choosing"; request: TxnRequest; choice: Choice }
  | { kind: "checking"; path: PathOp; leaves: readonly PathLeaf[]; at: number }
  | Running
  | { kind: "failed"; error: ApiError }
  | { kind: "done"; response: KvResponse }
>;
type Running = Readonly<{
  kind: "running";
  path: PathOp;
  leaves: readonly PathLeaf[];
  responses: Pieces<KvResponse>; // one for each of the leaves that are done
  doing: Doing; // the leaf that is under way
}>;
/** What a leaf that takes more than one piece has come to. */
type Doing = Readonly<{ deleted: number; kvs: Pieces<KeyValue>; walk: RangeWalk | null }>;
type Pieces<T> = readonly (readonly T[])[];

/** Result null: there is more to do. With an error nothing has happened, whatever was written. */
export type KvPiece = Readonly<{
  work: KvWork;
  writes: readonly KvWrite[];
  attachments: readonly Attachment[];
  result: Result<KvResponse> | null;
}>;

const NOT_BEGUN: Doing = { deleted: 0, kvs: [], walk: null };
/** As in etcd, the header of an operation names nobody. */
export const NOBODY: HeaderFill = {
  clusterId: 0n as ClusterId,
  memberId: 0n as NodeId,
  raftTerm: 0,
};
const NO_HEADER: Header = { ...NOBODY, revision: 0 };

export function beginKv(
  mvcc: Mvcc,
  request: PutRequest | DeleteRangeRequest | TxnRequest,
  isAsked: boolean,
): KvWork {
  const stage: Stage =
    request.kind === "txn"
      ? { kind: "choosing", request, choice: NO_CHOICE }
      : { kind: "checking", path: request, leaves: [request], at: 0 };
  return { base: mvcc, mvcc, main: nextRevision(mvcc.revision), written: 0, isAsked, stage };
}

/** One piece more. The view shows what the pieces before it wrote. No request throws. */
export function continueKv(
  work: KvWork,
  view: KvReader,
  fill: HeaderFill,
  leaseExists: LeaseExists,
  budget: Budget,
): KvPiece {
  const change = openChange(work.mvcc, view, work.main, work.written);
  let { stage } = work;
  do stage = goOn(work, change, stage, leaseExists, budget);
  while (!isOver(stage) && !isSpent(budget));
  const { writes, attachments, mvcc } = change;
  const next = { ...work, mvcc, written: work.written + writes.length, stage };
  return { work: next, writes, attachments, result: resultOf(stage, mvcc, fill) };
}

function isOver({ kind }: Stage): boolean {
  return kind === "failed" || kind === "done";
}

function resultOf(stage: Stage, mvcc: Mvcc, fill: HeaderFill): KvPiece["result"] {
  if (stage.kind === "failed") return { ok: false, error: stage.error };
  if (stage.kind !== "done") return null;
  const header = { ...fill, revision: mvcc.revision };
  return { ok: true, value: { ...stage.response, header } };
}

function goOn(
  { base, isAsked }: KvWork,
  change: Change,
  stage: Stage,
  leaseExists: LeaseExists,
  budget: Budget,
): Stage {
  switch (stage.kind) {
    case "choosing": {
      const { request } = stage;
      const { path, choice } = continueChoice(base, change.readRow, request, stage.choice, budget);
      if (path === null) return { kind: "choosing", request, choice };
      return { kind: "checking", path, leaves: leavesOf(path), at: 0 };
    }
    case "checking":
      return check(base, stage, leaseExists, budget);
    case "running":
      return run(change, stage, isAsked, budget);
    case "failed":
    case "done":
      return stage;
  }
}

function check(
  base: Mvcc,
  stage: Extract<Stage, { kind: "checking" }>,
  leaseExists: LeaseExists,
  budget: Budget,
): Stage {
  const { path, leaves } = stage;
  let { at } = stage;
  while (at < leaves.length && !isSpent(budget)) {
    const error = checkPart(base, leaves[at] as PathLeaf, leaseExists);
    if (error !== null) return { kind: "failed", error };
    spend(budget, 1);
    at += 1;
  }
  if (at < leaves.length) return { ...stage, at };
  return { kind: "running", path, leaves, responses: [], doing: NOT_BEGUN };
}

function run(change: Change, stage: Running, isAsked: boolean, budget: Budget): Stage {
  const { path, leaves } = stage;
  const told: KvResponse[] = [];
  let { doing } = stage;
  const done = stage.responses.reduce((sum, each) => sum + each.length, 0);
  while (done + told.length < leaves.length && !isSpent(budget)) {
    const leaf = leaves[done + told.length] as PathLeaf;
    const outcome = runLeaf(change, leaf, doing, isAsked, budget);
    if (change.failure !== null) return { kind: "failed", error: change.failure };
    doing = outcome.response === null ? outcome.doing : NOT_BEGUN;
    if (outcome.response !== null) told.push(outcome.response);
  }
  const responses = [...stage.responses, told];
  if (done + told.length < leaves.length) return { ...stage, responses, doing };
  return { kind: "done", response: nested(path, responses.flat().values()) };
}

/** Response null: there is more to do. */
type LeafOutcome = Readonly<{ doing: Doing; response: KvResponse | null }>;

function runLeaf(
  change: Change,
  leaf: PathLeaf,
  doing: Doing,
  isAsked: boolean,
  budget: Budget,
): LeafOutcome {
  switch (leaf.kind) {
    case "put":
      spend(budget, 1);
      return { doing, response: runPut(change, leaf, isAsked) };
    case "delete_range":
      return runDelete(change, leaf, doing, isAsked, budget);
    case "range":
      return runRange(change, leaf, doing, isAsked, budget);
    case "empty":
      return must<LeafOutcome>(null, "an operation without a kind was checked and refused");
  }
}

function runRange(
  change: Change,
  request: RangeRequest,
  doing: Doing,
  isAsked: boolean,
  budget: Budget,
): LeafOutcome {
  spend(budget, 1);
  const header = innerHeader(change);
  const nothing = { kind: "range", header, kvs: [], more: false, count: 0 } as const;
  if (!isAsked) return { doing, response: nothing };
  const begun = doing.walk ?? begin(change.mvcc, request);
  const { walk, kvs: more, left } = continueRange(begun, change.readRow, atLeastOne(budget));
  budget.rows = left.rows;
  budget.bytes = left.bytes;
  const kvs = [...doing.kvs, more];
  if (!isRead(walk)) return { doing: { ...doing, walk, kvs }, response: null };
  return { doing, response: { kind: "range", header, kvs: kvs.flat(), ...endOf(walk) } };
}

function begin(mvcc: Mvcc, request: RangeRequest): RangeWalk {
  const begun = beginRange(mvcc, request);
  assert(begun.ok, "the revision of a range was checked before");
  return begun.value;
}

function atLeastOne({ rows, bytes }: Budget): Budget {
  return { rows: Math.max(1, rows), bytes };
}

function runPut(change: Change, request: PutRequest, isAsked: boolean): PutResponse {
  const { key, ignoreValue, ignoreLease } = request;
  const prevKv = request.prevKv && isAsked;
  const previous = prevKv || ignoreValue || ignoreLease ? readKey(change, key) : null;
  if (previous === null && (ignoreValue || ignoreLease)) change.failure ??= ERRORS.KeyNotFound;
  const value = ignoreValue && previous !== null ? previous.value : request.value;
  const lease = ignoreLease && previous !== null ? previous.lease : request.lease;
  putKey(change, key, value, lease);
  return { kind: "put", header: innerHeader(change), prevKv: prevKv ? previous : null };
}

/** Keys that are deleted are found no more: what is left is what there still is. */
function runDelete(
  change: Change,
  request: DeleteRangeRequest,
  before: Doing,
  isAsked: boolean,
  budget: Budget,
): LeafOutcome {
  const keys = keyRange(request.key, request.rangeEnd);
  const rows = request.prevKv && isAsked ? readFirst(change, keys, budget) : null;
  const most = rows?.length ?? budget.rows;
  const gone = deleteKeys(change, keys, most);
  spend(budget, Math.max(1, gone));
  const kvs = rows === null ? before.kvs : [...before.kvs, rows];
  const deleted = before.deleted + gone;
  const isThrough = rows === null ? gone < most : gone === 0;
  if (!isThrough) return { doing: { ...before, deleted, kvs }, response: null };
  const header = innerHeader(change);
  return {
    doing: before,
    response: { kind: "delete_range", header, deleted, prevKvs: kvs.flat() },
  };
}

/** The rows of the first keys, as many as the budget allows. */
function readFirst(change: Change, keys: KeyRange, budget: Budget): readonly KeyValue[] {
  const rows: KeyValue[] = [];
  for (const [, version] of liveVersions(change.mvcc.index, keys)) {
    if (rows.length >= budget.rows || isSpent(budget)) break;
    const row = change.readRow(version);
    spend(budget, 0, row.value.length);
    rows.push(row);
  }
  return rows;
}

/** The answers of the operations as the transactions nest them. As in etcd, the header of one
 *  within another is empty; that of the outermost is filled in later. */
function nested(path: PathOp, responses: Iterator<KvResponse, undefined>): KvResponse {
  if (path.kind !== "path") return must(responses.next().value ?? null, "every operation answered");
  const { succeeded, operations } = path;
  const inner = operations.map((operation) => nested(operation, responses));
  return { kind: "txn", header: NO_HEADER, succeeded, responses: inner };
}

function readKey(change: Change, key: Bytes): KeyValue | null {
  const history = get(change.mvcc.index.live, key);
  return history === null ? null : change.readRow(history.newest);
}

/** The revision as it is after the operation: it rises with the first effective write. */
function innerHeader(change: Change): Header {
  return { ...NOBODY, revision: change.mvcc.revision };
}
