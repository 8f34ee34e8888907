// A failing run becomes the simplest one that fails in the same way: first of the smallest world,
// because a small one is tried sooner, then of the simplest schedule. fast-check proposes simpler
// schedules; sizes are halved. One counts only if the same oracle objects.

import fc from "fast-check";
import type { Fault } from "../../sim/faults/faults.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import type { GivenSizes, Sizes } from "../../sim/options/sizes.ts";
import { smallerSizes } from "../../sim/options/sizes.ts";
import { judge } from "./judge.ts";
import type { Failure, JudgeOptions } from "./judge.ts";
import type { Found } from "./campaign.ts";
import type { RunName } from "../catalogue/scenario.ts";
import { optionsOf, surroundingsOf } from "../catalogue/scenario.ts";

export type Shrunk = Readonly<{
  name: RunName;
  sizes: GivenSizes;
  faults: readonly Fault[];
  failure: Failure;
  tries: number;
}>;

/** At most `maxTries` runs, and none after `isTime()`: the best so far is the answer. */
export function shrink(
  { scenario, seed, sizes, failure }: Found,
  how: JudgeOptions,
  maxTries: number,
  isTime: () => boolean,
): Shrunk {
  let tries = 0;
  const fails = (options: SimOptions): Failure | null => {
    tries += 1;
    const judged = judge(options, how).failure;
    return judged?.oracle === failure.oracle ? judged : null;
  };
  const goesOn = (): boolean => tries < maxTries && !isTime();
  const drawn = optionsOf(scenario, { seed, path: null }, sizes);
  const smallest = smallestOf(drawn, (options) => goesOn() && fails(options) !== null);
  const given = smallest === drawn.sizes ? sizes : smallest;
  const options = surroundingsOf(scenario, seed, given);
  const triedSizes = tries;
  let best: Pick<Shrunk, "faults" | "failure"> = { faults: [], failure };
  const property = fc.property(scenario.faults(options), (faults) => {
    if (tries > triedSizes && !goesOn()) return true; // the rest passes unseen
    const judged = fails({ ...options, faults });
    if (judged === null) return true;
    best = { faults, failure: judged };
    return false;
  });
  const settings = { seed: seed | 0, numRuns: 1, unbiased: true };
  const { counterexamplePath } = fc.check(property, settings);
  return { name: { seed, path: pathOf(counterexamplePath) }, sizes: given, ...best, tries };
}

/** Halves one size after the other for as long as it fails still. */
function smallestOf(options: SimOptions, fails: (options: SimOptions) => boolean): Sizes {
  for (const sizes of smallerSizes(options.sizes)) {
    const smaller = { ...options, sizes };
    if (fails(smaller)) return smallestOf(smaller, fails);
  }
  return options.sizes;
}

/** The first value needs no path. */
function pathOf(path: string | null): string | null {
  return path === null || path === "0" ? null : path;
}
