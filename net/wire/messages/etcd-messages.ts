// The field tables of etcd's public API (rpc.proto, kv.proto), in the order of the field numbers.
// A name is etcd's in camel case. To serve another call, add its messages here, or
// in a table of its service that is spread into MESSAGES.

import { AUTH_MESSAGES } from "./messages-auth.ts";
import { CONCURRENCY_MESSAGES } from "./messages-concurrency.ts";
import { HEALTH_MESSAGES } from "./messages-health.ts";
import { DOWNGRADE_MESSAGES } from "./messages-downgrade.ts";
import { CLUSTER_MESSAGES } from "./messages-cluster.ts";
import { createCodec } from "../protobuf/protobuf.ts";
import type { Codec, Decoded, Encodable } from "../protobuf/protobuf.ts";

const CORE_MESSAGES = {
  ResponseHeader: {
    clusterId: [1, "uint64"],
    memberId: [2, "uint64"],
    revision: [3, "int64"],
    raftTerm: [4, "uint64"],
  },
  KeyValue: {
    key: [1, "key"],
    createRevision: [2, "int64"],
    modRevision: [3, "int64"],
    version: [4, "int64"],
    value: [5, "bytes"],
    lease: [6, "int64"],
  },
  RangeRequest: {
    key: [1, "key"],
    rangeEnd: [2, "key"],
    limit: [3, "int64"],
    revision: [4, "int64"],
    sortOrder: [5, "enum SortOrder"],
    sortTarget: [6, "enum SortTarget"],
    serializable: [7, "bool"],
    keysOnly: [8, "bool"],
    countOnly: [9, "bool"],
    minModRevision: [10, "int64"],
    maxModRevision: [11, "int64"],
    minCreateRevision: [12, "int64"],
    maxCreateRevision: [13, "int64"],
  },
  RangeResponse: {
    header: [1, "ResponseHeader"],
    kvs: [2, "KeyValue", "repeated"],
    more: [3, "bool"],
    count: [4, "int64"],
  },
  RangeStreamResponse: {
    rangeResponse: [1, "RangeResponse"],
  },
  PutRequest: {
    key: [1, "key"],
    value: [2, "bytes"],
    lease: [3, "int64"],
    prevKv: [4, "bool"],
    ignoreValue: [5, "bool"],
    ignoreLease: [6, "bool"],
  },
  PutResponse: {
    header: [1, "ResponseHeader"],
    prevKv: [2, "KeyValue"],
  },
  DeleteRangeRequest: {
    key: [1, "key"],
    rangeEnd: [2, "key"],
    prevKv: [3, "bool"],
  },
  DeleteRangeResponse: {
    header: [1, "ResponseHeader"],
    deleted: [2, "int64"],
    prevKvs: [3, "KeyValue", "repeated"],
  },
  TxnRequest: {
    compare: [1, "Compare", "repeated"],
    success: [2, "RequestOp", "repeated"],
    failure: [3, "RequestOp", "repeated"],
  },
  Compare: {
    result: [1, "enum CompareResult"],
    target: [2, "enum CompareTarget"],
    key: [3, "key"],
    version: [4, "int64", "oneof"],
    createRevision: [5, "int64", "oneof"],
    modRevision: [6, "int64", "oneof"],
    value: [7, "bytes", "oneof"],
    lease: [8, "int64", "oneof"],
    rangeEnd: [64, "key"],
  },
  RequestOp: {
    range: [1, "RangeRequest", "oneof", "request_range"],
    put: [2, "PutRequest", "oneof", "request_put"],
    deleteRange: [3, "DeleteRangeRequest", "oneof", "request_delete_range"],
    txn: [4, "TxnRequest", "oneof", "request_txn"],
  },
  TxnResponse: {
    header: [1, "ResponseHeader"],
    succeeded: [2, "bool"],
    responses: [3, "ResponseOp", "repeated"],
  },
  ResponseOp: {
    range: [1, "RangeResponse", "oneof", "response_range"],
    put: [2, "PutResponse", "oneof", "response_put"],
    deleteRange: [3, "DeleteRangeResponse", "oneof", "response_delete_range"],
    txn: [4, "TxnResponse", "oneof", "response_txn"],
  },
  CompactionRequest: {
    revision: [1, "int64"],
    physical: [2, "bool"],
  },
  CompactionResponse: {
    header: [1, "ResponseHeader"],
  },
  HashRequest: {},
  HashResponse: {
    header: [1, "ResponseHeader"],
    hash: [2, "uint32"],
  },
  HashKVRequest: {
    revision: [1, "int64"],
  },
  HashKVResponse: {
    header: [1, "ResponseHeader"],
    hash: [2, "uint32"],
    compactRevision: [3, "int64"],
    hashRevision: [4, "int64"],
  },
  SnapshotRequest: {},
  SnapshotResponse: {
    header: [1, "ResponseHeader"],
    remainingBytes: [2, "uint64"],
    blob: [3, "bytes"],
    version: [4, "string"],
  },
  DefragmentRequest: {},
  DefragmentResponse: {
    header: [1, "ResponseHeader"],
  },
  MoveLeaderRequest: {
    targetId: [1, "uint64", "one", "targetID"],
  },
  MoveLeaderResponse: {
    header: [1, "ResponseHeader"],
  },
  LeaseGrantRequest: {
    ttl: [1, "int64", "one", "TTL"],
    id: [2, "int64", "one", "ID"],
  },
  LeaseGrantResponse: {
    header: [1, "ResponseHeader"],
    id: [2, "int64", "one", "ID"],
    ttl: [3, "int64", "one", "TTL"],
    error: [4, "string"],
  },
  LeaseRevokeRequest: {
    id: [1, "int64", "one", "ID"],
  },
  LeaseRevokeResponse: {
    header: [1, "ResponseHeader"],
  },
  LeaseKeepAliveRequest: {
    id: [1, "int64", "one", "ID"],
  },
  LeaseKeepAliveResponse: {
    header: [1, "ResponseHeader"],
    id: [2, "int64", "one", "ID"],
    ttl: [3, "int64", "one", "TTL"],
  },
  LeaseTimeToLiveRequest: {
    id: [1, "int64", "one", "ID"],
    keys: [2, "bool"],
  },
  LeaseTimeToLiveResponse: {
    header: [1, "ResponseHeader"],
    id: [2, "int64", "one", "ID"],
    ttl: [3, "int64", "one", "TTL"],
    grantedTtl: [4, "int64", "one", "grantedTTL"],
    keys: [5, "key", "repeated"],
  },
  LeaseLeasesRequest: {},
  LeaseStatus: {
    id: [1, "int64", "one", "ID"],
  },
  LeaseLeasesResponse: {
    header: [1, "ResponseHeader"],
    leases: [2, "LeaseStatus", "repeated"],
  },
  Event: {
    type: [1, "enum EventType"],
    kv: [2, "KeyValue"],
    prevKv: [3, "KeyValue"],
  },
  WatchRequest: {
    createRequest: [1, "WatchCreateRequest", "oneof"],
    cancelRequest: [2, "WatchCancelRequest", "oneof"],
    progressRequest: [3, "WatchProgressRequest", "oneof"],
  },
  WatchCreateRequest: {
    key: [1, "key"],
    rangeEnd: [2, "key"],
    startRevision: [3, "int64"],
    progressNotify: [4, "bool"],
    filters: [5, "enum FilterType", "repeated"],
    prevKv: [6, "bool"],
    watchId: [7, "int64"],
    fragment: [8, "bool"],
  },
  WatchCancelRequest: {
    watchId: [1, "int64"],
  },
  WatchProgressRequest: {},
  WatchResponse: {
    header: [1, "ResponseHeader"],
    watchId: [2, "int64"],
    created: [3, "bool"],
    canceled: [4, "bool"],
    compactRevision: [5, "int64"],
    cancelReason: [6, "string"],
    fragment: [7, "bool"],
    events: [11, "Event", "repeated"],
  },
  AlarmRequest: {
    action: [1, "enum AlarmAction"],
    memberId: [2, "uint64", "one", "memberID"],
    alarm: [3, "enum AlarmType"],
  },
  AlarmMember: {
    memberId: [1, "uint64", "one", "memberID"],
    alarm: [2, "enum AlarmType"],
  },
  AlarmResponse: {
    header: [1, "ResponseHeader"],
    alarms: [2, "AlarmMember", "repeated"],
  },
  StatusRequest: {},
  StatusResponse: {
    header: [1, "ResponseHeader"],
    version: [2, "string"],
    dbSize: [3, "int64", "one", "dbSize"],
    leader: [4, "uint64"],
    raftIndex: [5, "uint64", "one", "raftIndex"],
    raftTerm: [6, "uint64", "one", "raftTerm"],
    raftAppliedIndex: [7, "uint64", "one", "raftAppliedIndex"],
    errors: [8, "string", "repeated"],
    dbSizeInUse: [9, "int64", "one", "dbSizeInUse"],
    isLearner: [10, "bool", "one", "isLearner"],
    storageVersion: [11, "string", "one", "storageVersion"],
    dbSizeQuota: [12, "int64", "one", "dbSizeQuota"],
    downgradeInfo: [13, "DowngradeInfo", "one", "downgradeInfo"],
  },
  DowngradeInfo: {
    enabled: [1, "bool"],
    targetVersion: [2, "string", "one", "targetVersion"],
  },
} as const;

type Messages = typeof CORE_MESSAGES &
  typeof AUTH_MESSAGES &
  typeof CLUSTER_MESSAGES &
  typeof CONCURRENCY_MESSAGES &
  typeof DOWNGRADE_MESSAGES &
  typeof HEALTH_MESSAGES;

export const MESSAGES: Messages = {
  ...CORE_MESSAGES,
  ...AUTH_MESSAGES,
  ...CLUSTER_MESSAGES,
  ...CONCURRENCY_MESSAGES,
  ...DOWNGRADE_MESSAGES,
  ...HEALTH_MESSAGES,
};

export type MessageName = keyof Messages;
/** A decoded message of this name, and one to encode. */
export type Wire<N extends MessageName> = Decoded<Messages, N>;
export type ToWire<N extends MessageName> = Encodable<Messages, N>;

export const CODEC: Codec<Messages> = createCodec(MESSAGES);
