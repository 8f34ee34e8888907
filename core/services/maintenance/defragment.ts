// Defragment: the driver gives the room of free pages back, in the background, while calls are
// served. One at a time: who asks while one is under way waits for the next, for what was deleted
// since it began is not given back by it.

import type { CallContext, CallId, Input, Millis } from "../../contract.ts";
import { addCall, findCall, UNCHECKED } from "../../turn/calls.ts";
import { defragmentFailed } from "../../api/errors.ts";
import { NO_HEADER } from "../../turn/header.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls, setUpkeep } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

/** Who waits for the one that is under way, and for the one after it. */
export type Defragmentation = Readonly<{
  isRunning: boolean;
  asked: readonly CallId[];
  next: readonly CallId[];
}>;

export const NO_DEFRAGMENTATION: Defragmentation = { isRunning: false, asked: [], next: [] };

/** A large store takes its time, and etcd sets no end to it. */
const PATIENCE_MS = 60 * 60 * 1000;

export function beginDefragment(
  turn: Turn,
  { call, context }: Readonly<{ call: CallId; context: CallContext }>,
): void {
  const { now } = turn.state;
  const { pending } = turn.state.calls;
  const { defragmentation } = turn.state.upkeep;
  const serverDeadline = (now + PATIENCE_MS) as Millis;
  const waiting = { call, request: { kind: "defragment" }, since: now, serverDeadline } as const;
  const added = addCall(pending, { ...waiting, context, queued: null, checked: UNCHECKED });
  const next = [...defragmentation.next, call];
  setCalls(turn, { ...turn.state.calls, pending: added });
  setUpkeep(turn, { ...turn.state.upkeep, defragmentation: { ...defragmentation, next } });
  if (!defragmentation.isRunning) begin(turn);
}

export function defragmentDone(
  turn: Turn,
  { error }: Extract<Input, { kind: "defragment.done" }>,
): void {
  const { asked, next } = turn.state.upkeep.defragmentation;
  turn.effects.push({ kind: "trace", event: { kind: "defragmented", error } });
  for (const call of asked) {
    if (findCall(turn.state.calls.pending, call) === null) continue; // its client has gone
    if (error !== null) reply(turn, call, { ok: false, error: defragmentFailed(error) });
    else reply(turn, call, { ok: true, value: { kind: "defragment", header: NO_HEADER } });
  }
  if (next.length > 0) return begin(turn);
  setUpkeep(turn, { ...turn.state.upkeep, defragmentation: NO_DEFRAGMENTATION });
}

function begin(turn: Turn): void {
  const { next } = turn.state.upkeep.defragmentation;
  setUpkeep(turn, {
    ...turn.state.upkeep,
    defragmentation: { isRunning: true, asked: next, next: [] },
  });
  turn.effects.push({ kind: "trace", event: { kind: "defragmenting" } });
  turn.effects.push({ kind: "defragment" });
}
