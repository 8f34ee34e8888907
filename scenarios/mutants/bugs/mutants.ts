// Planted bugs that an oracle of the simulator must catch, or the history as a whole.
//
// `npm run mutants` hunts them all and prints who was caught by whom, and after how many seeds.

import type { Mutant } from "./mutant.ts";
import { ACCESS_MUTANTS } from "./access.ts";
import { CORRUPTION_MUTANTS } from "./corruption.ts";
import { DISK_MUTANTS } from "./disk.ts";
import { EDGES_MUTANTS } from "./edges.ts";
import { MEMBERS_MUTANTS } from "./members.ts";
import { PIECES_MUTANTS } from "./pieces.ts";
import { RAFT_MUTANTS } from "./raft.ts";
import { SIZES_MUTANTS } from "./sizes.ts";
import { RANGES_MUTANTS } from "./ranges.ts";
import { STORE_MUTANTS } from "./store.ts";
import { SERVICES_MUTANTS } from "./services.ts";

export const MUTANTS: readonly Mutant[] = [
  ...RAFT_MUTANTS,
  ...DISK_MUTANTS,
  ...CORRUPTION_MUTANTS,
  ...STORE_MUTANTS,
  ...ACCESS_MUTANTS,
  ...MEMBERS_MUTANTS,
  ...SERVICES_MUTANTS,
  ...SIZES_MUTANTS,
  ...RANGES_MUTANTS,
  ...PIECES_MUTANTS,
  ...EDGES_MUTANTS,
];
