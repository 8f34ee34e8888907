// Streams of those who observe an election, within a turn: their questions, and what they are told.

import type { CallContext, CallId, Millis } from "../../contract.ts";
import { ERRORS, GRPC } from "../../api/errors.ts";
import { replicaOf } from "../../turn/header.ts";
import type { WatchEvent } from "../../api/request.ts";
import type { ObserveRequest } from "../../api/request-concurrency.ts";
import type { Store } from "../../apply/apply.ts";
import type { Observer, Told } from "../../concurrency/observer.ts";
import { createObserver, found, heard, lookAnew, withCredit } from "../../concurrency/observer.ts";
import { prefixOf, readFirst } from "../../concurrency/requests.ts";
import type { InternalAnswer, Take } from "../../turn/internal-calls.ts";
import { makeInternalCall, forgetInternalCall } from "../../turn/internal-calls.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { entries, get, remove, set } from "../../lib/ordered-map.ts";
import type { Turn } from "../../turn/turn.ts";
import { setStreams } from "../../turn/set-state.ts";
import { endStream } from "../../turn/turn.ts";

export type Observers = OrderedMap<CallId, Observing>;
type Observing = Readonly<{
  call: CallId;
  context: CallContext;
  observer: Observer;
  inner: CallId | null; // its question
}>;

export function openObserver(
  turn: Turn,
  call: CallId,
  request: ObserveRequest,
  context: CallContext,
): void {
  const observer = createObserver(prefixOf(request.name), turn.state.config.limits.streamPushes);
  keep(turn, { call, context, observer, inner: null });
}

/** Asks for those who want to know who leads. True: somebody did. */
export function lookForLeaders(turn: Turn, take: Take): boolean {
  let asked = false;
  for (const [call, observing] of entries(turn.state.streams.observers)) {
    const { observer, inner, context } = observing;
    if (observer.at.kind !== "looking" || inner !== null) continue;
    asked = true;
    const question = makeInternalCall(turn, take, call, readFirst(observer.prefix), context);
    keep(turn, { ...observing, inner: question });
  }
  return asked;
}

/** Where etcd cannot find out who leads, it ends the stream without a word. */
export function toldLeader(turn: Turn, { owner, result }: InternalAnswer): void {
  const observing = get(turn.state.streams.observers, owner);
  if (observing === null) return;
  if (result.ok) return tell(turn, observing, found(observing.observer, result.value));
  dropObserver(turn, owner);
  const isLate = result.error.code === GRPC.DEADLINE_EXCEEDED;
  endStream(turn, owner, isLate ? ERRORS.DeadlineExceeded : null);
}

export function tellObservers(turn: Turn, store: Store, events: readonly WatchEvent[]): void {
  if (turn.state.streams.observers.size === 0) return;
  const { config, raft } = turn.state;
  const header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  for (const event of events) {
    for (const [, observing] of entries(turn.state.streams.observers)) {
      const told = heard(observing.observer, event, header);
      if (told !== null) tell(turn, observing, told);
    }
  }
}

/** An image has taken the store's place. */
export function restoreObservers(turn: Turn): void {
  for (const [, observing] of entries(turn.state.streams.observers)) {
    if (observing.observer.at.kind === "stalled") continue;
    keep(turn, { ...observing, observer: lookAnew(observing.observer) });
  }
}

export function creditObserver(turn: Turn, call: CallId, items: number): void {
  const observing = get(turn.state.streams.observers, call);
  if (observing === null) return;
  keep(turn, { ...observing, observer: withCredit(observing.observer, items) });
}

export function tickObservers(turn: Turn, now: Millis): void {
  for (const [call, { context }] of entries(turn.state.streams.observers)) {
    if (now < context.deadline) continue;
    dropObserver(turn, call);
    endStream(turn, call, ERRORS.DeadlineExceeded);
  }
}

export function dropObserver(turn: Turn, call: CallId): void {
  const observing = get(turn.state.streams.observers, call);
  if (observing === null) return;
  if (observing.inner !== null) forgetInternalCall(turn, observing.inner);
  setStreams(turn, {
    ...turn.state.streams,
    observers: remove(turn.state.streams.observers, call),
  });
}

function tell(turn: Turn, observing: Observing, { observer, leader }: Told): void {
  const { call } = observing;
  keep(turn, { ...observing, observer, inner: null });
  if (leader === null) return;
  turn.effects.push({ kind: "call.push", call, response: { kind: "observe", ...leader } });
}

function keep(turn: Turn, observing: Observing): void {
  setStreams(turn, {
    ...turn.state.streams,
    observers: set(turn.state.streams.observers, observing.call, observing),
  });
}
