// A failing schedule becomes the simplest one that fails in the same way. fast-check proposes
// simpler schedules; one counts only if the same oracle objects.

import fc from "fast-check";
import type { Fault } from "../sim/faults.ts";
import { judge } from "./judge.ts";
import type { Failure, JudgeOptions } from "./judge.ts";
import type { Found } from "./campaign.ts";
import type { RunName } from "./scenario.ts";
import { surroundingsOf } from "./scenario.ts";

export type Shrunk = Readonly<{
  name: RunName;
  faults: readonly Fault[];
  failure: Failure;
  tries: number;
}>;

/** At most `maxTries` runs, and none after `isTime()`: the best so far is the answer. */
export function shrink(
  { scenario, seed, failure }: Found,
  how: JudgeOptions,
  maxTries: number,
  isTime: () => boolean,
): Shrunk {
  const options = surroundingsOf(scenario, seed);
  let tries = 0;
  let best: Pick<Shrunk, "faults" | "failure"> = { faults: [], failure };
  const property = fc.property(scenario.faults(options), (faults) => {
    if (tries > 0 && (tries >= maxTries || isTime())) return true; // the rest passes unseen
    tries += 1;
    const judged = judge({ ...options, faults }, how).failure;
    if (judged?.oracle !== failure.oracle) return true;
    best = { faults, failure: judged };
    return false;
  });
  const settings = { seed: seed | 0, numRuns: 1, unbiased: true };
  const { counterexamplePath } = fc.check(property, settings);
  return { name: { seed, path: pathOf(counterexamplePath) }, ...best, tries };
}

/** The first value needs no path. */
function pathOf(path: string | null): string | null {
  return path === null || path === "0" ? null : path;
}
