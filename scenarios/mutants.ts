// Planted bugs that an oracle of the simulator must catch, or the history as a whole.
//
// `npm run mutants` hunts them all and prints who was caught by whom, and after how many seeds.

import type { Mutant } from "./mutant.ts";
import { ACCESS_MUTANTS } from "./mutants-access.ts";
import { CORRUPTION_MUTANTS } from "./mutants-corruption.ts";
import { DISK_MUTANTS } from "./mutants-disk.ts";
import { MEMBERS_MUTANTS } from "./mutants-members.ts";
import { PIECES_MUTANTS } from "./mutants-pieces.ts";
import { RAFT_MUTANTS } from "./mutants-raft.ts";
import { SIZES_MUTANTS } from "./mutants-sizes.ts";
import { RANGES_MUTANTS } from "./mutants-ranges.ts";
import { STORE_MUTANTS } from "./mutants-store.ts";
import { VISITORS_MUTANTS } from "./mutants-visitors.ts";

export const MUTANTS: readonly Mutant[] = [
  ...RAFT_MUTANTS,
  ...DISK_MUTANTS,
  ...CORRUPTION_MUTANTS,
  ...STORE_MUTANTS,
  ...ACCESS_MUTANTS,
  ...MEMBERS_MUTANTS,
  ...VISITORS_MUTANTS,
  ...SIZES_MUTANTS,
  ...RANGES_MUTANTS,
  ...PIECES_MUTANTS,
];
