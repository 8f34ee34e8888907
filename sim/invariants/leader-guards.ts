// When a stream that wants a leader ("hasleader") ends for want of one: after three elections
// without, not sooner and not later; and that nobody is let in who asks for a leader where there is
// none.

import type { CallId, Effect } from "../../core/contract.ts";
import type { NodeState } from "../../core/node-state.ts";
import { ERRORS } from "../../core/api/errors.ts";
import type { Ghost, GhostNode, Moment, StepMoment } from "./ghost.ts";
import { ghostNode } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";

const ELECTIONS = 3;

export const guardInvariants: readonly Invariant[] = [
  {
    id: "not-without-leader",
    sentence: "Who wants a leader is refused without one, and its streams end after a while.",
    at: ["stepped"],
    check: (ghost: Ghost, moment: Moment) =>
      moment.kind === "stepped" ? unguarded(ghostNode(ghost, moment.node), moment) : null,
  },
  {
    id: "not-for-want-of-leader",
    sentence: "Where there is a leader, or was a moment ago, no stream ends for want of one.",
    at: ["stepped"],
    check: (ghost: Ghost, moment: Moment) =>
      moment.kind === "stepped" ? deserted(ghostNode(ghost, moment.node), moment) : null,
  },
];

/** Since when, by its own clock, the node has known no leader. */
export function leaderlessSince(node: GhostNode, { raft, now }: NodeState): number | null {
  return raft.leader === null ? (node.leaderlessSince ?? now) : null;
}

function unguarded(node: GhostNode, { input, before, state, effects }: StepMoment): string | null {
  if (input.kind === "call" && input.context.requireLeader && before.raft.leader === null) {
    return isRefused(input.call, effects) ? null : `call ${input.call} is let in without a leader`;
  }
  if (input.kind !== "tick" || node.guarded.size === 0 || !isLong(node, state)) return null;
  const [open] = [...node.guarded].filter((call) => !hasEnded(call, effects));
  return open === undefined ? null : `stream ${open} goes on, without a leader for three elections`;
}

function deserted(node: GhostNode, { input, before, state, effects }: StepMoment): string | null {
  for (const effect of effects) {
    if (effect.kind !== "call.end" || effect.error !== ERRORS.NoLeader) continue;
    const isNew = input.kind === "call" && input.call === effect.call;
    if (!isNew && !node.guarded.has(effect.call)) continue; // a keep-alive that waited in vain
    const isRight = isNew ? before.raft.leader === null : isLong(node, state);
    if (!isRight) return `stream ${effect.call} ends for want of a leader; there was one`;
  }
  return null;
}

function isLong(node: GhostNode, state: NodeState): boolean {
  const since = leaderlessSince(node, state);
  return since !== null && state.now - since >= ELECTIONS * state.config.electionMs;
}

function isRefused(call: CallId, effects: readonly Effect[]): boolean {
  return effects.some((effect) => {
    if (effect.kind === "call.reply") return effect.call === call && !effect.result.ok;
    return effect.kind === "call.end" && effect.call === call && effect.error !== null;
  });
}

function hasEnded(call: number, effects: readonly Effect[]): boolean {
  return effects.some((effect) => effect.kind === "call.end" && effect.call === call);
}
