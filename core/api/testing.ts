// Requests with their defaults filled in, for tests and workloads: name what matters, leave the
// rest.

import type { Bytes } from "../contract.ts";
import { fromText, toBytes } from "../lib/bytes.ts";
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
  WatchAsk,
} from "./request.ts";
import { PLAIN_RANGE } from "./request.ts";

export function key(text: string): Bytes {
  return fromText(text);
}

export function value(text: string): Uint8Array {
  return toBytes(fromText(text));
}

export function rangeOf(
  from: string,
  more: Partial<Omit<RangeRequest, "kind">> = {},
): RangeRequest {
  return { ...PLAIN_RANGE, key: key(from), ...more };
}

export function putOf(
  at: string,
  text: string,
  more: Partial<Omit<PutRequest, "kind">> = {},
): PutRequest {
  const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
  return { kind: "put", key: key(at), value: value(text), lease: 0n, ...flags, ...more };
}

export function deleteOf(from: string, end = "", prevKv = false): DeleteRangeRequest {
  return { kind: "delete_range", key: key(from), rangeEnd: key(end), prevKv };
}

type CreateAsk = Extract<WatchAsk, { kind: "create" }>;

export function watchOf(
  from: string,
  end = "",
  more: Partial<Omit<CreateAsk, "kind">> = {},
): CreateAsk {
  return {
    kind: "create",
    key: key(from),
    rangeEnd: key(end),
    startRevision: 0,
    progressNotify: false,
    noPut: false,
    noDelete: false,
    prevKv: false,
    watchId: 0n,
    fragment: false,
    ...more,
  };
}

export function txnOf(
  compare: TxnRequest["compare"],
  success: TxnRequest["success"],
  failure: TxnRequest["failure"] = [],
): TxnRequest {
  return { kind: "txn", compare, success, failure };
}
