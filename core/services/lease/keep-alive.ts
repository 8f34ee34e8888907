// Streams of keep-alives: what a client says on one goes to the leader, here or elsewhere, and is
// answered when the leader has renewed the lease.

import type { CallId, LeaseId } from "../../contract.ts";
import {
  admit,
  closeKeepAlive,
  dismiss,
  findForwarded,
  findKeepAlive,
  isServed,
  openLeaderCall,
  sayLast,
} from "../../turn/leader-calls.ts";
import { replicaOf } from "../../turn/header.ts";
import type { ApiError } from "../../api/errors.ts";
import { confirmRead, joinReads } from "../../turn/reads.ts";
import { renew, revokingAt } from "../../lease/deadlines.ts";
import { findLease } from "../../lease/lessor.ts";
import type { LeaseAnswer } from "../../lease/message.ts";
import { refusalNow } from "../../turn/callers.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls, setLeadership } from "../../turn/set-state.ts";
import { endStream } from "../../turn/turn.ts";
import { proposeCheckpoint } from "./expiry.ts";
import type { Known } from "./time-to-live.ts";
import { lookUp } from "./time-to-live.ts";

/** What a client says on a stream of keep-alives. */
export function takeKeepAlive(turn: Turn, call: CallId, lease: LeaseId): void {
  const context = findKeepAlive(turn.state.calls.leaderCalls, call);
  if (context === null) return;
  const error = refusalNow(turn, { kind: "lease_keep_alive", id: lease }, context);
  if (error !== null) return endKeepAlive(turn, call, error);
  const question = { lease, renew: true };
  const forwarded = { asker: { kind: "stream", call }, question, since: turn.state.now } as const;
  const [leaderCalls, handle] = admit(turn.state.calls.leaderCalls, forwarded);
  setCalls(turn, { ...turn.state.calls, leaderCalls: openLeaderCall(leaderCalls, handle) });
}

/** Its client says no more: the stream is over once all is answered. */
export function finishKeepAlive(turn: Turn, call: CallId): void {
  const leaderCalls = sayLast(turn.state.calls.leaderCalls, call);
  setCalls(turn, { ...turn.state.calls, leaderCalls });
  if (isServed(leaderCalls, call)) endKeepAlive(turn, call, null);
}

/** The stream is over. */
export function endKeepAlive(turn: Turn, call: CallId, error: ApiError | null): void {
  if (findKeepAlive(turn.state.calls.leaderCalls, call) === null) return;
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: closeKeepAlive(turn.state.calls.leaderCalls, call),
  });
  endStream(turn, call, error);
}

export function serveForwarded(turn: Turn, call: CallId): void {
  const { store } = turn.state;
  const { leaderCalls } = turn.state.calls;
  const { deadlines } = turn.state.leadership;
  const forwarded = findForwarded(leaderCalls, call);
  if (forwarded === null) return;
  const { asker, question } = forwarded;
  const known = lookUp(turn.state, question.lease);
  if (known === null || deadlines === null) {
    // Another leads by now: a peer asks it by itself.
    const left =
      asker.kind === "peer" ? dismiss(leaderCalls, call) : openLeaderCall(leaderCalls, call);
    setCalls(turn, { ...turn.state.calls, leaderCalls: left });
    return;
  }
  const lease = findLease(store.lessor, question.lease);
  if (!question.renew || lease === null) return answerForwarded(turn, call, known);
  const endsAt = revokingAt(deadlines, lease.id);
  if (endsAt !== null) {
    // No way back: the answer is what comes of it.
    setCalls(turn, {
      ...turn.state.calls,
      reads: confirmRead(turn.state.calls.reads, call, endsAt),
    });
    return;
  }
  setLeadership(turn, {
    ...turn.state.leadership,
    deadlines: renew(deadlines, lease.id, lease.ttlSeconds),
  });
  if (lease.remainingSeconds > 0) return forgetRemaining(turn, call, lease.id);
  answerForwarded(turn, call, { ...known, ttlSeconds: lease.ttlSeconds });
}

/** What was noted is true no more, and the next leader must know before the client does. */
function forgetRemaining(turn: Turn, call: CallId, id: LeaseId): void {
  if (!proposeCheckpoint(turn, [{ id, remainingSeconds: 0 }])) {
    // it is tried again
    setCalls(turn, { ...turn.state.calls, reads: joinReads(turn.state.calls.reads, call) });
    return;
  }
  const { raft } = turn.state;
  const { reads } = turn.state.calls;
  setCalls(turn, { ...turn.state.calls, reads: confirmRead(reads, call, raft.log.lastIndex) });
}

export function answerForwarded(turn: Turn, call: CallId, known: Known): void {
  const forwarded = findForwarded(turn.state.calls.leaderCalls, call);
  if (forwarded === null) return;
  setCalls(turn, { ...turn.state.calls, leaderCalls: dismiss(turn.state.calls.leaderCalls, call) });
  const { config, raft } = turn.state;
  const { asker, question } = forwarded;
  const { ttlSeconds, grantedTtlSeconds, revision } = known;
  if (asker.kind === "peer") {
    const answer = { id: asker.id, ttlSeconds, grantedTtlSeconds, revision };
    const message: LeaseAnswer = { kind: "lease_answer", term: raft.term, ...answer };
    turn.effects.push({ kind: "peer.send", to: asker.peer, message });
    return;
  }
  // Of the renewal, not of the answer: by now the lease may have ended here.
  const header = { ...replicaOf(config, raft), revision };
  const told = { id: question.lease as LeaseId, ttlSeconds: Math.max(0, ttlSeconds) };
  const response = { kind: "lease_keep_alive", header, ...told } as const;
  turn.effects.push({ kind: "call.push", call: asker.call, response });
  if (isServed(turn.state.calls.leaderCalls, asker.call)) endKeepAlive(turn, asker.call, null);
}
