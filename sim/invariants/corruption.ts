// What members tell of harmed stores: nothing where none was harmed, and who it is where one was.

import type { NodeId } from "../../core/contract.ts";
import { isRaised } from "../../core/apply/alarms.ts";
import { ANYBODY } from "../../core/corruption/blame.ts";
import type { EndMoment, Ghost } from "./ghost.ts";
import { isAnyHarmed } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";

export const corruptionInvariants: readonly Invariant[] = [
  {
    id: "no-false-alarm",
    sentence: "Nobody is said to be corrupt whose store was not harmed.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      for (const effect of moment.effects) {
        if (effect.kind === "admission" && effect.refusal !== null && !isAnyHarmed(ghost)) {
          return effect.refusal;
        }
        if (effect.kind !== "trace" || effect.event.kind !== "corrupt") continue;
        const { members, showings, revision } = effect.event;
        const innocent = members.find((id) => !isGuilty(ghost, id));
        if (innocent === undefined) continue;
        const shown = showings.map(({ member, what }) => `${member}: ${what}`).join(", ");
        return `${innocent} is accused at revision ${revision} and was not harmed: ${shown}`;
      }
      return null;
    },
  },
  {
    id: "harm-is-found",
    sentence: "Once the faults are over, the alarm names every member whose store is harmed.",
    at: ["ended"],
    check: (ghost, moment) => (moment.kind === "ended" ? unnoticed(ghost, moment) : null),
  },
];

function isGuilty(ghost: Ghost, id: NodeId): boolean {
  if (id === ANYBODY) return isAnyHarmed(ghost);
  return ghost.nodes.some((node) => node.isHarmed && node.id === id);
}

/** Harm may have been compacted away: then there is nothing left to find. */
function unnoticed(ghost: Ghost, { states, histories }: EndMoment): string | null {
  const sound = ghost.nodes.findIndex(({ isHarmed }) => !isHarmed);
  const known = states[sound];
  if (known === undefined || known === null || !isAnyHarmed(ghost)) return null;
  if (known.config.limits.checks.historyMs === 0) return null;
  const few = ghost.nodes.filter(({ isHarmed }) => isHarmed).length < ghost.nodes.length / 2;
  const leader = ghost.nodes.find((_, at) => states[at]?.raft.role === "leader");
  const isNamed = (id: NodeId): boolean => isRaised(known.store.alarms, "corrupt", id);
  if (leader?.isHarmed === true && isNamed(leader.id)) return null; // it hides who else is
  const isNobodyKnown = !few && isRaised(known.store.alarms, "corrupt", ANYBODY);
  for (const [at, node] of ghost.nodes.entries()) {
    if (!node.isHarmed || (states[at] ?? null) === null) continue;
    if (histories[at] === histories[sound]) continue;
    if (isNamed(node.id) || isNobodyKnown) continue;
    return `the store of node ${at + 1} was harmed, and no alarm says so`;
  }
  return null;
}
