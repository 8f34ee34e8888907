// Calls that a node makes of itself, on behalf of a client's call: they go the way of all calls,
// and their answers come back here.

import type { CallContext, CallId, Result } from "../contract.ts";
import { removeCall } from "./calls.ts";
import type { Response, UnaryRequest, UnaryResponse } from "../api/request.ts";
import type { Outcome } from "../apply/apply.ts";
import { decodeCommand } from "../apply/commands/command.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, get, remove, set } from "../lib/ordered-map.ts";
import type { Entry } from "../raft/message.ts";
import type { TraceEvent } from "../transcript/trace.ts";
import { setCalls } from "./set-state.ts";
import type { Turn } from "./turn.ts";

export type InternalCalls = Readonly<{
  minted: number;
  owners: OrderedMap<CallId, CallId>; // for whom each is made; of those for nobody, none
  answered: readonly Answer[]; // since they were last taken
}>;
type InternalWrite = Extract<TraceEvent, { kind: "inner_write" }>;
type Answer = Readonly<{ inner: CallId; result: Result<Response> }>;
export type InternalAnswer = Readonly<{ owner: CallId; result: Result<UnaryResponse> }>;

/** How a call is taken: as if a client had made it. */
export type Take = (turn: Turn, call: CallId, request: UnaryRequest, context: CallContext) => void;

/** Drivers mint from 1, and never come this far. */
const FIRST = 2 ** 52;

export function createInternalCalls(): InternalCalls {
  return { minted: 0, owners: createOrderedMap(), answered: [] };
}

export function isInternalCall(call: CallId): boolean {
  return call >= FIRST;
}

/** Owner null: nobody wants to hear the answer. */
export function makeInternalCall(
  turn: Turn,
  take: Take,
  owner: CallId | null,
  request: UnaryRequest,
  context: CallContext,
): CallId {
  const { internalCalls } = turn.state.calls;
  const call = (FIRST + internalCalls.minted) as CallId;
  const owners = owner === null ? internalCalls.owners : set(internalCalls.owners, call, owner);
  setCalls(turn, {
    ...turn.state.calls,
    internalCalls: { ...internalCalls, minted: internalCalls.minted + 1, owners },
  });
  take(turn, call, request, { ...context, requireLeader: false });
  return call;
}

export function noteInternalAnswer(turn: Turn, inner: CallId, result: Result<Response>): void {
  const calls = turn.state.calls.internalCalls;
  const answered = [...calls.answered, { inner, result }];
  setCalls(turn, { ...turn.state.calls, internalCalls: { ...calls, answered } });
}

/** No client asks for what an internal call writes: whoever explains a run by what clients asked
 *  for must be told of it. */
export function traceInternalWrite(turn: Turn, { index, data }: Entry, outcome: Outcome): void {
  if (outcome.kind !== "call" || !isInternalCall(outcome.origin.call) || !outcome.result.ok) return;
  const command = decodeCommand(data)?.command;
  const response = outcome.result.value;
  if (command?.kind === "kv") show(turn, { index, request: command.request, response });
  if (command?.kind !== "lease_grant") return;
  const { lease: id, ttlSeconds } = command;
  show(turn, { index, request: { kind: "lease_grant", id, ttlSeconds }, response });
}

function show(turn: Turn, what: Omit<InternalWrite, "kind">): void {
  turn.effects.push({ kind: "trace", event: { kind: "inner_write", ...what } });
}

/** Nobody waits for it any more. */
export function forgetInternalCall(turn: Turn, inner: CallId): void {
  const owners = remove(turn.state.calls.internalCalls.owners, inner);
  const pending = removeCall(turn.state.calls.pending, inner);
  setCalls(turn, {
    ...turn.state.calls,
    pending,
    internalCalls: { ...turn.state.calls.internalCalls, owners },
  });
}

/** What was answered and is waited for. */
export function takeInternalAnswers(turn: Turn): readonly InternalAnswer[] {
  const { owners, answered } = turn.state.calls.internalCalls;
  if (answered.length === 0) return [];
  let left = owners;
  const taken: InternalAnswer[] = [];
  for (const { inner, result } of answered) {
    const owner = get(left, inner);
    left = remove(left, inner);
    if (owner !== null) taken.push({ owner, result: result as Result<UnaryResponse> });
  }
  setCalls(turn, {
    ...turn.state.calls,
    internalCalls: { ...turn.state.calls.internalCalls, owners: left, answered: [] },
  });
  return taken;
}
