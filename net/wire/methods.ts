// The calls by their gRPC path: bytes → Request, Response → bytes, and for clients the other way
// round. Everything above this seam is plain data, everything below it is bytes and a path. To
// serve another call, add a row to METHODS.

import { ERRORS, GRPC, malformed, unknownMethod } from "../../core/api/errors.ts";
import type { ApiError, GrpcCode } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import {
  compactFromWire,
  deleteRangeFromWire,
  hashKvFromWire,
  moveLeaderFromWire,
  leaseGrantFromWire,
  putFromWire,
  rangeFromWire,
  rangeToWire,
  txnFromWire,
  txnToWire,
} from "./convert-request.ts";
import {
  deleteRangeResponseFromWire,
  hashKvResponseFromWire,
  hashResponseFromWire,
  headerOnlyFromWire,
  keepAliveResponseFromWire,
  leaseGrantResponseFromWire,
  leaseRevokeResponseFromWire,
  leasesResponseFromWire,
  memberListResponseFromWire,
  putResponseFromWire,
  rangeResponseFromWire,
  statusResponseFromWire,
  timeToLiveResponseFromWire,
  timeToLiveResponseToWire,
  txnResponseFromWire,
  txnResponseToWire,
} from "./convert-response.ts";
import type { ResponseOf } from "./convert-response.ts";
import { CODEC } from "./etcd-messages.ts";
import {
  watchFromWire,
  watchResponseFromWire,
  watchResponseToWire,
  watchToWire,
} from "./convert-watch.ts";
import type { MessageName, ToWire, Wire } from "./etcd-messages.ts";
import { leaseId } from "./numbers.ts";

export type Method = Readonly<{ path: string; kind: Request["kind"]; isStream: boolean }>;

/** The method that serves this path, or null. */
export function findMethod(path: string): Method | null {
  return ROW_BY_PATH.get(path) ?? null;
}

export function pathOf(request: Request): string {
  return METHODS[request.kind].path;
}

/** What the client asks; or, in etcd's words, that nobody serves the path or reads the bytes. */
export function decodeRequest(path: string, message: Uint8Array): Result<Request> {
  const row = ROW_BY_PATH.get(path);
  return row ? row.decodeRequest(message) : { ok: false, error: unknownPath(path) };
}

export function encodeRequest(request: Request): Uint8Array {
  return (METHODS[request.kind] as AnyRow).encodeRequest(request);
}

export function decodeResponse(path: string, message: Uint8Array): Result<Response> {
  const row = ROW_BY_PATH.get(path);
  return row ? row.decodeResponse(message) : { ok: false, error: unknownPath(path) };
}

export function encodeResponse(response: Response): Uint8Array {
  return (METHODS[response.kind] as AnyRow).encodeResponse(response);
}

/** A gRPC status as a client sees it. The words find the row of the table, and with it whether the
 *  call certainly did not happen. Of unknown words only the codes of a refusal say that. */
export function errorFromStatus(code: number, message: string): ApiError {
  const row = ROW_BY_WORDS.get(message);
  if (row !== undefined) return row;
  for (const [name, words, refusalCode] of REFUSALS) {
    if (code === refusalCode && message.startsWith(words)) {
      return { name, code: refusalCode, message, definite: true };
    }
  }
  const [name, known] = CODES.find(([, each]) => each === code) ?? ["UNKNOWN", GRPC.UNKNOWN];
  return { name, code: known, message, definite: REFUSAL_CODES.includes(known) };
}

/** grpc-go's words for a path that nobody serves. */
function unknownPath(path: string): ApiError {
  const [, service, method] = /^\/?(.+)\/([^/]*)$/.exec(path) ?? [];
  if (service === undefined || method === undefined) {
    const words = `malformed method name: ${JSON.stringify(path)}`;
    return { ...unknownMethod("", ""), message: words };
  }
  if (SERVICES.includes(service)) return unknownMethod(method, service);
  return { ...unknownMethod(method, service), message: `unknown service ${service}` };
}

/** What etcd serves on the client port, whether or not a row below does yet. */
const SERVICES: readonly string[] = [
  "etcdserverpb.KV",
  "etcdserverpb.Watch",
  "etcdserverpb.Lease",
  "etcdserverpb.Cluster",
  "etcdserverpb.Maintenance",
  "etcdserverpb.Auth",
];

type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;
type Row<K extends Request["kind"]> = Readonly<{
  path: string;
  kind: K;
  isStream: boolean; // both sides may say as much as they like
  decodeRequest: (message: Uint8Array) => Result<Request>;
  encodeRequest: (request: RequestOf<K>) => Uint8Array;
  decodeResponse: (message: Uint8Array) => Result<Response>;
  encodeResponse: (response: ResponseOf<K>) => Uint8Array;
}>;
type AnyRow = Row<Request["kind"]>;

/** A row in terms of its two messages. Null: there is no such request here, or no such answer. */
type Definition<
  K extends Request["kind"],
  Q extends MessageName,
  A extends MessageName,
> = Readonly<{
  path: string;
  kind: K;
  isStream?: true;
  request: Q;
  response: A;
  fromRequest: (request: RequestOf<K>) => ToWire<Q>;
  toRequest: (wire: Wire<Q>) => RequestOf<K> | null;
  fromResponse: (response: ResponseOf<K>) => ToWire<A>;
  toResponse: (wire: Wire<A>) => ResponseOf<K> | null;
}>;

function createRow<K extends Request["kind"], Q extends MessageName, A extends MessageName>(
  row: Definition<K, Q, A>,
): Row<K> {
  return {
    path: row.path,
    kind: row.kind,
    isStream: row.isStream ?? false,
    decodeRequest: (message) => {
      const wire = CODEC.decode(row.request, message);
      if (!wire.ok) return { ok: false, error: malformed(wire.error) };
      const value = row.toRequest(wire.value);
      return value ? { ok: true, value } : { ok: false, error: unknownPath(row.path) };
    },
    encodeRequest: (request) => CODEC.encode(row.request, row.fromRequest(request)),
    decodeResponse: (message) => {
      const wire = CODEC.decode(row.response, message);
      if (!wire.ok) return unreadable(wire.error);
      const value = row.toResponse(wire.value);
      return value ? { ok: true, value } : unreadable("an operation without an answer");
    },
    encodeResponse: (response) => CODEC.encode(row.response, row.fromResponse(response)),
  };
}

/** The server did answer: whether the call happened is not known. */
function unreadable(reason: string): Result<Response> {
  return { ok: false, error: { ...malformed(reason), definite: false } };
}

const ALARM_GET = 0;

const METHODS: { readonly [K in Request["kind"]]: Row<K> } = {
  range: createRow({
    path: "/etcdserverpb.KV/Range",
    kind: "range",
    request: "RangeRequest",
    response: "RangeResponse",
    fromRequest: rangeToWire,
    toRequest: rangeFromWire,
    fromResponse: (response) => response,
    toResponse: rangeResponseFromWire,
  }),
  put: createRow({
    path: "/etcdserverpb.KV/Put",
    kind: "put",
    request: "PutRequest",
    response: "PutResponse",
    fromRequest: (request) => request,
    toRequest: putFromWire,
    fromResponse: (response) => response,
    toResponse: putResponseFromWire,
  }),
  delete_range: createRow({
    path: "/etcdserverpb.KV/DeleteRange",
    kind: "delete_range",
    request: "DeleteRangeRequest",
    response: "DeleteRangeResponse",
    fromRequest: (request) => request,
    toRequest: deleteRangeFromWire,
    fromResponse: (response) => response,
    toResponse: deleteRangeResponseFromWire,
  }),
  txn: createRow({
    path: "/etcdserverpb.KV/Txn",
    kind: "txn",
    request: "TxnRequest",
    response: "TxnResponse",
    fromRequest: txnToWire,
    toRequest: txnFromWire,
    fromResponse: txnResponseToWire,
    toResponse: txnResponseFromWire,
  }),
  compact: createRow({
    path: "/etcdserverpb.KV/Compact",
    kind: "compact",
    request: "CompactionRequest",
    response: "CompactionResponse",
    fromRequest: (request) => request,
    toRequest: compactFromWire,
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("compact", wire),
  }),
  lease_grant: createRow({
    path: "/etcdserverpb.Lease/LeaseGrant",
    kind: "lease_grant",
    request: "LeaseGrantRequest",
    response: "LeaseGrantResponse",
    fromRequest: ({ id, ttlSeconds }) => ({ id, ttl: ttlSeconds }),
    toRequest: (wire) => leaseGrantFromWire(wire),
    fromResponse: ({ header, id, ttlSeconds }) => ({ header, id, ttl: ttlSeconds }),
    toResponse: leaseGrantResponseFromWire,
  }),
  lease_revoke: createRow({
    path: "/etcdserverpb.Lease/LeaseRevoke",
    kind: "lease_revoke",
    request: "LeaseRevokeRequest",
    response: "LeaseRevokeResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "lease_revoke", id: leaseId(wire.id) }),
    fromResponse: (response) => response,
    toResponse: leaseRevokeResponseFromWire,
  }),
  lease_keep_alive: createRow({
    path: "/etcdserverpb.Lease/LeaseKeepAlive",
    kind: "lease_keep_alive",
    isStream: true,
    request: "LeaseKeepAliveRequest",
    response: "LeaseKeepAliveResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "lease_keep_alive", id: leaseId(wire.id) }),
    fromResponse: ({ header, id, ttlSeconds }) => ({ header, id, ttl: ttlSeconds }),
    toResponse: keepAliveResponseFromWire,
  }),
  lease_time_to_live: createRow({
    path: "/etcdserverpb.Lease/LeaseTimeToLive",
    kind: "lease_time_to_live",
    request: "LeaseTimeToLiveRequest",
    response: "LeaseTimeToLiveResponse",
    fromRequest: (request) => request,
    toRequest: ({ id, keys }) => ({ kind: "lease_time_to_live", id: leaseId(id), keys }),
    fromResponse: timeToLiveResponseToWire,
    toResponse: timeToLiveResponseFromWire,
  }),
  lease_leases: createRow({
    path: "/etcdserverpb.Lease/LeaseLeases",
    kind: "lease_leases",
    request: "LeaseLeasesRequest",
    response: "LeaseLeasesResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "lease_leases" }),
    fromResponse: ({ header, leases }) => ({ header, leases: leases.map((id) => ({ id })) }),
    toResponse: leasesResponseFromWire,
  }),
  member_list: createRow({
    path: "/etcdserverpb.Cluster/MemberList",
    kind: "member_list",
    request: "MemberListRequest",
    response: "MemberListResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "member_list", linearizable: wire.linearizable }),
    fromResponse: (response) => response,
    toResponse: memberListResponseFromWire,
  }),
  status: createRow({
    path: "/etcdserverpb.Maintenance/Status",
    kind: "status",
    request: "StatusRequest",
    response: "StatusResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "status" }),
    fromResponse: (response) => response,
    toResponse: statusResponseFromWire,
  }),
  alarm_get: createRow({
    path: "/etcdserverpb.Maintenance/Alarm",
    kind: "alarm_get",
    request: "AlarmRequest",
    response: "AlarmResponse",
    fromRequest: () => ({ action: ALARM_GET }),
    toRequest: (wire) => (wire.action === ALARM_GET ? { kind: "alarm_get" } : null),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("alarm_get", wire),
  }),
  hash: createRow({
    path: "/etcdserverpb.Maintenance/Hash",
    kind: "hash",
    request: "HashRequest",
    response: "HashResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "hash" }),
    fromResponse: (response) => response,
    toResponse: hashResponseFromWire,
  }),
  hash_kv: createRow({
    path: "/etcdserverpb.Maintenance/HashKV",
    kind: "hash_kv",
    request: "HashKVRequest",
    response: "HashKVResponse",
    fromRequest: (request) => request,
    toRequest: hashKvFromWire,
    fromResponse: (response) => response,
    toResponse: hashKvResponseFromWire,
  }),
  move_leader: createRow({
    path: "/etcdserverpb.Maintenance/MoveLeader",
    kind: "move_leader",
    request: "MoveLeaderRequest",
    response: "MoveLeaderResponse",
    fromRequest: (request) => request,
    toRequest: moveLeaderFromWire,
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("move_leader", wire),
  }),
  defragment: createRow({
    path: "/etcdserverpb.Maintenance/Defragment",
    kind: "defragment",
    request: "DefragmentRequest",
    response: "DefragmentResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "defragment" }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("defragment", wire),
  }),
  watch: createRow({
    path: "/etcdserverpb.Watch/Watch",
    kind: "watch",
    isStream: true,
    request: "WatchRequest",
    response: "WatchResponse",
    fromRequest: watchToWire,
    toRequest: watchFromWire,
    fromResponse: watchResponseToWire,
    toResponse: watchResponseFromWire,
  }),
};

const ROW_BY_PATH: ReadonlyMap<string, AnyRow> = new Map(
  Object.values(METHODS).map((row) => [row.path, row as AnyRow]),
);

const ROW_BY_WORDS: ReadonlyMap<string, ApiError> = new Map(
  Object.values(ERRORS).map((error) => [error.message, error]),
);

/** Refusals whose words carry numbers or names, so that only their beginning is known. */
const REFUSALS: readonly (readonly [name: string, words: string, code: GrpcCode])[] = [
  refusal(malformed("")),
  ["MessageTooLarge", "grpc: received message larger than max", GRPC.RESOURCE_EXHAUSTED],
  ["UnknownMethod", "", GRPC.UNIMPLEMENTED],
];

const CODES = Object.entries(GRPC);
const REFUSAL_CODES: readonly GrpcCode[] = [
  GRPC.INVALID_ARGUMENT,
  GRPC.NOT_FOUND,
  GRPC.FAILED_PRECONDITION,
  GRPC.OUT_OF_RANGE,
  GRPC.UNIMPLEMENTED,
];

function refusal(error: ApiError): readonly [string, string, GrpcCode] {
  return [error.name, error.message, error.code];
}
