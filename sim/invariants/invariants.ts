// What must hold after every step, whatever goes wrong: one function each, with a name and a
// sentence. All are incremental: they look at what a step changed, never at the whole.

import { agreementInvariants } from "./agreement.ts";
import { budgetInvariants } from "./budget.ts";
import { corruptionInvariants } from "./corruption.ts";
import { durabilityInvariants } from "./durability.ts";
import { guardInvariants } from "./leader-guards.ts";
import { memberInvariants } from "./members.ts";
import { pieceInvariants } from "./pieces.ts";
import { serviceInvariants } from "./service.ts";
import type { Ghost, Moment } from "./ghost.ts";

export type Invariant = Readonly<{
  id: string;
  sentence: string;
  at: readonly Moment["kind"][]; // it holds at any other by itself
  /** Null: it holds. Otherwise what is wrong, with every number needed to understand it. */
  check: (ghost: Ghost, moment: Moment) => string | null;
}>;

export const INVARIANTS: readonly Invariant[] = [
  ...agreementInvariants,
  ...durabilityInvariants,
  ...memberInvariants,
  ...serviceInvariants,
  ...corruptionInvariants,
  ...guardInvariants,
  ...budgetInvariants,
  ...pieceInvariants,
];

const BY_KIND = new Map<Moment["kind"], Invariant[]>();
for (const invariant of INVARIANTS) {
  for (const kind of invariant.at) {
    const known = BY_KIND.get(kind);
    if (known === undefined) BY_KIND.set(kind, [invariant]);
    else known.push(invariant);
  }
}

/** The first invariant that this moment breaks. */
export function firstBroken(
  ghost: Ghost,
  moment: Moment,
): Readonly<{ id: string; message: string }> | null {
  for (const { id, check } of BY_KIND.get(moment.kind) ?? []) {
    const message = check(ghost, moment);
    if (message !== null) return { id, message };
  }
  return null;
}
