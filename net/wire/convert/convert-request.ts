// Requests: wire objects ↔ the plain data of core/api. Enums become words, 64-bit integers numbers
// or bigints (numbers.ts). Answers are in convert-response.ts.

import { COMPARE_RESULTS, SORT_ORDERS, SORT_TARGETS } from "../../../core/api/request.ts";
import type {
  CompactRequest,
  Compare,
  CompareTarget,
  DeleteRangeRequest,
  LeaseGrantRequest,
  PutRequest,
  RangeRequest,
  Request,
  RequestOp,
  TxnRequest,
} from "../../../core/api/request.ts";
import { assertNever } from "../../../core/lib/assert.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { leaseId, nodeId, saturate } from "./numbers.ts";

type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;

/** A number that no enum of etcd has: how a word "invalid" is sent. */
const INVALID = 127;
const COMPARE_TARGETS = ["version", "create", "mod", "value", "lease"] as const;
const EMPTY_OP: RequestOp = { kind: "empty" };
const NO_BYTES = new Uint8Array(0);

export function rangeFromWire(wire: Wire<"RangeRequest">): RangeRequest {
  return {
    kind: "range",
    key: wire.key,
    rangeEnd: wire.rangeEnd,
    limit: saturate(wire.limit),
    revision: saturate(wire.revision),
    sortOrder: SORT_ORDERS[wire.sortOrder] ?? "invalid",
    sortTarget: SORT_TARGETS[wire.sortTarget] ?? "invalid",
    serializable: wire.serializable,
    keysOnly: wire.keysOnly,
    countOnly: wire.countOnly,
    minModRevision: saturate(wire.minModRevision),
    maxModRevision: saturate(wire.maxModRevision),
    minCreateRevision: saturate(wire.minCreateRevision),
    maxCreateRevision: saturate(wire.maxCreateRevision),
  };
}

export function rangeToWire(request: RangeRequest): ToWire<"RangeRequest"> {
  return {
    ...request,
    sortOrder: enumToWire(SORT_ORDERS, request.sortOrder),
    sortTarget: enumToWire(SORT_TARGETS, request.sortTarget),
  };
}

export function putFromWire(wire: Wire<"PutRequest">): PutRequest {
  return {
    kind: "put",
    key: wire.key,
    value: wire.value,
    lease: leaseId(wire.lease),
    prevKv: wire.prevKv,
    ignoreValue: wire.ignoreValue,
    ignoreLease: wire.ignoreLease,
  };
}

export function deleteRangeFromWire(wire: Wire<"DeleteRangeRequest">): DeleteRangeRequest {
  return { kind: "delete_range", key: wire.key, rangeEnd: wire.rangeEnd, prevKv: wire.prevKv };
}

export function compactFromWire(wire: Wire<"CompactionRequest">): CompactRequest {
  return { kind: "compact", revision: saturate(wire.revision), physical: wire.physical };
}

export function hashKvFromWire(wire: Wire<"HashKVRequest">): RequestOf<"hash_kv"> {
  return { kind: "hash_kv", revision: saturate(wire.revision) };
}

export function moveLeaderFromWire(wire: Wire<"MoveLeaderRequest">): RequestOf<"move_leader"> {
  return { kind: "move_leader", targetId: nodeId(wire.targetId) };
}

export function txnFromWire(wire: Wire<"TxnRequest">): TxnRequest {
  return {
    kind: "txn",
    compare: wire.compare.map(compareFromWire),
    success: wire.success.map(operationFromWire),
    failure: wire.failure.map(operationFromWire),
  };
}

export function txnToWire(request: TxnRequest): ToWire<"TxnRequest"> {
  return {
    compare: request.compare.map(compareToWire),
    success: request.success.map(operationToWire),
    failure: request.failure.map(operationToWire),
  };
}

export function leaseGrantFromWire(wire: Wire<"LeaseGrantRequest">): LeaseGrantRequest {
  return { kind: "lease_grant", id: leaseId(wire.id), ttlSeconds: saturate(wire.ttl) };
}

function operationFromWire(wire: Wire<"RequestOp">): RequestOp {
  if (wire.range !== null) return rangeFromWire(wire.range);
  if (wire.put !== null) return putFromWire(wire.put);
  if (wire.deleteRange !== null) return deleteRangeFromWire(wire.deleteRange);
  if (wire.txn !== null) return txnFromWire(wire.txn);
  return EMPTY_OP;
}

function operationToWire(operation: RequestOp): ToWire<"RequestOp"> {
  switch (operation.kind) {
    case "range":
      return { range: rangeToWire(operation) };
    case "put":
      return { put: operation };
    case "delete_range":
      return { deleteRange: operation };
    case "txn":
      return { txn: txnToWire(operation) };
    case "empty":
      return {};
    default:
      return assertNever(operation);
  }
}

function compareFromWire(wire: Wire<"Compare">): Compare {
  return {
    key: wire.key,
    rangeEnd: wire.rangeEnd,
    result: COMPARE_RESULTS[wire.result] ?? "invalid",
    target: targetFromWire(wire),
  };
}

/** A target looks at its own operand only: one sent for another target counts as absent. */
function targetFromWire(wire: Wire<"Compare">): CompareTarget {
  const kind = COMPARE_TARGETS[wire.target];
  switch (kind) {
    case "version":
      return { kind, operand: saturate(wire.version ?? 0) };
    case "create":
      return { kind, operand: saturate(wire.createRevision ?? 0) };
    case "mod":
      return { kind, operand: saturate(wire.modRevision ?? 0) };
    case "value":
      return { kind, operand: wire.value ?? NO_BYTES };
    case "lease":
      return { kind, operand: leaseId(wire.lease ?? 0) };
    case undefined:
      return { kind: "invalid" };
    default:
      return assertNever(kind);
  }
}

function compareToWire(compare: Compare): ToWire<"Compare"> {
  return {
    key: compare.key,
    rangeEnd: compare.rangeEnd,
    result: enumToWire(COMPARE_RESULTS, compare.result),
    target: enumToWire(COMPARE_TARGETS, compare.target.kind),
    ...operandToWire(compare.target),
  };
}

function operandToWire(target: CompareTarget): ToWire<"Compare"> {
  switch (target.kind) {
    case "version":
      return { version: target.operand };
    case "create":
      return { createRevision: target.operand };
    case "mod":
      return { modRevision: target.operand };
    case "value":
      return { value: target.operand };
    case "lease":
      return { lease: target.operand };
    case "invalid":
      return {};
    default:
      return assertNever(target);
  }
}

function enumToWire<T extends string>(words: readonly T[], word: T | "invalid"): number {
  return word === "invalid" ? INVALID : words.indexOf(word);
}
