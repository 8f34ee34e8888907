// Answers: the plain data of core/api ↔ wire objects. Most have etcd's field names already, so that
// encoding one copies nothing. Requests are in convert-request.ts.

import type { Header, KeyValue, KvResponse, Response } from "../../../core/api/request.ts";
import { assertNever } from "../../../core/lib/assert.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { clusterId, leaseId, nodeId, saturate } from "./numbers.ts";

export type ResponseOf<K extends Response["kind"]> = Extract<Response, { kind: K }>;

const NO_HEADER: Header = {
  clusterId: clusterId(0),
  memberId: nodeId(0),
  revision: 0,
  raftTerm: 0,
};

export function rangeResponseFromWire(wire: Wire<"RangeResponse">): ResponseOf<"range"> {
  return {
    kind: "range",
    header: headerFromWire(wire.header),
    kvs: wire.kvs.map(keyValueFromWire),
    more: wire.more,
    count: saturate(wire.count),
  };
}

/** Only the last piece has a header. */
export function rangeStreamResponseToWire(
  response: ResponseOf<"range_stream">,
): ToWire<"RangeStreamResponse"> {
  const { header, isLast, kvs, more, count } = response;
  return { rangeResponse: { header: isLast ? header : null, kvs, more, count } };
}

export function rangeStreamResponseFromWire(
  wire: Wire<"RangeStreamResponse">,
): ResponseOf<"range_stream"> | null {
  if (wire.rangeResponse === null) return null;
  const isLast = wire.rangeResponse.header !== null;
  return { ...rangeResponseFromWire(wire.rangeResponse), kind: "range_stream", isLast };
}

export function putResponseFromWire(wire: Wire<"PutResponse">): ResponseOf<"put"> {
  const prevKv = wire.prevKv === null ? null : keyValueFromWire(wire.prevKv);
  return { kind: "put", header: headerFromWire(wire.header), prevKv };
}

export function deleteRangeResponseFromWire(
  wire: Wire<"DeleteRangeResponse">,
): ResponseOf<"delete_range"> {
  return {
    kind: "delete_range",
    header: headerFromWire(wire.header),
    deleted: saturate(wire.deleted),
    prevKvs: wire.prevKvs.map(keyValueFromWire),
  };
}

/** Null where an operation has no answer: no etcd says that. */
export function txnResponseFromWire(wire: Wire<"TxnResponse">): ResponseOf<"txn"> | null {
  const responses: KvResponse[] = [];
  for (const item of wire.responses) {
    const response = operationResponseFromWire(item);
    if (response === null) return null;
    responses.push(response);
  }
  const header = headerFromWire(wire.header);
  return { kind: "txn", header, succeeded: wire.succeeded, responses };
}

export function txnResponseToWire(response: ResponseOf<"txn">): ToWire<"TxnResponse"> {
  const { header, succeeded } = response;
  return { header, succeeded, responses: response.responses.map(operationResponseToWire) };
}

export function leaseGrantResponseFromWire(
  wire: Wire<"LeaseGrantResponse">,
): ResponseOf<"lease_grant"> {
  const header = headerFromWire(wire.header);
  return { kind: "lease_grant", header, id: leaseId(wire.id), ttlSeconds: saturate(wire.ttl) };
}

export function keepAliveResponseFromWire(
  wire: Wire<"LeaseKeepAliveResponse">,
): ResponseOf<"lease_keep_alive"> {
  const { header, id, ttl } = wire;
  return {
    kind: "lease_keep_alive",
    header: headerFromWire(header),
    id: leaseId(id),
    ttlSeconds: saturate(ttl),
  };
}

export function leaseRevokeResponseFromWire(
  wire: Wire<"LeaseRevokeResponse">,
): ResponseOf<"lease_revoke"> {
  return { kind: "lease_revoke", header: headerFromWire(wire.header) };
}

export function timeToLiveResponseFromWire(
  wire: Wire<"LeaseTimeToLiveResponse">,
): ResponseOf<"lease_time_to_live"> {
  return {
    kind: "lease_time_to_live",
    header: headerFromWire(wire.header),
    id: leaseId(wire.id),
    ttlSeconds: saturate(wire.ttl),
    grantedTtlSeconds: saturate(wire.grantedTtl),
    keys: wire.keys,
  };
}

export function timeToLiveResponseToWire(
  response: ResponseOf<"lease_time_to_live">,
): ToWire<"LeaseTimeToLiveResponse"> {
  const { header, id, ttlSeconds, grantedTtlSeconds, keys } = response;
  return { header, id, ttl: ttlSeconds, grantedTtl: grantedTtlSeconds, keys };
}

export function leasesResponseFromWire(
  wire: Wire<"LeaseLeasesResponse">,
): ResponseOf<"lease_leases"> {
  const leases = wire.leases.map(({ id }) => leaseId(id));
  return { kind: "lease_leases", header: headerFromWire(wire.header), leases };
}

export function statusResponseFromWire(wire: Wire<"StatusResponse">): ResponseOf<"status"> {
  return {
    kind: "status",
    header: headerFromWire(wire.header),
    version: wire.version,
    dbSize: saturate(wire.dbSize),
    dbSizeInUse: saturate(wire.dbSizeInUse),
    leader: nodeId(wire.leader),
    raftIndex: saturate(wire.raftIndex),
    raftTerm: saturate(wire.raftTerm),
    raftAppliedIndex: saturate(wire.raftAppliedIndex),
    errors: wire.errors,
    isLearner: wire.isLearner,
    storageVersion: wire.storageVersion,
    dbSizeQuota: saturate(wire.dbSizeQuota),
    downgradeInfo: wire.downgradeInfo,
  };
}

export function hashResponseFromWire(wire: Wire<"HashResponse">): ResponseOf<"hash"> {
  return { kind: "hash", header: headerFromWire(wire.header), hash: wire.hash };
}

export function snapshotResponseFromWire(wire: Wire<"SnapshotResponse">): ResponseOf<"snapshot"> {
  const { header, remainingBytes, blob, version } = wire;
  const rest = { remainingBytes: saturate(remainingBytes), blob, version };
  return { kind: "snapshot", header: headerFromWire(header), ...rest };
}

export function hashKvResponseFromWire(wire: Wire<"HashKVResponse">): ResponseOf<"hash_kv"> {
  return {
    kind: "hash_kv",
    header: headerFromWire(wire.header),
    hash: wire.hash,
    compactRevision: saturate(wire.compactRevision),
    hashRevision: saturate(wire.hashRevision),
  };
}

/** The answers that say no more than that it is done. */
export function headerOnlyFromWire<K extends string>(
  kind: K,
  wire: Readonly<{ header: Wire<"ResponseHeader"> | null }>,
): Readonly<{ kind: K; header: Header }> {
  return { kind, header: headerFromWire(wire.header) };
}

/** As in etcd, a header that says nothing is not there. */
export function headerOnlyToWire({ header }: Readonly<{ header: Header }>): Readonly<{
  header: Header | null;
}> {
  return { header: header.clusterId === 0n ? null : header };
}

function operationResponseFromWire(wire: Wire<"ResponseOp">): KvResponse | null {
  if (wire.range !== null) return rangeResponseFromWire(wire.range);
  if (wire.put !== null) return putResponseFromWire(wire.put);
  if (wire.deleteRange !== null) return deleteRangeResponseFromWire(wire.deleteRange);
  return wire.txn === null ? null : txnResponseFromWire(wire.txn);
}

function operationResponseToWire(response: KvResponse): ToWire<"ResponseOp"> {
  switch (response.kind) {
    case "range":
      return { range: response };
    case "put":
      return { put: response };
    case "delete_range":
      return { deleteRange: response };
    case "txn":
      return { txn: txnResponseToWire(response) };
    default:
      return assertNever(response);
  }
}

export function headerFromWire(wire: Wire<"ResponseHeader"> | null): Header {
  if (wire === null) return NO_HEADER;
  return {
    clusterId: clusterId(wire.clusterId),
    memberId: nodeId(wire.memberId),
    revision: saturate(wire.revision),
    raftTerm: saturate(wire.raftTerm),
  };
}

export function keyValueFromWire(wire: Wire<"KeyValue">): KeyValue {
  return {
    key: wire.key,
    createRevision: saturate(wire.createRevision),
    modRevision: saturate(wire.modRevision),
    version: saturate(wire.version),
    value: wire.value,
    lease: leaseId(wire.lease),
  };
}
