// The leader's deadlines of leases: who keeps them, how they run out, and what is noted of them for
// the next leader.
//
// Nobody ends a lease alone. The leader *proposes* the end of what ran out, in its own term, and
// the log decides: the entry of a leader that has been deposed is never committed, or it lies
// before the first entry of its successor, who begins to renew leases only behind that. So a leader
// that sleeps and wakes cannot revoke what another has renewed since.

import type { Index, Millis } from "../../contract.ts";
import { isAnyRaised } from "../../apply/alarms.ts";
import type { LeaseChange } from "../../apply/apply.ts";
import type { Checkpoint } from "../../apply/commands/command-checkpoint.ts";
import { encodeCommand, NOBODY } from "../../apply/commands/command.ts";
import type { Deadlines } from "../../lease/deadlines.ts";
import {
  createDeadlines,
  forget,
  markRevoking,
  maybeExpired,
  renew,
  revokingAt,
  startFresh,
} from "../../lease/deadlines.ts";
import { firstRound, takeRound } from "../../lease/checkpoints.ts";
import { findLease } from "../../lease/lessor.ts";
import type { Turn } from "../../turn/turn.ts";
import { setLeadership } from "../../turn/set-state.ts";
import { tellRaft } from "../../turn/turn.ts";

/** What one tick ends at most: the rest waits for the next, so that a crowd of leases that run out
 *  together does not crowd out the clients. */
const REVOKES_PER_TICK = 50;

/** Follows what an applied entry did to a lease. */
export function noteLease(turn: Turn, change: LeaseChange, index: Index): void {
  if (change.kind === "ended") {
    const { id: lease, ranOut, ended } = change;
    turn.effects.push({
      kind: "trace",
      event: { kind: "lease_ended", index, lease, ranOut, ended },
    });
  }
  const { deadlines } = turn.state.leadership;
  if (deadlines === null) return;
  setLeadership(turn, { ...turn.state.leadership, deadlines: follow(deadlines, change) });
}

function follow(deadlines: Deadlines, change: LeaseChange): Deadlines {
  switch (change.kind) {
    case "granted":
      return renew(deadlines, change.id, change.ttlSeconds);
    case "ended":
      return forget(deadlines, change.id);
    case "kept": // it is due, and tried again
      if (revokingAt(deadlines, change.id) === null) return deadlines;
      return renew(forget(deadlines, change.id), change.id, 0);
  }
}

/** A leader has deadlines from when it has applied an entry of its own term: then it knows every
 *  lease that those before it granted. */
export function followLeadership(turn: Turn): void {
  const { raft, store, config, installing } = turn.state;
  const { deadlines } = turn.state.leadership;
  if (raft.role !== "leader" || installing !== null) {
    if (deadlines !== null) setLeadership(turn, { ...turn.state.leadership, deadlines: null });
  } else if (store.appliedTerm === raft.term && deadlines?.term !== raft.term) {
    const created = createDeadlines(raft.term, store.lessor, config.electionMs);
    setLeadership(turn, { ...turn.state.leadership, deadlines: created });
  }
}

export function expire(turn: Turn, now: Millis): void {
  const { raft } = turn.state;
  const { deadlines } = turn.state.leadership;
  if (deadlines === null || raft.role !== "leader" || deadlines.term !== raft.term) return;
  if (isAnyRaised(turn.state.store.alarms, "corrupt")) return; // it would be refused
  let running = startFresh(deadlines, now);
  for (let revokes = 0; revokes < REVOKES_PER_TICK; revokes++) {
    const lease = maybeExpired(running, now);
    if (lease === null) break;
    const origin = { node: turn.state.config.node, life: turn.state.life, call: NOBODY };
    const data = encodeCommand({ kind: "lease_revoke", origin, lease });
    if (!tellRaft(turn, { kind: "propose", data })) break; // no room in the log: at a later tick
    running = markRevoking(running, lease, turn.state.raft.log.lastIndex);
  }
  if (running !== deadlines) setLeadership(turn, { ...turn.state.leadership, deadlines: running });
}

/** Notes what leases have left, so that the next leader need not give each its whole time. */
export function noteRemaining(turn: Turn, now: Millis): void {
  const { raft, store, config } = turn.state;
  const { deadlines, checkpoints: round } = turn.state.leadership;
  const intervalMs = config.limits.leaseCheckpointMs;
  if (intervalMs === 0) return;
  if (deadlines === null || raft.role !== "leader" || deadlines.term !== raft.term) {
    if (round === null) return;
    setLeadership(turn, { ...turn.state.leadership, checkpoints: null });
    return;
  }
  const [later, remaining] = takeRound(
    round ?? firstRound(now, intervalMs),
    deadlines,
    now,
    intervalMs,
  );
  setLeadership(turn, { ...turn.state.leadership, checkpoints: later });
  const checkpoints = remaining.filter(({ id, remainingSeconds }) => {
    const lease = findLease(store.lessor, id);
    return lease !== null && remainingSeconds < lease.ttlSeconds;
  });
  if (checkpoints.length > 0) proposeCheckpoint(turn, checkpoints);
}

export function proposeCheckpoint(turn: Turn, checkpoints: readonly Checkpoint[]): boolean {
  const origin = { node: turn.state.config.node, life: turn.state.life, call: NOBODY };
  const data = encodeCommand({ kind: "lease_checkpoint", origin, checkpoints });
  return tellRaft(turn, { kind: "propose", data });
}
