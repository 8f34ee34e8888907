// What a call is told that waited too long. The words are etcd's, and tell an operator where to
// look. Source: etcd server/etcdserver/v3_server.go and server.go (parseProposeCtxErr).

import type { Millis, NodeId } from "../contract.ts";
import type { WaitingCall } from "./calls.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import { isReading } from "./reads.ts";
import type { Calls, Leadership, NodeState } from "../node-state.ts";
import { quorumSize } from "../raft/quorum.ts";

type Surroundings = Pick<NodeState, "now" | "raft" | "config"> &
  Readonly<{ calls: Pick<Calls, "reads">; leadership: Pick<Leadership, "links" | "leaderLostAt"> }>;

export function timeoutOf(state: Surroundings, waiting: WaitingCall): ApiError {
  const { now, raft } = state;
  const { reads } = state.calls;
  const { leaderLostAt } = state.leadership;
  const { call, request, context, since } = waiting;
  if (request.kind === "move_leader") return ERRORS.TimeoutLeaderTransfer;
  if (now >= context.deadline) return ERRORS.DeadlineExceeded;
  if (request.kind === "lease_time_to_live" && raft.leader === null) return ERRORS.NoLeader;
  if (request.kind === "lease_time_to_live" || isReading(reads, call)) return ERRORS.Timeout;
  if (leaderLostAt >= since) return ERRORS.TimeoutDueToLeaderFail;
  const isHeard = raft.leader === null || isReached(state, raft.leader, since);
  return isHeard ? ERRORS.Timeout : ERRORS.TimeoutDueToConnectionLost;
}

/** Whether all that time there was a way to the leader; from it, to enough of the others. */
function isReached(state: Surroundings, leader: NodeId, since: Millis): boolean {
  const { raft, config } = state;
  const { links } = state.leadership;
  const isLinked = (id: NodeId): boolean =>
    id === config.node || links.some((link) => link.peer === id && link.since <= since);
  if (leader !== config.node) return isLinked(leader);
  return raft.voters.filter(isLinked).length >= quorumSize(raft.voters.length);
}
