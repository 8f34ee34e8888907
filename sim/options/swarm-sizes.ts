// A seed becomes a size of the world.

import type { Sizes } from "./sizes.ts";

/** As large as a store that people complain about: more keys than an engine takes arguments. */
export const VAST: Sizes = {
  keys: 130_000,
  leased: 65_000,
  leaseSeconds: 3,
  valueBytes: 8,
  giants: 2,
  watchers: 0,
  nameBytes: 20_000,
  pastEntries: 0,
  pastTerms: 0,
};

export function drawSizes(seed: number): Sizes {
  const pick = <T>(choices: readonly T[], shift: number): T =>
    choices[(seed >>> shift) % choices.length] as T;
  const keys = pick([200, 700, 300, 100, 500], 0);
  return {
    keys,
    leased: pick([keys, keys >> 1, 0], 1),
    leaseSeconds: pick([2, 3], 2),
    valueBytes: pick([8, 100, 20, 500], 1),
    giants: 2 + (seed % 3),
    watchers: pick([0, 60, 20, 200], 0),
    nameBytes: pick([10, 400, 2000, 20_000], 1),
    pastEntries: 0,
    pastTerms: 0,
  };
}

/** Where pieces are of a few rows, a hundred keys are many. */
export function drawModestSizes(seed: number): Sizes {
  const drawn = drawSizes(seed);
  const keys = 20 + (seed % 130);
  const leased = drawn.leased > 0 ? keys >> (seed & 1) : 0;
  const leaseSeconds = 2 + (seed % 6);
  return { ...drawn, keys, leased, leaseSeconds, giants: 1, watchers: seed % 40, valueBytes: 8 };
}
