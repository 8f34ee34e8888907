// Locks and elections within a turn: their internal calls, the keys whose end they wait for, and
// those who observe. What is to be done when is decided in core/concurrency/.

import type { CallContext, CallId, KvWrite, Bytes, Millis } from "../../contract.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import type { UnaryRequest } from "../../api/request.ts";
import type { ConcurrencyRequest } from "../../api/request-concurrency.ts";
import type { Store } from "../../apply/apply.ts";
import type { Move, ConcurrencyCall } from "../../concurrency/call.ts";
import {
  begin,
  cleanUp,
  cleanUpFailed,
  errorOf,
  lookAgain,
  proceed,
} from "../../concurrency/call.ts";
import { refusalAtDoor } from "../../turn/leader-guards.ts";
import type { InternalAnswer, Take } from "../../turn/internal-calls.ts";
import {
  makeInternalCall,
  forgetInternalCall,
  takeInternalAnswers,
} from "../../turn/internal-calls.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { createOrderedMap, entries, get, has, remove, set } from "../../lib/ordered-map.ts";
import { eventsOfWrites } from "../../mvcc/events.ts";
import type { NodeState } from "../../node-state.ts";
import { lookForLeaders, restoreObservers, tellObservers, toldLeader } from "./observers.ts";
import { askRangeStreams, beginRangeStream } from "../kv/range-streams.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

export type ConcurrencyCalls = Readonly<{
  running: OrderedMap<CallId, Running>; // by the client's call
  waiters: OrderedMap<Bytes, readonly CallId[]>; // by the key whose end they wait for
  due: readonly CallId[]; // whose key is gone
}>;
type Running = Readonly<{
  call: CallId;
  context: CallContext;
  recipe: ConcurrencyCall;
  inner: CallId | null; // which is under way
}>;

const NEVER = Number.MAX_SAFE_INTEGER as Millis;

export function createConcurrencyCalls(): ConcurrencyCalls {
  return { running: createOrderedMap(), waiters: createOrderedMap(), due: [] };
}

export function beginConcurrencyCall(
  turn: Turn,
  take: Take,
  call: CallId,
  request: ConcurrencyRequest,
  context: CallContext,
): void {
  const error = refusalAtDoor(turn, request, context);
  if (error !== null) return reply(turn, call, { ok: false, error });
  make(turn, take, call, context, begin(request));
}

/** Goes on with all that can go on. True: there may be more to do now. */
export function proceedConcurrencyCalls(turn: Turn, take: Take): boolean {
  if (isIdle(turn.state)) return false;
  const answers = takeInternalAnswers(turn);
  for (const answer of answers) {
    if (has(turn.state.calls.concurrencyCalls.running, answer.owner))
      takeAnswer(turn, take, answer);
    else if (has(turn.state.streams.observers, answer.owner)) toldLeader(turn, answer);
    else beginRangeStream(turn, answer);
  }
  const { due } = turn.state.calls.concurrencyCalls;
  setCalls(turn, {
    ...turn.state.calls,
    concurrencyCalls: { ...turn.state.calls.concurrencyCalls, due: [] },
  });
  for (const call of due) {
    const running = get(turn.state.calls.concurrencyCalls.running, call);
    if (running?.recipe.kind !== "waiting") continue; // its client has gone
    make(turn, take, call, running.context, lookAgain(running.recipe));
  }
  const looked = lookForLeaders(turn, take);
  return askRangeStreams(turn, take) || looked || answers.length > 0 || due.length > 0;
}

/** As after nearly every step. */
function isIdle({ calls, streams }: NodeState): boolean {
  const { internalCalls, concurrencyCalls } = calls;
  const { observers, rangeStreams } = streams;
  const waits = internalCalls.answered.length > 0 || concurrencyCalls.due.length > 0;
  return !waits && observers.size === 0 && rangeStreams.open.size === 0;
}

/** One entry was applied. After one that is too much for one step everybody looks again. */
export function noteApplied(turn: Turn, store: Store, writes: readonly KvWrite[]): void {
  const { config } = turn.state;
  const { concurrencyCalls } = turn.state.calls;
  const { observers } = turn.state.streams;
  if (concurrencyCalls.waiters.size === 0 && observers.size === 0) return;
  if (writes.length > config.limits.applyRows) {
    restoreConcurrencyCalls(turn);
    return restoreObservers(turn);
  }
  const events = eventsOfWrites(writes);
  let { waiters, due } = concurrencyCalls;
  for (const { kind, kv } of events) {
    if (kind !== "delete") continue;
    due = [...due, ...(get(waiters, kv.key) ?? [])];
    waiters = remove(waiters, kv.key);
  }
  setCalls(turn, { ...turn.state.calls, concurrencyCalls: { ...concurrencyCalls, waiters, due } });
  tellObservers(turn, store, events);
}

/** An image has taken the store's place: what they wait for may have come and gone. */
export function restoreConcurrencyCalls(turn: Turn): void {
  const { concurrencyCalls } = turn.state.calls;
  const due = [...entries(concurrencyCalls.waiters)].flatMap(([, calls]) => calls);
  const waiters: ConcurrencyCalls["waiters"] = createOrderedMap();
  setCalls(turn, {
    ...turn.state.calls,
    concurrencyCalls: { ...concurrencyCalls, waiters, due: [...concurrencyCalls.due, ...due] },
  });
}

/** Who waits for a key has no internal call that would run out of time. */
export function tickConcurrencyCalls(turn: Turn, take: Take, now: Millis): void {
  for (const [, running] of entries(turn.state.calls.concurrencyCalls.running)) {
    const isLate = running.inner === null && now >= running.context.deadline;
    if (isLate) fail(turn, take, running, ERRORS.DeadlineExceeded);
  }
}

/** The client has gone. */
export function dropConcurrencyCall(turn: Turn, take: Take, call: CallId): void {
  const running = get(turn.state.calls.concurrencyCalls.running, call);
  if (running === null) return;
  forget(turn, running);
  tidyUp(turn, take, running, cleanUp(running.recipe));
}

function takeAnswer(turn: Turn, take: Take, { owner, result }: InternalAnswer): void {
  const running = get(turn.state.calls.concurrencyCalls.running, owner);
  if (running === null) return;
  const idle = { ...running, inner: null };
  keep(turn, idle);
  if (!result.ok) return fail(turn, take, idle, result.error);
  make(turn, take, owner, running.context, proceed(running.recipe, result.value));
}

function make(turn: Turn, take: Take, call: CallId, context: CallContext, move: Move): void {
  switch (move.kind) {
    case "ask": {
      keep(turn, { call, context, recipe: move.recipe, inner: null });
      const inner = makeInternalCall(turn, take, call, move.request, context);
      return keep(turn, { call, context, recipe: move.recipe, inner });
    }
    case "wait": {
      keep(turn, { call, context, recipe: move.recipe, inner: null });
      const { concurrencyCalls } = turn.state.calls;
      const { key } = move.recipe;
      const waiters = set(concurrencyCalls.waiters, key, [
        ...(get(concurrencyCalls.waiters, key) ?? []),
        call,
      ]);
      setCalls(turn, { ...turn.state.calls, concurrencyCalls: { ...concurrencyCalls, waiters } });
      return;
    }
    case "answer":
      forgetCall(turn, call);
      return reply(turn, call, { ok: true, value: move.response });
    case "fail":
      forgetCall(turn, call);
      return reply(turn, call, { ok: false, error: errorOf(move.error) });
  }
}

function fail(turn: Turn, take: Take, running: Running, error: ApiError): void {
  const { call, recipe } = running;
  const told = errorOf(error);
  forget(turn, running);
  tidyUp(turn, take, running, told === error ? cleanUp(recipe) : cleanUpFailed(recipe));
  reply(turn, call, { ok: false, error: told });
}

/** In the caller's name, however long it takes. */
function tidyUp(turn: Turn, take: Take, { context }: Running, request: UnaryRequest | null): void {
  if (request !== null)
    makeInternalCall(turn, take, null, request, { ...context, deadline: NEVER });
}

function keep(turn: Turn, running: Running): void {
  const { concurrencyCalls } = turn.state.calls;
  const kept = set(concurrencyCalls.running, running.call, running);
  setCalls(turn, { ...turn.state.calls, concurrencyCalls: { ...concurrencyCalls, running: kept } });
}

function forgetCall(turn: Turn, call: CallId): void {
  const running = get(turn.state.calls.concurrencyCalls.running, call);
  if (running !== null) forget(turn, running);
}

function forget(turn: Turn, { call, inner, recipe }: Running): void {
  if (inner !== null) forgetInternalCall(turn, inner);
  const { concurrencyCalls } = turn.state.calls;
  const waiters =
    recipe.kind === "waiting"
      ? without(concurrencyCalls.waiters, recipe.key, call)
      : concurrencyCalls.waiters;
  const running = remove(concurrencyCalls.running, call);
  setCalls(turn, {
    ...turn.state.calls,
    concurrencyCalls: { ...concurrencyCalls, running, waiters },
  });
}

function without(
  waiters: ConcurrencyCalls["waiters"],
  key: Bytes,
  call: CallId,
): ConcurrencyCalls["waiters"] {
  const left = (get(waiters, key) ?? []).filter((each) => each !== call);
  return left.length === 0 ? remove(waiters, key) : set(waiters, key, left);
}
