// Planted bugs of members that come and go.

import type { Mutant } from "./mutant.ts";

export const MEMBERS_MUTANTS: readonly Mutant[] = [
  {
    name: "change-upon-change",
    bug: "A leader appends a change of members while another in its log is not applied.",
    file: "core/raft/changes.ts",
    find: "&& !hasChange(log, configuredAt, log.lastIndex);",
    replace: "|| log.commit >= configuredAt;",
    oracle: "one-change-at-a-time",
    scenario: "membership",
    seeds: [2, 20],
  },
  {
    name: "learner-counts",
    bug: "An entry is committed when a learner makes up the majority that holds it.",
    file: "core/raft/replication.ts",
    find: "const counting = voters.map(",
    replace: "const counting = [...voters, ...turn.state.learners].map(",
    oracle: "commit-durable-quorum",
    scenario: "membership",
    seeds: [16, 40],
  },
  {
    name: "learner-votes",
    bug: "Raft takes learners for voters.",
    file: "core/step/apply-committed.ts",
    find: 'tellRaft(turn, { kind: "configured", index, ...configuration });',
    replace:
      "const everybody = [...configuration.voters, ...configuration.learners].toSorted();\n" +
      '  tellRaft(turn, { kind: "configured", index, voters: everybody, learners: [] });',
    oracle: "commit-durable-quorum",
    scenario: "membership",
    seeds: [26, 40],
  },
  {
    name: "joins-as-of-today",
    bug: "A member that joins takes those of today for the first members of the cluster.",
    file: "core/node.ts",
    find: "const members = sortedMembers(config.members);",
    replace:
      "const { contacts } = config;\n" +
      "  const members = sortedMembers(contacts.length > 0 ? contacts : config.members);",
    oracle: "convergence",
    scenario: "membership",
    seeds: [1, 20],
  },
  {
    name: "stands-with-open-change",
    bug: "Whoever knows of a committed change stands for election as if it did not.",
    file: "core/raft/election.ts",
    find: "return isVoter(state) && hasNextTerm(state) && !hasUnappliedChange(state);",
    replace: "void hasUnappliedChange;\n  return isVoter(state) && hasNextTerm(state);",
    oracle: "stands-as-applied",
    scenario: "membership",
    seeds: [13, 40],
  },
];
