// Nothing is done in one go that grows with the data: what a step handles has a budget
// (core/config.ts), and where nothing fails a leader keeps its office, however much it is asked.

import type { Limits } from "../../core/config.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Ghost, Moment } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";
import type { Load } from "../cluster/load.ts";

const SETTLING_ELECTIONS = 2;

export const budgetInvariants: readonly Invariant[] = [
  {
    id: "step-budget",
    sentence: "No step reads, writes or tells more than its budget.",
    at: ["stepped"],
    check: (_ghost: Ghost, moment: Moment) => {
      if (moment.kind !== "stepped") return null;
      const { before, state } = moment;
      const made = moment.load.writes + pendingOf(state) - pendingOf(before);
      const excess = excessOf({ ...moment.load, writes: made }, state.config.limits);
      return excess === null ? null : `a step upon ${moment.input.kind} ${excess}`;
    },
  },
  {
    id: "steady-office",
    sentence: "Where nothing fails a leader keeps its office.",
    at: ["stepped"],
    check: (ghost: Ghost, moment: Moment) => {
      if (moment.kind !== "stepped" || !ghost.isCalm || ghost.ledSinceMs === null) return null;
      const { raft, config } = moment.state;
      const { role, term } = raft;
      if (role !== "leader" || ghost.leaders.has(term)) return null;
      // Whoever stood for election along with the first one may still win.
      if (moment.timeMs - ghost.ledSinceMs < SETTLING_ELECTIONS * config.electionMs) return null;
      const [first] = ghost.leaders.keys();
      return `node ${moment.node} leads in term ${term}: the leader of term ${first} was well`;
    },
  },
];

/** What is made in pieces is written in one go: each step answers for what it made of it. */
function pendingOf({ applying }: NodeState): number {
  return applying === null ? 0 : applying.writes.reduce((sum, piece) => sum + piece.length, 0);
}

function excessOf({ rows, writes, pairs, bytes }: Load, limits: Limits): string | null {
  if (rows > limits.stepRows) return `reads ${rows} rows of ${limits.stepRows}`;
  if (writes > limits.stepWrites) return `makes ${writes} rows of ${limits.stepWrites}`;
  if (pairs > limits.stepPairs) return `answers with ${pairs} pairs of ${limits.stepPairs}`;
  return bytes > limits.stepBytes ? `tells ${bytes} bytes of ${limits.stepBytes}` : null;
}
