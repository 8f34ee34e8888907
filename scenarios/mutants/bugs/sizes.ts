// Planted bugs that only size can show: what goes wrong between two pieces, and what is done in one
// go that grows with the data.

import type { Mutant } from "./mutant.ts";

export const SIZES_MUTANTS: readonly Mutant[] = [
  {
    name: "range-in-one-step",
    bug: "A range is answered in one step, however large it is.",
    file: "core/mvcc/range/range-walk.ts",
    find: "    if (isSpent(piece, budget)) {\n      rest =",
    replace: "    if (isSpent(piece, budget) && enough < 0) {\n      rest =",
    oracle: "step-budget",
    scenario: "giants",
    seeds: [1, 10],
  },
  {
    name: "range-loses-a-key",
    bug: "The key at which a piece of a range ends is told by none.",
    file: "core/mvcc/range/range-walk.ts",
    find: ": { from: key, to: left.to };",
    replace: ": { from: `${key}\\0` as Bytes, to: left.to };",
    oracle: "linearizability",
    scenario: "giants",
    seeds: [1, 10],
  },
  {
    name: "range-moves-on",
    bug: "Each piece of a range shows the store as it is by then.",
    file: "core/services/kv/range-calls.ts",
    find: "continueReading(each.reading, view, budget);",
    replace:
      "continueReading(\n" +
      "    { ...each.reading,\n" +
      "      walks: each.reading.walks.map((walk) => ({ ...walk, mvcc: store.mvcc })) },\n" +
      "    view,\n    budget,\n  );",
    oracle: "linearizability",
    scenario: "giants",
    seeds: [1, 30],
  },
  {
    name: "range-reads-compacted-rows",
    bug: "A compaction between two pieces of a range goes unnoticed.",
    file: "core/services/kv/range-calls.ts",
    find: "if (isReadingTaken(each.reading, store.mvcc)) {",
    replace: "if (isReadingTaken(each.reading, each.reading.mvcc)) {",
    oracle: "assertion",
    scenario: "giants",
    seeds: [46, 80],
  },
  {
    name: "append-without-bound",
    bug: "An append holds all that a follower lacks, and no frame holds that.",
    file: "core/raft/replication.ts",
    find: "entriesBetween(log, progress.next, through, config.appendBytes)",
    replace: "entriesBetween(log, progress.next, through, Infinity)",
    oracle: "convergence",
    scenario: "giants",
    seeds: [19, 40],
  },
  {
    name: "leader-gives-up",
    bug: "A leader counts those who answered more often than they are asked.",
    file: "core/raft/election.ts",
    find: "if (now >= quorumCheckDueAt && !checkQuorum(turn)) return;",
    replace: "if (!checkQuorum(turn)) return;",
    oracle: "steady-office",
    scenario: "steady-office",
    seeds: [1, 5],
  },
];
