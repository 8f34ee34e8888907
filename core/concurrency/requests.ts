// The ordinary calls that locks and elections are made of, as etcd's client library makes them.

import type { Bytes, LeaseId } from "../contract.ts";
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from "../api/request.ts";
import { PLAIN_RANGE } from "../api/request.ts";
import type { LeaderKey } from "../api/request-concurrency.ts";
import { prefixEnd } from "../lib/bytes.ts";

const ONE_KEY = "" as Bytes;
const TO_THE_END = "\0" as Bytes;

export function prefixOf(name: Bytes): Bytes {
  return `${name}/` as Bytes;
}

/** As Go prints a signed number: the key of lease −1 ends with "-1". */
export function ownKey(prefix: Bytes, lease: LeaseId): Bytes {
  return (prefix + lease.toString(16)) as Bytes;
}

export function isBelow(prefix: Bytes, key: Bytes): boolean {
  return key.startsWith(prefix);
}

/** Puts the key if it is not there; else reads it, because the caller may be here for the second
 *  time. */
export function enter(key: Bytes, value: Uint8Array, lease: LeaseId): TxnRequest {
  return txn(created(key, 0), [put(key, value, lease)], [{ ...PLAIN_RANGE, key }]);
}

/** The same, and who came first, in one call. */
export function enterAndLook(prefix: Bytes, key: Bytes, lease: LeaseId): TxnRequest {
  const { compare, success, failure } = enter(key, new Uint8Array(0), lease);
  const owner = readFirst(prefix);
  return { kind: "txn", compare, success: [...success, owner], failure: [...failure, owner] };
}

/** Puts a new value if the key is still the one that was made at this revision. */
export function rename(
  { key, revision, lease }: Pick<LeaderKey, "key" | "revision" | "lease">,
  value: Uint8Array,
): TxnRequest {
  return txn(created(key, revision), [put(key, value, lease)], []);
}

/** Deletes the key if it is still the one that was made at this revision. */
export function giveUp({ key, revision }: Pick<LeaderKey, "key" | "revision">): TxnRequest {
  return txn(created(key, revision), [deleteOf(key)], []);
}

export function deleteOf(key: Bytes): DeleteRangeRequest {
  return { kind: "delete_range", key, rangeEnd: ONE_KEY, prevKv: false };
}

/** The oldest key of all below the prefix. */
export function readFirst(prefix: Bytes): RangeRequest {
  return { ...PLAIN_RANGE, ...below(prefix), sortTarget: "create", sortOrder: "ascend", limit: 1 };
}

/** If its own key is still there: the youngest of those that are older. */
export function lookBefore(
  { key, revision }: Pick<LeaderKey, "key" | "revision">,
  prefix: Bytes,
): TxnRequest {
  const order = { sortTarget: "create", sortOrder: "descend", limit: 1 } as const;
  const before = { ...PLAIN_RANGE, ...below(prefix), ...order, maxCreateRevision: revision - 1 };
  return txn(created(key, revision), [before], []);
}

function below(prefix: Bytes): Pick<RangeRequest, "key" | "rangeEnd"> {
  return { key: prefix, rangeEnd: prefixEnd(prefix) ?? TO_THE_END };
}

function created(key: Bytes, revision: number): Compare {
  const target = { kind: "create", operand: revision } as const;
  return { key, rangeEnd: ONE_KEY, result: "equal", target };
}

function put(key: Bytes, value: Uint8Array, lease: LeaseId): PutRequest {
  const plain = { prevKv: false, ignoreValue: false, ignoreLease: false };
  return { kind: "put", key, value, lease, ...plain };
}

function txn(
  compare: Compare,
  success: TxnRequest["success"],
  failure: TxnRequest["failure"],
): TxnRequest {
  return { kind: "txn", compare: [compare], success, failure };
}
