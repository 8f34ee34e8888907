// Leases in a running node: their ids, the least that they live, and what each tick does for them.

import type { CallId, LeaseId } from "../../contract.ts";
import {
  dismissOld,
  expiredKeepAlives,
  neglectedStreams,
  reopen,
} from "../../turn/leader-calls.ts";
import { ERRORS } from "../../api/errors.ts";
import type { Config } from "../../config.ts";
import { requestTimeoutMs } from "../../config.ts";
import { createPrng, next } from "../../lib/prng.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { expire, noteRemaining } from "./expiry.ts";
import { endKeepAlive } from "./keep-alive.ts";

/** A lease must outlive an election, or every change of leader would end it. */
export function leastTtlSeconds({
  electionMs,
  heartbeatMs,
}: Pick<Config, "electionMs" | "heartbeatMs">): number {
  const ticks = Math.floor(electionMs / heartbeatMs); // etcd's time has no less than one
  return Math.ceil((Math.floor((3 * ticks) / 2) * heartbeatMs) / 1000);
}

/** An id for a grant without one: positive, and different for each call of each life. */
export function chooseLeaseId(life: bigint, call: CallId): LeaseId {
  const [high, prng] = next(createPrng(BigInt.asUintN(64, life + BigInt(call))));
  const [low] = next(prng);
  const id = BigInt.asUintN(63, (BigInt(high) << 32n) | BigInt(low));
  return (id === 0n ? 1n : id) as LeaseId;
}

export function tickLeases(turn: Turn): void {
  const { raft, now, config } = turn.state;
  keepLeaderCalls(turn, reopen(turn.state.calls.leaderCalls, raft.term, now, config.electionMs));
  const patienceMs = requestTimeoutMs(config);
  const neglect = raft.leader === null ? ERRORS.NoLeader : ERRORS.Timeout;
  for (const call of neglectedStreams(turn.state.calls.leaderCalls, now, patienceMs))
    endKeepAlive(turn, call, neglect);
  keepLeaderCalls(turn, dismissOld(turn.state.calls.leaderCalls, now, patienceMs));
  for (const call of expiredKeepAlives(turn.state.calls.leaderCalls, now))
    endKeepAlive(turn, call, ERRORS.DeadlineExceeded);
  expire(turn, now);
  noteRemaining(turn, now);
}

/** At most ticks nothing has changed. */
function keepLeaderCalls(turn: Turn, leaderCalls: NodeState["calls"]["leaderCalls"]): void {
  if (leaderCalls !== turn.state.calls.leaderCalls)
    setCalls(turn, { ...turn.state.calls, leaderCalls });
}
