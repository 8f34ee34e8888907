// Reads that are answered from what is applied here: those that waited until the index which Raft
// named for them was applied, and those that need none.

import { isForwarded } from "../turn/leader-calls.ts";
import { isPasswordRequest } from "../services/auth/calls.ts";
import type { WaitingCall } from "../turn/calls.ts";
import { findCall } from "../turn/calls.ts";
import type { ReadRequest } from "./plan.ts";
import { answer } from "./plan.ts";
import { takeServable } from "../turn/reads.ts";
import { refusalNow } from "../turn/callers.ts";
import { beginDefragment } from "../services/maintenance/defragment.ts";
import { listLeases, serveLease } from "../services/lease/time-to-live.ts";
import { serveForwarded } from "../services/lease/keep-alive.ts";
import { servePassword } from "../services/auth/passwords.ts";
import { serveRange } from "../services/kv/range-calls.ts";
import { beginHashCall } from "../services/maintenance/hash-calls.ts";
import type { Turn } from "../turn/turn.ts";
import { setCalls } from "../turn/set-state.ts";
import { reply } from "../turn/turn.ts";

export function serveReads(turn: Turn): void {
  if (turn.state.installing !== null || turn.state.calls.reads.confirmed.length === 0) return;
  const [reads, calls] = takeServable(turn.state.calls.reads, turn.state.store.applied);
  if (calls.length === 0) return;
  setCalls(turn, { ...turn.state.calls, reads });
  for (const call of calls) {
    if (isForwarded(call)) {
      serveForwarded(turn, call);
      continue;
    }
    const waiting = findCall(turn.state.calls.pending, call);
    if (waiting === null) continue; // it timed out, or its client has gone
    if (waiting.request.kind === "lease_time_to_live") {
      serveLease(turn, waiting, waiting.request);
      continue;
    }
    if (isPasswordRequest(waiting.request)) servePassword(turn, waiting);
    else serveRead(turn, waiting, waiting.request as ReadRequest);
  }
}

/** From the state as it is now, to whoever may see it now. */
export function serveRead(
  turn: Turn,
  { call, context }: Pick<WaitingCall, "call" | "context">,
  request: ReadRequest,
): void {
  const error = refusalNow(turn, request, context);
  if (error !== null) return reply(turn, call, { ok: false, error });
  if (request.kind === "hash" || request.kind === "hash_kv") {
    return beginHashCall(turn, { call, context }, request);
  }
  if (request.kind === "range" || request.kind === "txn") {
    return serveRange(turn, { call, context }, request);
  }
  if (request.kind === "lease_leases") return listLeases(turn, call);
  if (request.kind === "defragment") return beginDefragment(turn, { call, context });
  const { config, raft, store } = turn.state;
  reply(turn, call, answer(request, config, raft, store, turn.kv));
}
