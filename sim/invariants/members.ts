// What must hold while members come and go. Who counts is told by what a node has applied, not by
// what its Raft says of itself.

import type { Index, NodeId, Term } from "../../core/contract.ts";
import { configurationOf } from "../../core/membership/membership.ts";
import type { NodeState } from "../../core/node-state.ts";
import { isChange } from "../../core/raft/changes.ts";
import { entryAt } from "../../core/raft/log.ts";
import type { Ghost, GhostNode, Moment, StepMoment } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";

export const memberInvariants: readonly Invariant[] = [
  {
    id: "one-change-at-a-time",
    sentence: "A leader appends no change of members before it has applied the one before.",
    at: ["stepped"],
    check: onStep((_ghost, { state, appended }) => {
      const next = appended.find((entry) => isChange(entry.data));
      if (next === undefined || state.raft.role !== "leader" || !isSettled(state)) return null;
      const open = changeIn(state, state.store.applied, (next.index - 1) as Index);
      return open === null ? null : `entry ${next.index} is one, and ${open} is not applied`;
    }),
  },
  {
    id: "elected-by-members",
    sentence: "Whoever is elected has the votes of most voters among the members that it knows.",
    at: ["stepped"],
    check: onStep((ghost, { before, state }) => {
      const { role, term, config } = state.raft;
      if (role !== "leader" || before.raft.role === "leader" || !isSettled(before)) return null;
      const { voters } = configurationOf(before.store.members);
      const votes = ghost.nodes.filter((node) => votedFor(node, config.id, term));
      const counting = votes.filter(({ id }) => voters.includes(id)).length;
      if (2 * counting > voters.length) return null;
      return `in term ${term} ${counting} of ${voters.length} voters gave it their votes`;
    }),
  },
  {
    id: "stands-as-applied",
    sentence: "Nobody stands for election who knows a committed change that it has not applied.",
    at: ["stepped"],
    check: onStep((_ghost, { before, state }) => {
      const stands = state.raft.role === "pre_candidate" || state.raft.role === "candidate";
      if (!stands || before.raft.role !== "follower" || !isSettled(state)) return null;
      const open = changeIn(state, before.store.applied, state.raft.log.commit);
      return open === null ? null : `entry ${open} is committed, ${state.store.applied} is applied`;
    }),
  },
];

/** The disks of most voters hold it: of those before the step, or of those after it. */
export function isMajority(
  holders: readonly GhostNode[],
  states: readonly NodeState[],
): Readonly<{ holds: boolean; held: number; voters: number }> {
  let best = { holds: false, held: 0, voters: 0 };
  for (const { store } of states) {
    const { voters } = configurationOf(store.members);
    const held = holders.filter(({ id }) => voters.includes(id)).length;
    if (2 * held > voters.length) return { holds: true, held, voters: voters.length };
    best = { holds: false, held, voters: voters.length };
  }
  return best;
}

/** A node whose store is being replaced shows neither what it had applied nor what it will have. */
function isSettled(state: NodeState): boolean {
  return state.installing === null;
}

/** A vote of a later term hides what was voted before. */
function votedFor({ durable }: GhostNode, candidate: NodeId, term: Term): boolean {
  if (durable === null || durable.term < term) return false;
  return durable.term > term || durable.vote === candidate;
}

function changeIn({ raft }: NodeState, after: Index, through: Index): Index | null {
  for (let index = Math.max(after, raft.log.compactedIndex) + 1; index <= through; index++) {
    const entry = entryAt(raft.log, index as Index);
    if (entry !== null && isChange(entry.data)) return entry.index;
  }
  return null;
}

function onStep(
  check: (ghost: Ghost, moment: StepMoment) => string | null,
): (ghost: Ghost, moment: Moment) => string | null {
  return (ghost, moment) => (moment.kind === "stepped" ? check(ghost, moment) : null);
}
