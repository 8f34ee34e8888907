// What happens to a call: refused, answered here and now, answered after a ticket, or proposed.

import type { ClusterId, KvReader, NodeId, Result } from "../contract.ts";
import type { Replica, Store } from "../apply/apply.ts";
import { alarmsOf } from "../apply/alarms.ts";
import type { WriteRequest } from "../apply/command.ts";
import type { Config } from "../config.ts";
import type { Mvcc } from "../mvcc/store.ts";
import type { RaftState } from "../raft/state.ts";
import type { AuthWriteRequest } from "./auth.ts";
import { answerAuth, isPasswordRequest, refusalOfName, refusalOfPassword } from "./auth.ts";
import { answerDowngrade, validateDowngrade } from "./downgrade.ts";
import type { ApiError } from "./errors.ts";
import { ERRORS } from "./errors.ts";
import type { AuthenticateRequest } from "./request-auth.ts";
import type {
  HashKvRequest,
  HashRequest,
  Header,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  UnaryRequest,
  UnaryResponse,
} from "./request.ts";
import { isAlarmChange } from "./request-maintenance.ts";
import type { AlarmChange, DowngradeRequest } from "./request-maintenance.ts";
import { statusOf } from "./status.ts";
import { isMembershipRequest } from "./request-membership.ts";
import type { MembershipRequest } from "./request-membership.ts";
import { validate } from "./validate.ts";

export type Plan = Readonly<
  | { kind: "refuse"; error: ApiError }
  | { kind: "local" } // from the state as it is
  | { kind: "linearizable" } // from the state once Raft has vouched for it
  | { kind: "leader" } // by the leader alone, once Raft has vouched for it
  | { kind: "propose"; request: ProposedRequest }
  | { kind: "promote" } // by the leader alone, who must judge it
  | { kind: "transfer"; to: NodeId } // hand the leadership over, and answer once that is done
>;

/** A request that is answered without the log. */
export type ReadRequest =
  | Exclude<
      UnaryRequest,
      | WriteRequest
      | LeaseWrite
      | AuthWriteRequest
      | AuthenticateRequest
      | LeaseTimeToLiveRequest
      | MembershipRequest
      | Readonly<{ kind: "move_leader" }>
    >
  | TxnRequest;
/** What may be too large for one step. */
type LargeRequest = RangeRequest | TxnRequest | HashRequest | HashKvRequest;
export type LeaseWrite = LeaseGrantRequest | LeaseRevokeRequest;
export type ProposedRequest =
  WriteRequest | LeaseWrite | AlarmChange | DowngradeRequest | AuthWriteRequest | MembershipRequest;

/** What etcd puts on the answers of move-leader and defragment. */
export const NO_HEADER: Header = {
  clusterId: 0n as ClusterId,
  memberId: 0n as NodeId,
  revision: 0,
  raftTerm: 0,
};

/** `behind` is how many committed entries wait to be applied here. */
export function plan(request: UnaryRequest, config: Config, raft: RaftState, behind: number): Plan {
  const proposed = (write: ProposedRequest): Plan => planWrite(write, config, behind);
  const unnamable = refusalOfName(request);
  if (unnamable !== null) return { kind: "refuse", error: unnamable };
  if (request.kind === "member_promote") return { kind: "promote" };
  if (isMembershipRequest(request)) return proposed(request);
  switch (request.kind) {
    case "range":
    case "put":
    case "delete_range":
    case "txn": {
      const error = validate(request, config.limits.transactionOperations);
      if (error !== null) return { kind: "refuse", error };
      if (request.kind === "range") return readPlan([request]);
      if (request.kind === "txn" && isReadOnly(request)) {
        return readPlan([...request.success, ...request.failure]);
      }
      return proposed(request);
    }
    case "compact":
    case "lease_grant":
    case "lease_revoke":
      return proposed(request);
    case "lease_time_to_live":
      return { kind: "leader" };
    case "lease_leases":
      return { kind: "local" };
    case "member_list":
      return request.linearizable ? { kind: "linearizable" } : { kind: "local" };
    case "move_leader":
      return planTransfer(request.targetId, config, raft);
    case "alarm":
      return isAlarmChange(request) ? proposed(request) : { kind: "linearizable" };
    case "downgrade": {
      const error = validateDowngrade(request, config);
      if (error !== null) return { kind: "refuse", error };
      return request.action === "validate" ? { kind: "linearizable" } : proposed(request);
    }
    case "status":
    case "hash":
    case "hash_kv":
    case "defragment":
      return { kind: "local" };
    case "auth_status":
    case "user_get":
    case "user_list":
    case "role_get":
    case "role_list":
      return { kind: "linearizable" };
    case "authenticate":
      return { kind: "linearizable" };
    case "user_add":
    case "user_change_password": {
      if (!isPasswordRequest(request)) return proposed(request);
      const error = refusalOfPassword(request);
      return error === null ? { kind: "linearizable" } : { kind: "refuse", error };
    }
    case "auth_enable":
    case "auth_disable":
    case "user_delete":
    case "user_grant_role":
    case "user_revoke_role":
    case "role_add":
    case "role_delete":
    case "role_grant_permission":
    case "role_revoke_permission":
      return proposed(request);
  }
}

function planWrite(request: ProposedRequest, config: Config, behind: number): Plan {
  if (behind <= config.limits.applyBehind) return { kind: "propose", request };
  return { kind: "refuse", error: ERRORS.TooManyRequests };
}

/** As in etcd, only the leader hands over, and to a voter. */
function planTransfer(to: NodeId, config: Config, raft: RaftState): Plan {
  if (raft.leader !== config.node) return { kind: "refuse", error: ERRORS.NotLeader };
  if (raft.voters.includes(to)) return { kind: "transfer", to };
  return { kind: "refuse", error: ERRORS.BadLeaderTransferee };
}

/** Answers a read from the replica's own state; the caller has seen to it that the state is fit. */
export function answer(
  request: Exclude<ReadRequest, LargeRequest | Readonly<{ kind: "lease_leases" | "defragment" }>>,
  config: Config,
  raft: RaftState,
  store: Store,
  kv: KvReader,
): Result<UnaryResponse> {
  const replica = { clusterId: config.cluster, memberId: config.node, raftTerm: raft.term };
  const header: Header = { ...replica, revision: store.mvcc.revision };
  switch (request.kind) {
    case "member_list": // the Cluster service shows no revision
      return ok({
        kind: "member_list",
        header: { ...header, revision: 0 },
        members: store.members,
      });
    case "status":
      return ok(statusOf(header, config, raft, store, kv));
    case "alarm": {
      const alarms = request.action === "get" ? alarmsOf(store.alarms, request.alarm) : [];
      return ok({ kind: "alarm", header, alarms });
    }
    case "downgrade":
      return answerDowngrade(request, header, config, store);
    case "auth_status":
    case "user_get":
    case "user_list":
    case "role_get":
    case "role_list":
      return answerAuth(request, store.auth, header);
  }
}

/** It may be of any revision that a range may be of. */
export function refusalOfHashKv(mvcc: Mvcc, revision: number): ApiError | null {
  if (revision > mvcc.revision) return ERRORS.FutureRevision;
  return revision > 0 && revision < mvcc.compaction.scheduled ? ERRORS.Compacted : null;
}

export function replicaOf(config: Config, raft: RaftState): Replica {
  return { clusterId: config.cluster, memberId: config.node, raftTerm: raft.term };
}

/** As in etcd, a transaction of ranges alone never goes through the log. Unlike etcd, one without
 *  any operation is linearizable too: its answer tells whether the compares held. */
function isReadOnly(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every((operation) => operation.kind === "range");
}

function readPlan(ranges: readonly RequestOp[]): Plan {
  const serializable = ranges.every((each) => each.kind === "range" && each.serializable);
  return serializable && ranges.length > 0 ? { kind: "local" } : { kind: "linearizable" };
}

function ok(value: UnaryResponse): Result<UnaryResponse> {
  return { ok: true, value };
}
