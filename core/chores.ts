// Work that would take too long for one step: it is done in pieces, one with each `resume`, between
// which everything else goes on. What is left of it lies in the state, as data.

import { noteHash } from "./corruption.ts";
import { hasRangeCalls, resumeRangeCalls } from "./range-calls.ts";
import { hasHistory, resumeHistory } from "./streaming.ts";
import { hasSurveys, resumeSurveys } from "./surveys.ts";
import type { Turn } from "./turn.ts";

/** Everybody else had their turn: a piece of each. */
export function resumeChores(turn: Turn): void {
  turn.state = { ...turn.state, isYielding: false };
  resumeSurveys(turn, noteHash);
  resumeRangeCalls(turn);
  resumeHistory(turn);
}

/** Asks to be resumed while there is something to go on with. */
export function maybeYield(turn: Turn): void {
  if (turn.state.isYielding) return;
  if (!hasSurveys(turn.state) && !hasRangeCalls(turn.state) && !hasHistory(turn.state)) return;
  turn.state = { ...turn.state, isYielding: true };
  turn.effects.push({ kind: "yield" });
}
