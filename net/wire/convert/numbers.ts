// The only place where the wire's 64-bit integers become what they are in the core: counters are
// numbers, saturated (see core/api/request.ts), identities are bigints.

import type { ClusterId, LeaseId, NodeId } from "../../../core/contract.ts";
import type { Int64 } from "../protobuf/varint.ts";

/** No stored counter reaches 2^53: a saturated number compares with all of them as before. */
export function saturate(value: Int64): number {
  if (typeof value === "number") return value;
  return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}

/** Signed, as etcd compares them. */
export function leaseId(value: Int64): LeaseId {
  return (value === 0 ? 0n : BigInt(value)) as LeaseId;
}

export function nodeId(value: Int64): NodeId {
  return BigInt(value) as NodeId;
}

export function clusterId(value: Int64): ClusterId {
  return BigInt(value) as ClusterId;
}

/** Signed: −1 is no watch. */
export function watchId(value: Int64): bigint {
  return BigInt(value);
}
