// Leases in a running node: who keeps their deadlines, how they end, and who answers about them.
//
// Nobody ends a lease alone. The leader *proposes* the end of what ran out, in its own term, and
// the log decides: the entry of a leader that has been deposed is never committed, or it lies
// before the first entry of its successor, who begins to renew leases only behind that. So a leader
// that sleeps and wakes cannot revoke what another has renewed since.

import type { Bytes, CallContext, CallId, Index, LeaseId, Millis, NodeId } from "../../contract.ts";
import { isAnyRaised } from "../../apply/alarms.ts";
import type { LeaseChange } from "../../apply/apply.ts";
import type { Checkpoint } from "../../apply/commands/command-checkpoint.ts";
import { encodeCommand, NOBODY } from "../../apply/commands/command.ts";
import type { Question, Told } from "../../turn/leader-calls.ts";
import {
  admit,
  closeLeaderCall,
  closeKeepAlive,
  dismiss,
  dismissOld,
  expiredKeepAlives,
  findForwarded,
  findKeepAlive,
  isSent,
  isServed,
  isForwarded,
  keepAnswer,
  markSent,
  neglectedStreams,
  openLeaderCall,
  reopen,
  sayLast,
  takeOpen,
} from "../../turn/leader-calls.ts";
import type { WaitingCall } from "../../turn/calls.ts";
import { findCall } from "../../turn/calls.ts";
import { replicaOf } from "../../turn/header.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import { confirmRead, joinReads } from "../../turn/reads.ts";
import type { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } from "../../api/request.ts";
import type { Config } from "../../config.ts";
import { requestTimeoutMs } from "../../config.ts";
import type { Deadlines } from "../../lease/deadlines.ts";
import {
  createDeadlines,
  forget,
  inOrderOfEnds,
  markRevoking,
  maybeExpired,
  remainingMs,
  renew,
  revokingAt,
  startFresh,
} from "../../lease/deadlines.ts";
import { firstRound, takeRound } from "../../lease/checkpoints.ts";
import { allLeases, findLease, keysOf } from "../../lease/lessor.ts";
import type { LeaseAnswer, LeaseMessage } from "../../lease/message.ts";
import { createPrng, next } from "../../lib/prng.ts";
import { refusalNow, refusalOfKeysNow } from "../../turn/callers.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls, setLeadership } from "../../turn/set-state.ts";
import { endStream, reply, tellRaft } from "../../turn/turn.ts";

/** What one tick ends at most: the rest waits for the next, so that a crowd of leases that run out
 *  together does not crowd out the clients. */
const REVOKES_PER_TICK = 50;

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

/** Notes what leases have left, so that the next leader need not give each its whole time. */
function noteRemaining(turn: Turn, now: Millis): void {
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

function proposeCheckpoint(turn: Turn, checkpoints: readonly Checkpoint[]): boolean {
  const origin = { node: turn.state.config.node, life: turn.state.life, call: NOBODY };
  const data = encodeCommand({ kind: "lease_checkpoint", origin, checkpoints });
  return tellRaft(turn, { kind: "propose", data });
}

function expire(turn: Turn, now: Millis): void {
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
function endKeepAlive(turn: Turn, call: CallId, error: ApiError | null): void {
  if (findKeepAlive(turn.state.calls.leaderCalls, call) === null) return;
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: closeKeepAlive(turn.state.calls.leaderCalls, call),
  });
  endStream(turn, call, error);
}

/** Takes the calls that only the leader can answer to the leader, wherever it is. */
export function askLeader(turn: Turn): void {
  const { raft, config } = turn.state;
  if (turn.state.calls.leaderCalls.open.length === 0 || raft.leader === null) return;
  const [leaderCalls, calls] = takeOpen(turn.state.calls.leaderCalls);
  setCalls(turn, { ...turn.state.calls, leaderCalls });
  for (const call of calls) {
    const question = questionOf(turn.state, call);
    if (question === null) continue; // it timed out, or its client has gone
    if (raft.leader === config.node) {
      setCalls(turn, { ...turn.state.calls, reads: joinReads(turn.state.calls.reads, call) });
    } else {
      sendAsk(turn, raft.leader, call, question);
    }
  }
}

function questionOf({ calls }: NodeState, call: CallId): Question | null {
  if (isForwarded(call)) return findForwarded(calls.leaderCalls, call)?.question ?? null;
  const request = findCall(calls.pending, call)?.request;
  if (request?.kind !== "lease_time_to_live") return null;
  return { lease: request.id, renew: false };
}

function sendAsk(turn: Turn, to: NodeId, call: CallId, question: Question): void {
  const { raft, now, life } = turn.state;
  const { leaderCalls } = turn.state.calls;
  const id = BigInt.asUintN(64, life + BigInt(call));
  const { lease, renew: renews } = question;
  const message = { kind: "lease_ask", term: raft.term, id, lease, renew: renews } as const;
  setCalls(turn, { ...turn.state.calls, leaderCalls: markSent(leaderCalls, call, raft.term, now) });
  turn.effects.push({ kind: "peer.send", to, message });
}

export function takeLeaseMessage(turn: Turn, from: NodeId, message: LeaseMessage): void {
  const { raft, config, now, life } = turn.state;
  if (message.term !== raft.term || from === config.node || !raft.voters.includes(from)) return;
  if (message.kind === "lease_ask") {
    if (raft.role !== "leader") return; // it asks again
    const { id, lease, renew: renews } = message;
    const asker = { kind: "peer", peer: from, id } as const;
    const question = { lease, renew: renews };
    const [leaderCalls, call] = admit(turn.state.calls.leaderCalls, {
      asker,
      question,
      since: now,
    });
    setCalls(turn, {
      ...turn.state.calls,
      leaderCalls,
      reads: joinReads(turn.state.calls.reads, call),
    });
    return;
  }
  const call = Number(BigInt.asIntN(64, message.id - life)) as CallId;
  if (!isSent(turn.state.calls.leaderCalls, call)) return;
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: closeLeaderCall(turn.state.calls.leaderCalls, call),
  });
  if (isForwarded(call)) return answerForwarded(turn, call, message);
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: keepAnswer(turn.state.calls.leaderCalls, { call, answer: message }),
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

function answerForwarded(turn: Turn, call: CallId, known: Known): void {
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

type LeaseToTell = Readonly<{ call: CallId; request: LeaseTimeToLiveRequest; known: Known }>;

/** To whom may know of the keys that hang on it. */
function replyTimeToLive(turn: Turn, context: CallContext, { call, request, known }: LeaseToTell) {
  const lease = request.keys ? findLease(turn.state.store.lessor, request.id) : null;
  const keys = lease === null ? [] : keysOf(lease);
  const error = refusalOfKeysNow(turn, keys, context);
  if (error !== null) return reply(turn, call, { ok: false, error });
  reply(turn, call, { ok: true, value: timeToLive(turn.state, request, known, keys) });
}

/** Only a leader knows their order; to all others they end at no time, as in etcd. */
export function listLeases(turn: Turn, call: CallId): void {
  const { config, raft, store, now } = turn.state;
  const { deadlines } = turn.state.leadership;
  const ids = [...allLeases(store.lessor)].map((lease) => lease.id);
  const leases = deadlines === null ? ids : inOrderOfEnds(deadlines, ids, now);
  const header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  reply(turn, call, { ok: true, value: { kind: "lease_leases", header, leases } });
}

type Known = Pick<LeaseAnswer, "ttlSeconds" | "grantedTtlSeconds" | "revision">;

/** Null: this node does not lead. */
function lookUp(state: NodeState, id: bigint): Known | null {
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
