// Every call and answer that this server knows, as plain data. Field names are etcd's, in camel
// case.
//
// Numbers: a client may send any int64 as a revision, limit or version. They are saturated to safe
// integers at the wire (net/wire/convert.ts): no stored counter can reach 2^53, so every comparison
// with a saturated number has the same outcome. Lease ids are identities and stay bigint, signed.

import type { Bytes, ClusterId, LeaseId, NodeId } from "../contract.ts";
import type {
  ConcurrencyRequest,
  ConcurrencyResponse,
  ObserveRequest,
  ObserveResponse,
} from "./request-concurrency.ts";
import type {
  HealthRequest,
  HealthResponse,
  HealthWatchRequest,
  HealthWatchResponse,
} from "./request-health.ts";
import type { RangeStreamRequest, RangeStreamResponse } from "./request-stream.ts";
import type { AuthRequest, AuthResponse } from "./request-auth.ts";
import type {
  AlarmRequest,
  AlarmResponse,
  DowngradeRequest,
  DowngradeResponse,
} from "./request-maintenance.ts";
import type { ClusterRequest, ClusterResponse } from "./request-membership.ts";

export type Request = UnaryRequest | ConcurrencyRequest | HealthRequest | StreamRequest;
/** One request, one answer. */
export type UnaryRequest =
  KvRequest | CompactRequest | LeaseRequest | ClusterRequest | MaintenanceRequest | AuthRequest;
/** What a client says on a stream; the first of it opens the stream. */
export type StreamRequest =
  | WatchRequest
  | LeaseKeepAliveRequest
  | ObserveRequest
  | SnapshotRequest
  | RangeStreamRequest
  | HealthWatchRequest;
export type KvRequest = RangeRequest | PutRequest | DeleteRangeRequest | TxnRequest;
export type LeaseRequest =
  | LeaseGrantRequest
  | LeaseRevokeRequest
  | LeaseTimeToLiveRequest
  | Readonly<{ kind: "lease_leases" }>;
export type MaintenanceRequest = Readonly<
  | { kind: "status" }
  | AlarmRequest
  | DowngradeRequest
  | HashRequest
  | HashKvRequest
  | { kind: "move_leader"; targetId: NodeId }
  | { kind: "defragment" }
>;

/** Of everything in one member. */
export type HashRequest = Readonly<{ kind: "hash" }>;
/** Revision 0: the present. */
export type HashKvRequest = Readonly<{ kind: "hash_kv"; revision: number }>;

/** Sort orders and targets by their wire numbers; anything else is InvalidSortOption. */
export const SORT_ORDERS = ["none", "ascend", "descend"] as const;
export const SORT_TARGETS = ["key", "version", "create", "mod", "value"] as const;
export type SortOrder = (typeof SORT_ORDERS)[number] | "invalid";
export type SortTarget = (typeof SORT_TARGETS)[number] | "invalid";

export type RangeRequest = Readonly<{
  kind: "range";
  key: Bytes;
  rangeEnd: Bytes; // "" one key, "\0" from key on, else exclusive
  limit: number; // ≤ 0: all
  revision: number; // ≤ 0: the latest
  sortOrder: SortOrder;
  sortTarget: SortTarget;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number; // the four filters: 0 is off
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}>;

/** Nothing is said of it: whoever reads says which key, and what else matters. */
export const PLAIN_RANGE: RangeRequest = {
  kind: "range",
  key: "" as Bytes,
  rangeEnd: "" as Bytes,
  limit: 0,
  revision: 0,
  sortOrder: "none",
  sortTarget: "key",
  serializable: false,
  keysOnly: false,
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};

export type PutRequest = Readonly<{
  kind: "put";
  key: Bytes;
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}>;

export type DeleteRangeRequest = Readonly<{
  kind: "delete_range";
  key: Bytes;
  rangeEnd: Bytes;
  prevKv: boolean;
}>;

/** History below `revision` is given up; `physical`: answered once it is deleted here. */
export type CompactRequest = Readonly<{ kind: "compact"; revision: number; physical: boolean }>;

export type TxnRequest = Readonly<{
  kind: "txn";
  compare: readonly Compare[];
  success: readonly RequestOp[];
  failure: readonly RequestOp[];
}>;

/** An operation of a transaction; `empty` is one with no variant set, which etcd refuses. */
export type RequestOp = KvRequest | Readonly<{ kind: "empty" }>;

export const COMPARE_RESULTS = ["equal", "greater", "less", "not_equal"] as const;
export type CompareResult = (typeof COMPARE_RESULTS)[number] | "invalid"; // invalid: always holds

/** What is compared. As in etcd, a target whose own operand is absent compares with zero or "". */
export type CompareTarget = Readonly<
  | { kind: "version" | "create" | "mod"; operand: number }
  | { kind: "value"; operand: Uint8Array }
  | { kind: "lease"; operand: bigint }
  | { kind: "invalid" } // an unknown target number: both sides count as equal
>;

export type Compare = Readonly<{
  key: Bytes;
  rangeEnd: Bytes; // set: must hold for every key of the range
  result: CompareResult;
  target: CompareTarget;
}>;

/** Id 0: the server chooses one. */
export type LeaseGrantRequest = Readonly<{
  kind: "lease_grant";
  id: LeaseId;
  ttlSeconds: number; // raised to the least that the server can keep
}>;

export type LeaseRevokeRequest = Readonly<{ kind: "lease_revoke"; id: LeaseId }>;

export type LeaseKeepAliveRequest = Readonly<{ kind: "lease_keep_alive"; id: LeaseId }>;

export type LeaseTimeToLiveRequest = Readonly<{
  kind: "lease_time_to_live";
  id: LeaseId;
  keys: boolean; // tell what hangs on it
}>;

/** The whole store, as a file for etcd's tools. */
export type SnapshotRequest = Readonly<{ kind: "snapshot" }>;

const STREAMS: Readonly<Record<StreamRequest["kind"], true>> = {
  watch: true,
  lease_keep_alive: true,
  observe: true,
  snapshot: true,
  range_stream: true,
  health_watch: true,
};

export function isStreamRequest(request: Request): request is StreamRequest {
  return request.kind in STREAMS;
}

/** What a client says on a stream of watches; `nothing` is a message with no variant set. */
export type WatchRequest = Readonly<{ kind: "watch"; ask: WatchAsk }>;
export type WatchAsk = Readonly<
  | {
      kind: "create";
      key: Bytes; // "": from the first key on
      rangeEnd: Bytes; // as in RangeRequest
      startRevision: number; // 0: what comes next
      progressNotify: boolean;
      noPut: boolean;
      noDelete: boolean;
      prevKv: boolean;
      watchId: bigint; // 0: the server chooses
      fragment: boolean;
    }
  | { kind: "cancel"; watchId: bigint }
  | { kind: "progress" }
  | { kind: "nothing" }
>;

export type Response = UnaryResponse | ConcurrencyResponse | StreamResponse | HealthResponse;
export type StreamResponse =
  | WatchResponse
  | LeaseKeepAliveResponse
  | ObserveResponse
  | SnapshotResponse
  | RangeStreamResponse
  | HealthWatchResponse;
export type UnaryResponse =
  | KvResponse
  | LeaseResponse
  | AuthResponse
  | ClusterResponse
  | StatusResponse
  | CompactResponse
  | HashKvResponse
  | Readonly<{ kind: "hash"; header: Header; hash: number }>
  | AlarmResponse
  | DowngradeResponse
  | Readonly<{ kind: "move_leader"; header: Header }>
  | Readonly<{ kind: "defragment"; header: Header }>;
export type KvResponse = RangeResponse | PutResponse | DeleteRangeResponse | TxnResponse;

export type LeaseResponse =
  | Readonly<{ kind: "lease_grant"; header: Header; id: LeaseId; ttlSeconds: number }>
  | Readonly<{ kind: "lease_revoke"; header: Header }>
  | LeaseTimeToLiveResponse
  | Readonly<{ kind: "lease_leases"; header: Header; leases: readonly LeaseId[] }>;

/** Of a lease that does not exist: 0 seconds. */
export type LeaseKeepAliveResponse = Readonly<{
  kind: "lease_keep_alive";
  header: Header;
  id: LeaseId;
  ttlSeconds: number;
}>;

export type SnapshotResponse = Readonly<{
  kind: "snapshot";
  header: Header; // not sent, as in etcd
  remainingBytes: number;
  blob: Uint8Array;
  version: string; // of the storage
}>;

/** Of a lease that does not exist: −1 seconds left of 0, without keys. */
export type LeaseTimeToLiveResponse = Readonly<{
  kind: "lease_time_to_live";
  header: Header;
  id: LeaseId;
  ttlSeconds: number; // what is left
  grantedTtlSeconds: number;
  keys: readonly Bytes[];
}>;

/** Zero fields are not on the wire. Answers inside a transaction carry the revision only. */
export type Header = Readonly<{
  clusterId: ClusterId;
  memberId: NodeId;
  revision: number;
  raftTerm: number;
}>;

export type KeyValue = Readonly<{
  key: Bytes;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}>;

export type RangeResponse = Readonly<{
  kind: "range";
  header: Header;
  kvs: readonly KeyValue[];
  more: boolean;
  count: number;
}>;

export type PutResponse = Readonly<{ kind: "put"; header: Header; prevKv: KeyValue | null }>;

export type DeleteRangeResponse = Readonly<{
  kind: "delete_range";
  header: Header;
  deleted: number;
  prevKvs: readonly KeyValue[];
}>;

export type TxnResponse = Readonly<{
  kind: "txn";
  header: Header;
  succeeded: boolean;
  responses: readonly KvResponse[];
}>;

export type CompactResponse = Readonly<{ kind: "compact"; header: Header }>;

export type HashKvResponse = Readonly<{
  kind: "hash_kv";
  header: Header;
  hash: number;
  compactRevision: number; // -1: never compacted
  hashRevision: number;
}>;

export type StatusResponse = Readonly<{
  kind: "status";
  header: Header;
  version: string;
  dbSize: number;
  dbSizeInUse: number;
  leader: NodeId; // 0: none
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: readonly string[];
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: Readonly<{ enabled: boolean; targetVersion: string }> | null; // before 3.6
}>;

/** What happened to a key; of one that was deleted, `kv` has its name and the revision only. */
export type WatchEvent = Readonly<{
  kind: "put" | "delete";
  kv: KeyValue;
  prevKv: KeyValue | null;
}>;

export type WatchResponse = Readonly<{
  kind: "watch";
  header: Header;
  watchId: bigint; // −1: of all watches of the stream, or of none
  created: boolean;
  canceled: boolean;
  compactRevision: number; // set: the watch wanted what is compacted away
  cancelReason: string;
  fragment: boolean; // more events of the same revisions follow
  events: readonly WatchEvent[];
}>;
