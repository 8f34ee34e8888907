// What leases have left, and which there are: told by the leader, or by a node that asked it.

import type { Bytes, CallContext, CallId } from "../../contract.ts";
import type { Told } from "../../turn/leader-calls.ts";
import { openLeaderCall } from "../../turn/leader-calls.ts";
import type { WaitingCall } from "../../turn/calls.ts";
import { findCall } from "../../turn/calls.ts";
import { replicaOf } from "../../turn/header.ts";
import type { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } from "../../api/request.ts";
import { inOrderOfEnds, remainingMs } from "../../lease/deadlines.ts";
import { allLeases, findLease, keysOf } from "../../lease/lessor.ts";
import type { LeaseAnswer } from "../../lease/message.ts";
import { refusalOfKeysNow } from "../../turn/callers.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

export type Known = Pick<LeaseAnswer, "ttlSeconds" | "grantedTtlSeconds" | "revision">;

/** Null: this node does not lead. */
export function lookUp(state: NodeState, id: bigint): Known | null {
  const { raft, store, now } = state;
  const { deadlines } = state.leadership;
  if (deadlines === null || raft.role !== "leader" || deadlines.term !== raft.term) return null;
  const lease = findLease(store.lessor, id);
  const { revision } = store.mvcc;
  if (lease === null) return { ttlSeconds: -1, grantedTtlSeconds: 0, revision };
  const { ttlSeconds: grantedTtlSeconds } = lease;
  const left = Math.floor(remainingMs(deadlines, id, now) / 1000);
  const ttlSeconds = Math.min(left, grantedTtlSeconds); // a new leader's grace is not shown
  return { ttlSeconds, grantedTtlSeconds, revision };
}

/** Raft has vouched for this node's lead at some moment since the call came. */
export function serveLease(
  turn: Turn,
  { call, context }: Pick<WaitingCall, "call" | "context">,
  request: LeaseTimeToLiveRequest,
): void {
  const known = lookUp(turn.state, request.id);
  if (known !== null) return replyTimeToLive(turn, context, { call, request, known });
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: openLeaderCall(turn.state.calls.leaderCalls, call),
  });
}

/** Answers what the leader has told, once this node's store knows as much as the leader's did. */
export function serveTold(turn: Turn): void {
  const { store, installing } = turn.state;
  const { leaderCalls, pending } = turn.state.calls;
  if (leaderCalls.told.length === 0 || installing !== null) return;
  const waits = ({ call, answer }: Told): boolean =>
    answer.revision > store.mvcc.revision && findCall(pending, call) !== null;
  const told = leaderCalls.told.filter(waits);
  if (told.length === leaderCalls.told.length) return;
  setCalls(turn, { ...turn.state.calls, leaderCalls: { ...leaderCalls, told } });
  for (const { call, answer } of leaderCalls.told.filter((each) => !waits(each))) {
    const waiting = findCall(pending, call);
    if (waiting?.request.kind !== "lease_time_to_live") continue; // it timed out meanwhile
    const { request, context } = waiting;
    replyTimeToLive(turn, context, { call, request, known: answer });
  }
}

type LeaseToTell = Readonly<{ call: CallId; request: LeaseTimeToLiveRequest; known: Known }>;

/** To whom may know of the keys that hang on it. */
function replyTimeToLive(turn: Turn, context: CallContext, { call, request, known }: LeaseToTell) {
  const lease = request.keys ? findLease(turn.state.store.lessor, request.id) : null;
  const keys = lease === null ? [] : keysOf(lease);
  const error = refusalOfKeysNow(turn, keys, context);
  if (error !== null) return reply(turn, call, { ok: false, error });
  reply(turn, call, { ok: true, value: timeToLive(turn.state, request, known, keys) });
}

function timeToLive(
  state: NodeState,
  request: LeaseTimeToLiveRequest,
  known: Known,
  keys: readonly Bytes[],
): LeaseTimeToLiveResponse {
  const { config, raft, store } = state;
  const header = {
    ...replicaOf(config, raft),
    revision: Math.max(store.mvcc.revision, known.revision),
  };
  const { ttlSeconds, grantedTtlSeconds } = known;
  const { id } = request;
  return { kind: "lease_time_to_live", header, id, ttlSeconds, grantedTtlSeconds, keys };
}

/** Only a leader knows their order; to all others they end at no time, as in etcd. */
export function listLeases(turn: Turn, call: CallId): void {
  const { config, raft, store, now } = turn.state;
  const { deadlines } = turn.state.leadership;
  const leases =
    deadlines === null
      ? Array.from(allLeases(store.lessor), ({ id }) => id)
      : inOrderOfEnds(deadlines, now);
  const header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  reply(turn, call, { ok: true, value: { kind: "lease_leases", header, leases } });
}
