// What etcd refuses before consensus, in etcd's order. Source: etcd
// server/etcdserver/api/v3rpc/key.go.

import { ERRORS } from "../../api/errors.ts";
import type { ApiError } from "../../api/errors.ts";
import type {
  KvRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../api/request.ts";
import { touchedBy } from "./touched.ts";

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
  const conflict = touchedBy(txn.success) === null || touchedBy(txn.failure) === null;
  return conflict ? ERRORS.DuplicateKey : null;
}
