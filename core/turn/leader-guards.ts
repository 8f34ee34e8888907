// What stands before every call: whether this member may serve it at all, and whether its caller
// would rather have an error than wait on a member that knows no leader ("hasleader").
//
// A new call is refused at once. A stream that is open is more dear to its client, so it is ended
// only when no leader was known for as long as three elections may take, as in etcd.

import type { CallContext, CallId } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import { refuseForLearner } from "../membership/reconfiguration.ts";
import type { Request } from "../api/request.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, set } from "../lib/ordered-map.ts";
import { setStreams } from "./set-state.ts";
import type { Turn } from "./turn.ts";

/** The open streams of such callers. */
export type Guarded = OrderedMap<CallId, true>;

const ELECTIONS = 3;

export function createGuarded(): Guarded {
  return createOrderedMap();
}

/** What every call is refused with, whatever it is about. */
export function refusalAtDoor(turn: Turn, request: Request, context: CallContext): ApiError | null {
  const { state } = turn;
  const lacksLeader = context.requireLeader && state.raft.leader === null;
  return refuseForLearner(state, request) ?? (lacksLeader ? ERRORS.NoLeader : null);
}

export function guardStream(turn: Turn, call: CallId, context: CallContext): void {
  if (!context.requireLeader) return;
  setStreams(turn, { ...turn.state.streams, guarded: set(turn.state.streams.guarded, call, true) });
}

/** Ends the streams that have been without a leader for too long. */
export function tickGuards(turn: Turn, end: (call: CallId) => void): void {
  const { raft, now, config } = turn.state;
  const { leaderLostAt } = turn.state.leadership;
  const { guarded } = turn.state.streams;
  if (raft.leader !== null || now - leaderLostAt < ELECTIONS * config.electionMs) return;
  for (const [call] of entries(guarded)) end(call);
}
