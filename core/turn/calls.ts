// Calls that wait for something: a place in the log, an index to read at. Every wait has an end.

import type { CallContext, CallId, Millis } from "../contract.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove, set } from "../lib/ordered-map.ts";
import type { UnaryRequest } from "../api/request.ts";

export type WaitingCall = Readonly<{
  call: CallId;
  request: UnaryRequest;
  since: Millis;
  /** When this server gives up; or the client does, by its context, whichever comes first. */
  serverDeadline: Millis;
  context: CallContext;
  /** A write that has found no leader yet: the command to propose. It certainly did not happen. */
  queued: Uint8Array | null;
  /** Of an authentication: the users of this revision had this password, and the token that was
   *  signed for it. */
  checked: Readonly<{ revision: number; signed: string }>;
}>;

export const UNCHECKED: WaitingCall["checked"] = { revision: 0, signed: "" };

export type PendingCalls = Readonly<{
  waiting: OrderedMap<CallId, WaitingCall>;
  queued: readonly CallId[]; // those with a command to propose, oldest first
}>;

export function createPendingCalls(): PendingCalls {
  return { waiting: createOrderedMap(), queued: [] };
}

export function findCall(calls: PendingCalls, call: CallId): WaitingCall | null {
  return get(calls.waiting, call) ?? null;
}

export function addCall(calls: PendingCalls, waiting: WaitingCall): PendingCalls {
  return {
    waiting: set(calls.waiting, waiting.call, waiting),
    queued: waiting.queued === null ? calls.queued : [...calls.queued, waiting.call],
  };
}

/** Who waits may wait for something else now. */
export function replaceCall(calls: PendingCalls, waiting: WaitingCall): PendingCalls {
  return { ...calls, waiting: set(calls.waiting, waiting.call, waiting) };
}

/** The call has found out what to propose. */
export function queueCall(
  calls: PendingCalls,
  waiting: WaitingCall,
  queued: Uint8Array,
): PendingCalls {
  return addCall(calls, { ...waiting, queued });
}

export function removeCall(calls: PendingCalls, call: CallId): PendingCalls {
  const queued = calls.queued.includes(call)
    ? calls.queued.filter((c) => c !== call)
    : calls.queued;
  return { waiting: remove(calls.waiting, call), queued };
}

/** The command is in Raft's hands from now on: its outcome is unknown until it is applied. */
export function markProposed(calls: PendingCalls, waiting: WaitingCall): PendingCalls {
  return {
    waiting: set(calls.waiting, waiting.call, { ...waiting, queued: null }),
    queued: calls.queued.filter((call) => call !== waiting.call),
  };
}

export function expiredCalls(calls: PendingCalls, now: Millis): readonly WaitingCall[] {
  const expired: WaitingCall[] = [];
  for (const [, waiting] of entries(calls.waiting)) {
    if (now >= Math.min(waiting.serverDeadline, waiting.context.deadline)) expired.push(waiting);
  }
  return expired;
}
