// Calls that only the leader can answer, and the same from other members, which it serves as its
// own.
//
// A call waits here until it is with somebody: in the queue of reads, if this node leads, or asked
// of the leader by message, and asked again if no answer comes, for a message may be lost. Asking
// twice does no harm, and an answer that nobody waits for any more is dropped.

import type { CallContext, CallId, Millis, NodeId, Term } from "../contract.ts";
import type { LeaseAnswer, LeaseAsk } from "../lease/message.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove, set } from "../lib/ordered-map.ts";

export type LeaderCalls = Readonly<{
  open: readonly CallId[]; // with nobody yet, oldest first
  sent: OrderedMap<CallId, Sent>;
  /** Answers that came, for calls that want to know what hangs on the lease: this node's store is
   *  yet to come as far as the leader's was. */
  told: readonly Told[];
  /** What other members ask of this leader, and what clients ask on streams, under handles of this
   *  node's own, all below zero. */
  forwarded: OrderedMap<CallId, ForwardedCall>;
  lastForwarded: number;
  streams: OrderedMap<CallId, Speaker>; // of keep-alives
}>;

/** Who speaks, and when the stream must end; and whether the last was said. */
type Speaker = Readonly<{ context: CallContext; saidAll: boolean }>;
export type Told = Readonly<{ call: CallId; answer: LeaseAnswer }>;
type Sent = Readonly<{ term: Term; at: Millis }>;
export type ForwardedCall = Readonly<{ asker: Asker; question: Question; since: Millis }>;
export type Asker = Readonly<
  { kind: "peer"; peer: NodeId; id: bigint } | { kind: "stream"; call: CallId }
>;
export type Question = Pick<LeaseAsk, "lease" | "renew">;

export function createLeaderCalls(): LeaderCalls {
  return {
    open: [],
    sent: createOrderedMap(),
    told: [],
    forwarded: createOrderedMap(),
    lastForwarded: 0,
    streams: createOrderedMap(),
  };
}

export function isForwarded(call: CallId): boolean {
  return call < 0;
}

export function openLeaderCall(leaderCalls: LeaderCalls, call: CallId): LeaderCalls {
  return { ...leaderCalls, open: [...leaderCalls.open, call] };
}

export function takeOpen(
  leaderCalls: LeaderCalls,
): readonly [leaderCalls: LeaderCalls, calls: readonly CallId[]] {
  return [{ ...leaderCalls, open: [] }, leaderCalls.open];
}

export function markSent(
  leaderCalls: LeaderCalls,
  call: CallId,
  term: Term,
  at: Millis,
): LeaderCalls {
  return { ...leaderCalls, sent: set(leaderCalls.sent, call, { term, at }) };
}

/** False: nobody waits for this answer, or not any more. */
export function isSent(leaderCalls: LeaderCalls, call: CallId): boolean {
  return get(leaderCalls.sent, call) !== null;
}

export function closeLeaderCall(leaderCalls: LeaderCalls, call: CallId): LeaderCalls {
  return { ...leaderCalls, sent: remove(leaderCalls.sent, call) };
}

export function keepAnswer(leaderCalls: LeaderCalls, told: Told): LeaderCalls {
  return { ...leaderCalls, told: [...leaderCalls.told, told] };
}

/** What was asked of the leader of another term, or has waited for `retryMs`, is open again. */
export function reopen(
  leaderCalls: LeaderCalls,
  term: Term,
  now: Millis,
  retryMs: number,
): LeaderCalls {
  let next = leaderCalls;
  for (const [call, sent] of entries(leaderCalls.sent)) {
    if (sent.term !== term || now - sent.at >= retryMs)
      next = openLeaderCall(closeLeaderCall(next, call), call);
  }
  return next;
}

export function admit(
  leaderCalls: LeaderCalls,
  forwarded: ForwardedCall,
): readonly [leaderCalls: LeaderCalls, call: CallId] {
  const lastForwarded = leaderCalls.lastForwarded - 1;
  const call = lastForwarded as CallId;
  return [
    { ...leaderCalls, lastForwarded, forwarded: set(leaderCalls.forwarded, call, forwarded) },
    call,
  ];
}

export function findForwarded(leaderCalls: LeaderCalls, call: CallId): ForwardedCall | null {
  return get(leaderCalls.forwarded, call);
}

/** The forwarded is served, or will ask again. */
export function dismiss(leaderCalls: LeaderCalls, call: CallId): LeaderCalls {
  return { ...leaderCalls, forwarded: remove(leaderCalls.forwarded, call) };
}

export function openKeepAlive(
  leaderCalls: LeaderCalls,
  call: CallId,
  context: CallContext,
): LeaderCalls {
  return { ...leaderCalls, streams: set(leaderCalls.streams, call, { context, saidAll: false }) };
}

/** Null: there is no such stream of keep-alives, or not any more. */
export function findKeepAlive(leaderCalls: LeaderCalls, call: CallId): CallContext | null {
  return get(leaderCalls.streams, call)?.context ?? null;
}

/** No more is asked on the stream. */
export function sayLast(leaderCalls: LeaderCalls, call: CallId): LeaderCalls {
  const speaker = get(leaderCalls.streams, call);
  if (speaker === null) return leaderCalls;
  return { ...leaderCalls, streams: set(leaderCalls.streams, call, { ...speaker, saidAll: true }) };
}

/** The last was said on the stream, and all is answered. */
export function isServed(leaderCalls: LeaderCalls, call: CallId): boolean {
  if (get(leaderCalls.streams, call)?.saidAll !== true) return false;
  for (const [, { asker }] of entries(leaderCalls.forwarded)) {
    if (asker.kind === "stream" && asker.call === call) return false;
  }
  return true;
}

/** The stream is over, and what it asked is forgotten. */
export function closeKeepAlive(leaderCalls: LeaderCalls, call: CallId): LeaderCalls {
  if (findKeepAlive(leaderCalls, call) === null) return leaderCalls;
  let { forwarded } = leaderCalls;
  for (const [handle, { asker }] of entries(leaderCalls.forwarded)) {
    if (asker.kind === "stream" && asker.call === call) forwarded = remove(forwarded, handle);
  }
  return { ...leaderCalls, forwarded, streams: remove(leaderCalls.streams, call) };
}

export function expiredKeepAlives(leaderCalls: LeaderCalls, now: Millis): readonly CallId[] {
  const expired: CallId[] = [];
  for (const [call, { context }] of entries(leaderCalls.streams)) {
    if (now >= context.deadline) expired.push(call);
  }
  return expired;
}

/** Streams on which a question has waited for too long. */
export function neglectedStreams(
  leaderCalls: LeaderCalls,
  now: Millis,
  patienceMs: number,
): readonly CallId[] {
  const calls: CallId[] = [];
  for (const [, { asker, since }] of entries(leaderCalls.forwarded)) {
    if (asker.kind !== "stream" || now - since < patienceMs) continue;
    if (!calls.includes(asker.call)) calls.push(asker.call);
  }
  return calls;
}

export function dismissOld(leaderCalls: LeaderCalls, now: Millis, patienceMs: number): LeaderCalls {
  let { forwarded } = leaderCalls;
  for (const [call, { since }] of entries(leaderCalls.forwarded)) {
    if (now - since >= patienceMs) forwarded = remove(forwarded, call);
  }
  return forwarded === leaderCalls.forwarded ? leaderCalls : { ...leaderCalls, forwarded };
}
