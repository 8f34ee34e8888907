// What happens to a call: refused, answered here and now, answered after a ticket, or proposed.

import type { KvReader, NodeId, Result } from "../contract.ts";
import type { Store } from "../apply/apply.ts";
import { alarmsOf } from "../apply/alarms.ts";
import type { WriteRequest } from "../apply/commands/command.ts";
import type { Config } from "../config.ts";
import type { RaftState } from "../raft/state.ts";
import type { AuthWriteRequest } from "../services/auth/calls.ts";
import {
  answerAuth,
  isPasswordRequest,
  refusalOfName,
  refusalOfPassword,
} from "../services/auth/calls.ts";
import { answerDowngrade, validateDowngrade } from "../services/maintenance/downgrade.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { AuthenticateRequest } from "../api/request-auth.ts";
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
} from "../api/request.ts";
import { isAlarmChange } from "../api/request-maintenance.ts";
import type { AlarmChange, DowngradeRequest } from "../api/request-maintenance.ts";
import { statusOf } from "../services/maintenance/status.ts";
import { isMembershipRequest } from "../api/request-membership.ts";
import type { MembershipRequest } from "../api/request-membership.ts";
import { validate } from "../services/kv/validate.ts";
import { replicaOf } from "../turn/header.ts";

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
  const header: Header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
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
