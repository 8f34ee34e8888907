// Planted bugs of ranges that take more than one step.

import type { Mutant } from "./mutant.ts";

export const RANGES_MUTANTS: readonly Mutant[] = [
  {
    name: "range-piece-lost",
    bug: "A range goes on behind the key that it stopped at, and that key is not shown.",
    file: "core/mvcc/range/range-walk.ts",
    find: ": { from: key, to: left.to };",
    replace: ": { from: `${key}\\0` as Bytes, to: left.to };",
    oracle: "linearizability",
    scenario: "large-ranges",
    seeds: [1, 10],
  },
  {
    name: "range-of-two-moments",
    bug: "A range goes on in the store as it is now, not in the one that it began with.",
    file: "core/services/kv/range-calls.ts",
    find: "continueReading(each.reading, view, budget)",
    replace: `continueReading(
      { ...each.reading, walks: each.reading.walks.map((walk) => ({ ...walk, mvcc: store.mvcc })) },
      view,
      budget,
    )`,
    oracle: "linearizability",
    scenario: "large-ranges",
    seeds: [1, 10],
  },
];
