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

export type Asks = Readonly<{
  open: readonly CallId[]; // with nobody yet, oldest first
  sent: OrderedMap<CallId, Sent>;
  /** Answers that came, for calls that want to know what hangs on the lease: this node's store is
   *  yet to come as far as the leader's was. */
  told: readonly Told[];
  /** What other members ask of this leader, and what clients ask on streams, under handles of this
   *  node's own, all below zero. */
  visitors: OrderedMap<CallId, Visitor>;
  lastVisitor: number;
  streams: OrderedMap<CallId, Speaker>; // of keep-alives
}>;

/** Who speaks, and when the stream must end; and whether the last was said. */
type Speaker = Readonly<{ context: CallContext; saidAll: boolean }>;
export type Told = Readonly<{ call: CallId; answer: LeaseAnswer }>;
type Sent = Readonly<{ term: Term; at: Millis }>;
export type Visitor = Readonly<{ asker: Asker; question: Question; since: Millis }>;
export type Asker = Readonly<
  { kind: "peer"; peer: NodeId; id: bigint } | { kind: "stream"; call: CallId }
>;
export type Question = Pick<LeaseAsk, "lease" | "renew">;

export function createAsks(): Asks {
  return {
    open: [],
    sent: createOrderedMap(),
    told: [],
    visitors: createOrderedMap(),
    lastVisitor: 0,
    streams: createOrderedMap(),
  };
}

export function isVisitor(call: CallId): boolean {
  return call < 0;
}

export function openAsk(asks: Asks, call: CallId): Asks {
  return { ...asks, open: [...asks.open, call] };
}

export function takeOpen(asks: Asks): readonly [asks: Asks, calls: readonly CallId[]] {
  return [{ ...asks, open: [] }, asks.open];
}

export function markSent(asks: Asks, call: CallId, term: Term, at: Millis): Asks {
  return { ...asks, sent: set(asks.sent, call, { term, at }) };
}

/** False: nobody waits for this answer, or not any more. */
export function isSent(asks: Asks, call: CallId): boolean {
  return get(asks.sent, call) !== null;
}

export function closeAsk(asks: Asks, call: CallId): Asks {
  return { ...asks, sent: remove(asks.sent, call) };
}

export function keepAnswer(asks: Asks, told: Told): Asks {
  return { ...asks, told: [...asks.told, told] };
}

/** What was asked of the leader of another term, or has waited for `retryMs`, is open again. */
export function reopen(asks: Asks, term: Term, now: Millis, retryMs: number): Asks {
  let next = asks;
  for (const [call, sent] of entries(asks.sent)) {
    if (sent.term !== term || now - sent.at >= retryMs) next = openAsk(closeAsk(next, call), call);
  }
  return next;
}

export function admit(asks: Asks, visitor: Visitor): readonly [asks: Asks, call: CallId] {
  const lastVisitor = asks.lastVisitor - 1;
  const call = lastVisitor as CallId;
  return [{ ...asks, lastVisitor, visitors: set(asks.visitors, call, visitor) }, call];
}

export function findVisitor(asks: Asks, call: CallId): Visitor | null {
  return get(asks.visitors, call);
}

/** The visitor is served, or will ask again. */
export function dismiss(asks: Asks, call: CallId): Asks {
  return { ...asks, visitors: remove(asks.visitors, call) };
}

export function openKeepAlive(asks: Asks, call: CallId, context: CallContext): Asks {
  return { ...asks, streams: set(asks.streams, call, { context, saidAll: false }) };
}

/** Null: there is no such stream of keep-alives, or not any more. */
export function findKeepAlive(asks: Asks, call: CallId): CallContext | null {
  return get(asks.streams, call)?.context ?? null;
}

/** No more is asked on the stream. */
export function sayLast(asks: Asks, call: CallId): Asks {
  const speaker = get(asks.streams, call);
  if (speaker === null) return asks;
  return { ...asks, streams: set(asks.streams, call, { ...speaker, saidAll: true }) };
}

/** The last was said on the stream, and all is answered. */
export function isServed(asks: Asks, call: CallId): boolean {
  if (get(asks.streams, call)?.saidAll !== true) return false;
  for (const [, { asker }] of entries(asks.visitors)) {
    if (asker.kind === "stream" && asker.call === call) return false;
  }
  return true;
}

/** The stream is over, and what it asked is forgotten. */
export function closeKeepAlive(asks: Asks, call: CallId): Asks {
  if (findKeepAlive(asks, call) === null) return asks;
  let { visitors } = asks;
  for (const [handle, { asker }] of entries(asks.visitors)) {
    if (asker.kind === "stream" && asker.call === call) visitors = remove(visitors, handle);
  }
  return { ...asks, visitors, streams: remove(asks.streams, call) };
}

export function expiredKeepAlives(asks: Asks, now: Millis): readonly CallId[] {
  const expired: CallId[] = [];
  for (const [call, { context }] of entries(asks.streams)) {
    if (now >= context.deadline) expired.push(call);
  }
  return expired;
}

/** Streams on which a question has waited for too long. */
export function neglectedStreams(asks: Asks, now: Millis, patienceMs: number): readonly CallId[] {
  const calls: CallId[] = [];
  for (const [, { asker, since }] of entries(asks.visitors)) {
    if (asker.kind !== "stream" || now - since < patienceMs) continue;
    if (!calls.includes(asker.call)) calls.push(asker.call);
  }
  return calls;
}

export function dismissOld(asks: Asks, now: Millis, patienceMs: number): Asks {
  let { visitors } = asks;
  for (const [call, { since }] of entries(asks.visitors)) {
    if (now - since >= patienceMs) visitors = remove(visitors, call);
  }
  return visitors === asks.visitors ? asks : { ...asks, visitors };
}
