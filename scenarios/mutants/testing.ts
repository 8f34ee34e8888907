// What the tests of planted bugs share: each takes a process of its own, one after the other, so
// the bugs are in two files for two cores.

import type { RuleMutant } from "./bugs/rules.ts";
import { ALL_MUTANTS, escapeOf } from "./bugs/rules.ts";
import type { createPlanter } from "./planting.ts";

export const HUNT_TIMEOUT_MS = 120_000;

/** Every other planted bug, with its name. */
export function halfOfMutants(nth: 0 | 1): readonly (readonly [name: string, RuleMutant])[] {
  return ALL_MUTANTS.filter((_, at) => at % 2 === nth).map((mutant) => [mutant.name, mutant]);
}

/** Why it was not caught as it should be, in words; null: it was. */
export async function hunt(
  planter: ReturnType<typeof createPlanter>,
  mutant: RuleMutant,
): Promise<string | null> {
  const hunted = await planter.hunt(mutant);
  const escape = escapeOf(mutant, hunted);
  return escape === null ? null : `${mutant.bug} ${escape} ${hunted.message}`;
}
