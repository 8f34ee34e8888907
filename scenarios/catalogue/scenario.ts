// A scenario is one promise of the product and the trouble in which it must hold.

import fc from "fast-check";
import type { Checks } from "../../core/config.ts";
import type { FaultKind } from "../../sim/faults/faults.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import type { GivenSizes } from "../../sim/options/sizes.ts";
import { AS_DRAWN, withSizes } from "../../sim/options/sizes.ts";
import type { Coverage } from "../../sim/run/result.ts";
import type { Faults } from "./arbitraries.ts";

/** So often members compare their hashes. */
export const OFTEN: Checks = { historyMs: 1000, compactionsMs: 1500, atStart: true };

export type Scenario = Readonly<{
  name: string;
  promise: string; // one sentence
  /** The cluster, its clients and its surroundings, without faults. */
  options: (seed: number) => SimOptions;
  faults: (options: SimOptions) => Faults;
  /** What a campaign must have seen, or it proved nothing. */
  injects: readonly FaultKind[];
  covers: readonly (keyof Coverage)[];
}>;

/** Which run: the seed draws a schedule, and `path` says which simpler one of that schedule. */
export type RunName = Readonly<{ seed: number; path: string | null }>;

/** All of a run but its faults. In a share of all runs members compare their hashes, and must find
 *  nothing. */
export function surroundingsOf(
  scenario: Scenario,
  seed: number,
  given: GivenSizes = AS_DRAWN,
): SimOptions {
  const drawn = scenario.options(seed);
  const options = { ...drawn, sizes: withSizes(drawn.sizes, given) };
  const { node } = options;
  if (seed % 7 !== 4 || node.limits.checks.historyMs > 0) return options;
  return { ...options, node: { ...node, limits: { ...node.limits, checks: OFTEN } } };
}

/** Everything about a run. Equal names give equal options, for as long as the scenario stays as it
 *  is. */
export function optionsOf(
  scenario: Scenario,
  { seed, path }: RunName,
  given: GivenSizes = AS_DRAWN,
): SimOptions {
  const options = surroundingsOf(scenario, seed, given);
  const settings = { seed: seed | 0, numRuns: 1, unbiased: true };
  const [faults] = fc.sample(
    scenario.faults(options),
    path === null ? settings : { ...settings, path },
  );
  if (faults === undefined) throw new RangeError(`no schedule at path ${JSON.stringify(path)}`);
  return { ...options, faults };
}
