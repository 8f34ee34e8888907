// The compares of a transaction, and of the transactions within it, choose what will be executed.
// They all see the store as it was before the transaction.

import type { Compare, CompareResult, KeyValue, RequestOp, TxnRequest } from "../api/request.ts";
import { compareBytes, EMPTY } from "../lib/bytes.ts";
import { liveVersions, type Version } from "./key-index.ts";
import { keyRange } from "./key-range.ts";
import type { Mvcc, ReadRow } from "./store.ts";

/** A transaction of which the branch is chosen, all the way down. */
export type Path = Readonly<{ kind: "path"; succeeded: boolean; operations: readonly PathOp[] }>;
export type PathOp = Exclude<RequestOp, TxnRequest> | Path;

const NO_VERSION: Version = { main: 0, sub: 0, created: 0, version: 0 };
const NO_ROW: KeyValue = {
  key: EMPTY,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: new Uint8Array(0),
  lease: 0n,
};

export function choosePath(mvcc: Mvcc, readRow: ReadRow, txn: TxnRequest): Path {
  const succeeded = txn.compare.every((compare) => holds(mvcc, readRow, compare));
  const operations = (succeeded ? txn.success : txn.failure).map((operation) =>
    operation.kind === "txn" ? choosePath(mvcc, readRow, operation) : operation,
  );
  return { kind: "path", succeeded, operations };
}

/** For every key of the range. Where there is none, a value never compares; all else is zero. */
function holds(mvcc: Mvcc, readRow: ReadRow, compare: Compare): boolean {
  const keys = keyRange(compare.key, compare.rangeEnd);
  let some = false;
  for (const [, version] of liveVersions(mvcc.index, keys)) {
    some = true;
    if (!agrees(compare.result, differenceOf(compare, version, readRow))) return false;
  }
  if (some) return true;
  if (compare.target.kind === "value") return false;
  return agrees(
    compare.result,
    differenceOf(compare, NO_VERSION, () => NO_ROW),
  );
}

/** Negative, zero or positive, as what is stored lies below, at or above the operand. */
function differenceOf({ target }: Compare, stored: Version, readRow: ReadRow): number {
  switch (target.kind) {
    case "version":
      return stored.version - target.operand;
    case "create":
      return stored.created - target.operand;
    case "mod":
      return stored.main - target.operand;
    case "value":
      return compareBytes(readRow(stored).value, target.operand);
    case "lease": {
      const { lease } = readRow(stored);
      return lease < target.operand ? -1 : lease > target.operand ? 1 : 0;
    }
    case "invalid": // as in etcd, an unknown target always finds both sides equal
      return 0;
  }
}

function agrees(result: CompareResult, difference: number): boolean {
  switch (result) {
    case "equal":
      return difference === 0;
    case "not_equal":
      return difference !== 0;
    case "greater":
      return difference > 0;
    case "less":
      return difference < 0;
    case "invalid":
      return true;
  }
}
