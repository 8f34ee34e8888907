// Why an operation cannot be executed, judged by the store as it was before all of them.
//
// One failure is possible after that: a put that keeps the old value, behind a delete of the same
// key that validation did not see (etcd's does not see one that ends with "\0"). It ends etcd
// 3.4.23, and again at every restart. Here the state before is still in hand, so the whole request
// is refused.

import { type ApiError, ERRORS } from "../../api/errors.ts";
import type { PutRequest, RangeRequest } from "../../api/request.ts";
import { has } from "../../lib/ordered-map.ts";
import type { Path, PathOp } from "./compare.ts";
import type { Mvcc } from "../store.ts";

/** Whether a lease is there, as the store was before the request. */
export type LeaseExists = (id: bigint) => boolean;

export type PathLeaf = Exclude<PathOp, Path>;

/** The operations that will be executed, in order. */
export function leavesOf(operation: PathOp): readonly PathLeaf[] {
  return operation.kind === "path" ? operation.operations.flatMap(leavesOf) : [operation];
}

export function check(mvcc: Mvcc, operation: PathOp, leaseExists: LeaseExists): ApiError | null {
  for (const each of leavesOf(operation)) {
    const error = checkPart(mvcc, each, leaseExists);
    if (error !== null) return error;
  }
  return null;
}

export function checkPart(
  mvcc: Mvcc,
  operation: PathLeaf,
  leaseExists: LeaseExists,
): ApiError | null {
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
