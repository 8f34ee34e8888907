// Writes: put, delete, and transactions of both with reads between them. One request is one main
// revision, or none where it changes nothing. A request happens whole or has no effect, on every
// replica alike.

import type { Bytes, ClusterId, KvReader, KvWrite, NodeId, Result } from "../contract.ts";
import { type ApiError, ERRORS } from "../api/errors.ts";
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  Header,
  KeyValue,
  KvResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../api/request.ts";
import { assert, must } from "../lib/assert.ts";
import { get, has } from "../lib/ordered-map.ts";
import { choosePath, type Path, type PathOp } from "./compare.ts";
import { liveVersions } from "./key-index.ts";
import { keyRange } from "./key-range.ts";
import { rangeRows } from "./range.ts";
import { beginChange, type Change, deleteKeys, type Mvcc, putKey, rowsOf } from "./store.ts";

/** What a header says besides the revision: who answers. */
export type HeaderFill = Omit<Header, "revision">;

export type AppliedKv = Readonly<{
  mvcc: Mvcc;
  writes: readonly KvWrite[];
  attachments: Change["attachments"];
  result: Result<KvResponse>;
}>;

/** Whether a lease is there, as the store was before the request. */
export type LeaseExists = (id: bigint) => boolean;

const NO_LEASE: LeaseExists = () => false; // where there is no put, nobody asks
/** The header of what is inside a transaction names nobody. */
export const NOBODY: HeaderFill = {
  clusterId: 0n as ClusterId,
  memberId: 0n as NodeId,
  raftTerm: 0,
};

/** Executes one replicated request. An error means that nothing happened. No request throws. */
export function applyKv(
  mvcc: Mvcc,
  view: KvReader,
  request: PutRequest | DeleteRangeRequest | TxnRequest,
  fill: HeaderFill,
  leaseExists: LeaseExists,
): AppliedKv {
  const change = beginChange(mvcc, view);
  const operation = request.kind === "txn" ? choosePath(mvcc, change.readRow, request) : request;
  const error = check(mvcc, operation, leaseExists);
  if (error !== null) return refused(mvcc, error);
  const response = run(change, operation);
  if (change.failure !== null) return refused(mvcc, change.failure);
  const header = { ...fill, revision: change.mvcc.revision };
  const value: KvResponse = { ...response, header };
  const { writes, attachments } = change;
  return { mvcc: change.mvcc, writes, attachments, result: { ok: true, value } };
}

/** Deletes these keys, which all exist, at one revision; without any, nothing changes. */
export function deleteAll(
  mvcc: Mvcc,
  view: KvReader,
  keys: readonly Bytes[],
): Omit<AppliedKv, "result"> {
  const change = beginChange(mvcc, view);
  for (const key of keys) deleteKeys(change, { from: key, to: null });
  return { mvcc: change.mvcc, writes: change.writes, attachments: change.attachments };
}

/** The ranges of a transaction that can only read, and whether its compares held. */
export function chooseRanges(
  mvcc: Mvcc,
  view: KvReader,
  request: TxnRequest,
): Result<Readonly<{ succeeded: boolean; ranges: readonly RangeRequest[] }>> {
  const path = choosePath(mvcc, rowsOf(view), request);
  const error = check(mvcc, path, NO_LEASE);
  if (error !== null) return { ok: false, error };
  const ranges = path.operations.filter((operation) => operation.kind === "range");
  assert(ranges.length === path.operations.length, "a transaction that can only read writes");
  return { ok: true, value: { succeeded: path.succeeded, ranges } };
}

/** Why an operation cannot be executed, judged by the store as it was before all of them.
 *
 *  One failure is possible after that: a put that keeps the old value, behind a delete of the same
 *  key that validation did not see (etcd's does not see one that ends with "\0"). It ends etcd
 *  3.4.23, and again at every restart. Here the state before is still in hand, so the whole
 *  request is refused. */
function check(mvcc: Mvcc, operation: PathOp, leaseExists: LeaseExists): ApiError | null {
  for (const each of leavesOf(operation)) {
    const error = checkPart(mvcc, each, leaseExists);
    if (error !== null) return error;
  }
  return null;
}

type PathLeaf = Exclude<PathOp, Path>;

/** The operations that will be executed, in order. */
function leavesOf(operation: PathOp): readonly PathLeaf[] {
  return operation.kind === "path" ? operation.operations.flatMap(leavesOf) : [operation];
}

function checkPart(mvcc: Mvcc, operation: PathLeaf, leaseExists: LeaseExists): ApiError | null {
  switch (operation.kind) {
    case "range":
      return checkRange(mvcc, operation);
    case "put":
      return checkPut(mvcc, operation, leaseExists);
    case "delete_range":
      return null;
    case "empty":
      return ERRORS.KeyNotFound;
  }
}

/** Unlike in a range by itself, a negative revision is not the latest: it is compacted. */
function checkRange(mvcc: Mvcc, request: RangeRequest): ApiError | null {
  if (request.revision === 0) return null;
  if (request.revision > mvcc.revision) return ERRORS.FutureRevision;
  return request.revision < mvcc.compaction.scheduled ? ERRORS.Compacted : null;
}

function checkPut(mvcc: Mvcc, request: PutRequest, leaseExists: LeaseExists): ApiError | null {
  if (request.key === "") return ERRORS.EmptyKey; // nobody honest proposes it: it makes no row
  if (request.lease !== 0n && !leaseExists(request.lease)) return ERRORS.LeaseNotFound;
  const keepsSomething = request.ignoreValue || request.ignoreLease;
  const isThere = has(mvcc.index.live, request.key);
  return keepsSomething && !isThere ? ERRORS.KeyNotFound : null;
}

function refused(mvcc: Mvcc, error: ApiError): AppliedKv {
  return { mvcc, writes: [], attachments: [], result: { ok: false, error } };
}

function run(change: Change, operation: PathOp): KvResponse {
  switch (operation.kind) {
    case "range":
      return runRange(change, operation);
    case "put":
      return runPut(change, operation);
    case "delete_range":
      return runDelete(change, operation);
    case "path":
      return runPath(change, operation);
    case "empty":
      return must<KvResponse>(null, "an operation without a kind was checked and refused");
  }
}

function runRange(change: Change, request: RangeRequest): RangeResponse {
  const found = rangeRows(change.mvcc, change.readRow, request);
  assert(found.ok, "the revision of a range was checked before");
  return { kind: "range", header: innerHeader(change), ...found.value };
}

function runPut(change: Change, request: PutRequest): PutResponse {
  const { key, prevKv, ignoreValue, ignoreLease } = request;
  const previous = prevKv || ignoreValue || ignoreLease ? readKey(change, key) : null;
  if (previous === null && (ignoreValue || ignoreLease)) change.failure ??= ERRORS.KeyNotFound;
  const value = ignoreValue && previous !== null ? previous.value : request.value;
  const lease = ignoreLease && previous !== null ? previous.lease : request.lease;
  putKey(change, key, value, lease);
  return { kind: "put", header: innerHeader(change), prevKv: prevKv ? previous : null };
}

function runDelete(change: Change, request: DeleteRangeRequest): DeleteRangeResponse {
  const keys = keyRange(request.key, request.rangeEnd);
  const versions = request.prevKv ? [...liveVersions(change.mvcc.index, keys)] : [];
  const prevKvs = versions.map(([, version]) => change.readRow(version));
  const deleted = deleteKeys(change, keys);
  return { kind: "delete_range", header: innerHeader(change), deleted, prevKvs };
}

/** As in etcd, the header of a transaction within a transaction is empty; the caller fills in the
 *  outermost. */
function runPath(change: Change, path: Path): TxnResponse {
  const responses = path.operations.map((operation) => run(change, operation));
  const header = { ...NOBODY, revision: 0 };
  return { kind: "txn", header, succeeded: path.succeeded, responses };
}

function readKey(change: Change, key: Bytes): KeyValue | null {
  const history = get(change.mvcc.index.live, key);
  return history === null ? null : change.readRow(history.newest);
}

/** The revision as it is after the operation: it rises with the first effective write. */
function innerHeader(change: Change): Header {
  return { ...NOBODY, revision: change.mvcc.revision };
}
