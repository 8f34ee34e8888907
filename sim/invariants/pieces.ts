// What is done in pieces comes to an end, and nobody is told of an end before there is one.

import type { Ghost, GhostNode, Moment, StepMoment } from "./ghost.ts";
import { ghostNode } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";
import { firstDifference } from "./double-step.ts";

export const pieceInvariants: readonly Invariant[] = [
  {
    id: "no-idle-resume",
    sentence: "A node that asks to be resumed, and is, gets on with something.",
    at: ["stepped"],
    check: (_ghost: Ghost, moment: Moment) => {
      if (moment.kind !== "stepped" || moment.input.kind !== "resume") return null;
      const { before, state, effects } = moment;
      if (!effects.every(({ kind }) => kind === "yield")) return null;
      if (!state.isYielding || firstDifference(before, state) !== null) return null;
      return "nothing came of being resumed, and the node asks for it again";
    },
  },
  {
    id: "defragment-answered",
    sentence: "Who asks for a defragmentation hears of one that began after that, when it ends.",
    at: ["stepped"],
    check: (ghost: Ghost, moment: Moment) =>
      moment.kind === "stepped" ? toldTooSoon(ghostNode(ghost, moment.node), moment) : null,
  },
];

function toldTooSoon(node: GhostNode, { input, effects }: StepMoment): string | null {
  const ended = input.kind === "defragment.done" ? input : null;
  for (const effect of effects) {
    if (effect.kind !== "call.reply") continue;
    const { call, result } = effect;
    if (!result.ok || result.value.kind !== "defragment") continue;
    if (ended === null) return `call ${call} is told that it is done, which it is not yet`;
    if (ended.error !== null) return `call ${call} is told that it is done: ${ended.error}`;
    if (!node.defragmentations.owed.includes(call))
      return `call ${call} is told of one that began before it was made`;
  }
  return null;
}
