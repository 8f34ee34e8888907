// Work that would take too long for one step: it is done in pieces, one with each `resume`, between
// which everything else goes on. What is left of it lies in the state, as data.

import { hasUnapplied } from "./apply-committed.ts";
import { noteHash } from "../services/corruption/hash-checks.ts";
import { dropConfirmed, hasConfirmed } from "../kv/overlay.ts";
import type { NodeState } from "../node-state.ts";
import { hasRangeCalls, resumeRangeCalls } from "../services/kv/range-calls.ts";
import { hasReadableStreams, resumeRangeStreams } from "../services/kv/range-streams.ts";
import { hasHistory, resumeHistory } from "./streaming.ts";
import { hasHashCalls, resumeHashCalls } from "../services/maintenance/hash-calls.ts";
import type { Turn } from "../turn/turn.ts";

/** Everybody else had their turn: a piece of each. Entries go on behind it (advance.ts). */
export function resumeChores(turn: Turn): void {
  turn.state = { ...turn.state, isYielding: false };
  resumeHashCalls(turn, noteHash);
  resumeRangeCalls(turn);
  resumeRangeStreams(turn);
  resumeHistory(turn);
  tidyOverlay(turn);
}

/** Asks to be resumed while there is something to go on with. */
export function maybeYield(turn: Turn): void {
  if (turn.state.isYielding || !hasChores(turn.state)) return;
  turn.state = { ...turn.state, isYielding: true };
  turn.effects.push({ kind: "yield" });
}

/** What the store shows durably need not lie over it any longer. */
function tidyOverlay(turn: Turn): void {
  const { store, installing, config } = turn.state;
  if (installing !== null || !hasConfirmed(store.overlay)) return;
  const overlay = dropConfirmed(store.overlay, config.limits.applyRows);
  turn.state = { ...turn.state, store: { ...store, overlay } };
}

function hasChores(state: NodeState): boolean {
  if (hasUnapplied(state) || hasHashCalls(state) || hasRangeCalls(state)) return true;
  if (hasReadableStreams(state) || hasHistory(state)) return true;
  return state.installing === null && hasConfirmed(state.store.overlay);
}
