// Planted bugs of how members compare their hashes: harm that nobody sees, and false alarms.

import type { Mutant } from "./mutant.ts";

const BLAME = "core/corruption/blame.ts";

export const CORRUPTION_MUTANTS: readonly Mutant[] = [
  {
    name: "hash-not-compared",
    bug: "All hashes are taken for equal.",
    file: BLAME,
    find: 'return hash.toString(16).padStart(8, "0");',
    replace: "return String(hash - hash);",
    oracle: "harm-is-found",
    scenario: "silent-corruption",
    seeds: [8, 20],
  },
  {
    name: "majority-accused",
    bug: "The alarm names those who agree.",
    file: BLAME,
    find: "showings.filter(({ what }) => what !== believed.what)",
    replace: "showings.filter(({ what }) => what === believed.what)",
    oracle: "no-false-alarm",
    scenario: "silent-corruption",
    seeds: [1, 20],
  },
  {
    name: "leader-believed",
    bug: "Whoever differs from the leader is accused, be the leader the one who is harmed.",
    file: BLAME,
    find: "holders(what) >= quorum",
    replace: "holders(what) <= quorum",
    oracle: "no-false-alarm",
    scenario: "silent-corruption",
    seeds: [1, 20],
  },
  {
    name: "compared-across-compactions",
    bug: "Hashes of one revision are compared though one of the stores is compacted further.",
    file: BLAME,
    find: "if (shown === undefined || shown.compacted !== asked.compacted) return [];",
    replace: "if (shown === undefined) return [];",
    oracle: "no-false-alarm",
    scenario: "everything",
    seeds: [53, 80],
  },
];
