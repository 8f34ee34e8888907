// Who asks, and whether they may, within a turn. The rules are in core/auth/permit.ts.

import type { Bytes, CallContext, Index, Millis, Result } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import type { Request } from "../api/request.ts";
import { hasDoor, refusalAtDoor, refusalOf, refusalOfReading } from "../auth/permit.ts";
import type { Caller, TokenChange } from "../auth/tokens.ts";
import {
  changeTokens,
  entryOfToken,
  identify,
  NO_CALLER,
  sweepTokens,
  useToken,
} from "../auth/tokens.ts";
import type { NodeState } from "../node-state.ts";
import { setCalls } from "./set-state.ts";
import type { Turn } from "./turn.ts";

/** Null: the call may be looked at. Its permission may be asked for later. */
export function refusalOnArrival(
  turn: Turn,
  request: Request,
  context: CallContext,
): ApiError | null {
  if (!hasDoor(request)) return null;
  const caller = callerOf(turn, context);
  if (!caller.ok) return caller.error;
  return refusalAtDoor(turn.state.store.auth, caller.value, request);
}

/** Under whose name a command is proposed. */
export function proposerOf(turn: Turn, request: Request, context: CallContext): Result<Caller> {
  if (request.kind === "authenticate") return { ok: true, value: NO_CALLER };
  return callerOf(turn, context);
}

/** Null: the call may be answered from the state as it is now. */
export function refusalNow(turn: Turn, request: Request, context: CallContext): ApiError | null {
  const { auth, lessor } = turn.state.store;
  if (!auth.enabled || request.kind === "authenticate") return null;
  const caller = callerOf(turn, context);
  return caller.ok ? refusalOf(auth, lessor, caller.value, request) : caller.error;
}

/** Null: the caller may hear of these keys. */
export function refusalOfKeysNow(
  turn: Turn,
  keys: readonly Bytes[],
  context: CallContext,
): ApiError | null {
  const { auth } = turn.state.store;
  if (!auth.enabled || keys.length === 0) return null;
  const caller = callerOf(turn, context);
  return caller.ok ? refusalOfReading(auth, caller.value, keys) : caller.error;
}

/** A token whose entry is not applied here yet is not known here yet: the call waits for it. */
export function awaitedEntry({ store }: NodeState, { token }: CallContext): Index | null {
  if (!store.auth.enabled || typeof token !== "string") return null;
  const index = entryOfToken(token);
  return index !== null && index > store.applied ? index : null;
}

/** Follows what an applied entry did to tokens. */
export function noteTokens(turn: Turn, change: TokenChange): void {
  setCalls(turn, {
    ...turn.state.calls,
    tokens: changeTokens(turn.state.calls.tokens, change, expiry(turn)),
  });
}

export function tickTokens(turn: Turn, now: Millis): void {
  const tokens = sweepTokens(turn.state.calls.tokens, now);
  if (tokens !== turn.state.calls.tokens) setCalls(turn, { ...turn.state.calls, tokens });
}

function callerOf(turn: Turn, { token }: CallContext): Result<Caller> {
  const { store, now } = turn.state;
  const { tokens } = turn.state.calls;
  const caller = identify(store.auth, tokens, token, now);
  if (caller.ok && store.auth.enabled && typeof token === "string") {
    setCalls(turn, { ...turn.state.calls, tokens: useToken(tokens, token, expiry(turn)) });
  }
  return caller;
}

function expiry({ state }: Turn): Millis {
  return (state.now + state.config.limits.tokenMs) as Millis;
}
