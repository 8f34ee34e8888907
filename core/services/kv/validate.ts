// What etcd refuses before consensus, in etcd's order. Source: etcd
// server/etcdserver/api/v3rpc/key.go.

import type { Bytes } from "../../contract.ts";
import { ERRORS } from "../../api/errors.ts";
import type { ApiError } from "../../api/errors.ts";
import type {
  KvRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../api/request.ts";
import { pushAll } from "../../lib/lists.ts";

/** Null: the request may go on. */
export function validate(request: KvRequest, transactionOperations: number): ApiError | null {
  switch (request.kind) {
    case "range":
      return validateRange(request);
    case "put":
      return validatePut(request);
    case "delete_range":
      return request.key === "" ? ERRORS.EmptyKey : null;
    case "txn":
      return validateTxn(request, transactionOperations) ?? validateKeys(request);
  }
}

function validateRange(request: RangeRequest): ApiError | null {
  if (request.key === "") return ERRORS.EmptyKey;
  const unknown = request.sortOrder === "invalid" || request.sortTarget === "invalid";
  return unknown ? ERRORS.InvalidSortOption : null;
}

function validatePut(request: PutRequest): ApiError | null {
  if (request.key === "") return ERRORS.EmptyKey;
  if (request.ignoreValue && request.value.length > 0) return ERRORS.ValueProvided;
  if (request.ignoreLease && request.lease !== 0n) return ERRORS.LeaseProvided;
  return null;
}

/** `room` is what nesting has left of --max-txn-ops. */
function validateTxn(txn: TxnRequest, room: number): ApiError | null {
  const widest = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (widest > room) return ERRORS.TooManyOps;
  if (txn.compare.some((compare) => compare.key === "")) return ERRORS.EmptyKey;
  for (const operation of [...txn.success, ...txn.failure]) {
    const error = validateOperation(operation, room - widest);
    if (error !== null) return error;
  }
  return null;
}

function validateOperation(operation: RequestOp, room: number): ApiError | null {
  if (operation.kind === "empty") return ERRORS.KeyNotFound;
  if (operation.kind === "txn") return validateTxn(operation, room);
  return validate(operation, room);
}

function validateKeys(txn: TxnRequest): ApiError | null {
  const conflict = touched(txn.success) === null || touched(txn.failure) === null;
  return conflict ? ERRORS.DuplicateKey : null;
}

/** The keys that a branch may put and the ranges that it may delete. */
type Touched = Readonly<{ puts: ReadonlySet<Bytes>; deletes: readonly Interval[] }>;
type Interval = Readonly<{ key: Bytes; rangeEnd: Bytes }>;

/** Null: a key is put twice, or put and deleted, on one path through the branch. The two branches
 *  of a nested transaction exclude each other, so both may put one key. */
function touched(operations: readonly RequestOp[]): Touched | null {
  const puts = new Set<Bytes>();
  const deletes: Interval[] = [];
  for (const operation of operations)
    if (operation.kind === "delete_range") deletes.push(operation);
  for (const operation of operations) {
    if (operation.kind !== "txn") continue;
    const then = touched(operation.success);
    const otherwise = touched(operation.failure);
    if (then === null || otherwise === null) return null;
    for (const key of then.puts) if (puts.has(key) || covers(deletes, key)) return null;
    for (const key of otherwise.puts) if (puts.has(key) || covers(deletes, key)) return null;
    for (const key of [...then.puts, ...otherwise.puts]) puts.add(key);
    pushAll(deletes, then.deletes);
    pushAll(deletes, otherwise.deletes);
  }
  for (const operation of operations) {
    if (operation.kind !== "put") continue;
    if (puts.has(operation.key) || covers(deletes, operation.key)) return null;
    puts.add(operation.key);
  }
  return { puts, deletes };
}

/** As in etcd, a range that is open at the top ("\0") covers nothing here: its end is taken as a
 *  key. */
function covers(intervals: readonly Interval[], key: Bytes): boolean {
  return intervals.some(({ key: from, rangeEnd }) =>
    rangeEnd === "" ? key === from : key >= from && key < rangeEnd,
  );
}
