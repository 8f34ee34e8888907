// Planted bugs. Each is an exact substitution in one file of the core, applied to a copy of the
// sources, and names the oracle that must catch it. An oracle that catches nothing proves nothing.
//
// `npm run mutants` hunts them all and prints who was caught by whom, and after how many seeds.

export type Mutant = Readonly<{
  name: string;
  bug: string; // what it breaks, in a sentence
  file: string;
  find: string; // occurs exactly once in the file, or the mutant is out of date
  replace: string;
  oracle: string; // the one that must catch it first
  scenario: string; // where to hunt
  seeds: readonly [from: number, to: number];
}>;

export const MUTANTS: readonly Mutant[] = [
  {
    name: "vote-before-sync",
    bug: "A vote leaves before it is on disk: a crash makes the node vote twice.",
    file: "core/raft/election.ts",
    find: 'send(turn, from, "term", { kind, term: message.term, granted: true });',
    replace: 'send(turn, from, "nothing", { kind, term: message.term, granted: true });',
    oracle: "promise-after-sync",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "acknowledge-before-sync",
    bug: "A follower acknowledges entries that are not on its disk yet.",
    file: "core/raft/follower.ts",
    find: 'send(turn, to, rejected ? "term" : "log", message);',
    replace: 'send(turn, to, "nothing", message);',
    oracle: "promise-after-sync",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "term-not-persisted",
    bug: "A new term is written only together with a vote or entries.",
    file: "core/raft/turn.ts",
    find: "const changed = state.term !== before.term || state.vote !== before.vote;",
    replace: "const changed = state.vote !== before.vote;",
    oracle: "promise-after-sync",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "leader-counts-unsynced",
    bug: "The leader counts its own copy of an entry before it is on its disk.",
    file: "core/raft/replication.ts",
    find: "setProgress(turn, ownProgress(config.id, log.durableIndex, entry.index));",
    replace: "setProgress(turn, ownProgress(config.id, entry.index, entry.index));",
    oracle: "commit-durable-quorum",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "commit-older-term",
    bug: "Entries of an earlier term are committed by counting copies (Raft, figure 8).",
    file: "core/raft/replication.ts",
    find: "if (index <= log.commit || termAt(log, index) !== term) return false;",
    replace: "if (index <= log.commit) return false;",
    oracle: "commit-current-term",
    scenario: "torn-writes",
    seeds: [81, 120],
  },
  {
    name: "vote-for-anyone",
    bug: "A vote is given without comparing the logs.",
    file: "core/raft/election.ts",
    find: "if (!isUpToDate(state.log, message.lastIndex, message.lastTerm)) return",
    replace: "if (!isUpToDate(state.log, state.log.lastIndex, state.log.lastTerm)) return",
    oracle: "leader-completeness",
    scenario: "torn-writes",
    seeds: [81, 120],
  },
  {
    name: "read-without-quorum",
    bug: "A leader serves reads without asking whether it still is one.",
    file: "core/raft/read-index.ts",
    find: "if (!isQuorum(voters, (voter) => reads.confirmedBy.includes(voter))) return false;",
    replace: "if (voters.length === 0) return false;",
    oracle: "fresh-reads",
    scenario: "drifting-clocks",
    seeds: [1, 60],
  },
  {
    name: "commit-on-trust",
    bug: "A heartbeat's commit index covers a tail that follower and leader do not share.",
    file: "core/raft/read-index.ts",
    find: "const commit = Math.min(match, log.commit) as Index;",
    replace: "const commit = Math.max(Math.min(match, 0), log.commit) as Index;",
    oracle: "state-machine-safety",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "apply-before-sync",
    bug: "Entries are applied as soon as they are committed, durable here or not.",
    file: "core/advance.ts",
    find: "Math.min(commit, durableIndex, store.applied + APPLY_ENTRIES_MAX)",
    replace: "Math.min(commit, durableIndex + 1e6, store.applied + APPLY_ENTRIES_MAX)",
    oracle: "kv-behind-wal",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "applied-index-behind",
    bug: "The store says one entry less than it holds: a restart applies one twice.",
    file: "core/advance.ts",
    find: "putApplied({ index: next.applied,",
    replace: "putApplied({ index: (next.applied - 1) as Index,",
    oracle: "applied-in-order",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "trim-ahead-of-store",
    bug: "The log is cut up to entries that the store has not made durable.",
    file: "core/node.ts",
    find: "const through = (appliedDurable - config.snapshotCount) as Index;",
    replace: "const through = raft.log.lastIndex;",
    oracle: "trim-behind-kv",
    scenario: "everything",
    seeds: [1, 40],
  },
  {
    name: "forward-twice",
    bug: "A doubled forward proposes twice: one put takes two revisions.",
    file: "core/raft/raft.ts",
    find: "if (seen === null) return;",
    replace: "if (seen === null) return void propose(turn, data);",
    oracle: "linearizability",
    scenario: "bad-network",
    seeds: [1, 40],
  },
  {
    name: "stale-leader-heard",
    bug: "A message of an older term is taken for one of this term.",
    file: "core/raft/raft.ts",
    find: "if (message.term < turn.state.term) receiveStale(turn, from, message);",
    replace: "if (message.term < 0) receiveStale(turn, from, message);",
    oracle: "assertion",
    scenario: "everything",
    seeds: [41, 80],
  },
  {
    name: "no-stickiness",
    bug: "A node that hears a leader still votes: one that comes back deposes a good leader.",
    file: "core/raft/raft.ts",
    find: "if (trustsLeader(turn.state) && (pre || !message.transfer)) {",
    replace: "if (term < 0 && trustsLeader(turn.state) && (pre || !message.transfer)) {",
    oracle: "term-inflation",
    scenario: "term-inflation",
    seeds: [1, 40],
  },
  {
    name: "late-read-answer",
    bug: "An answer to an earlier question for a read index is taken for the answer to this one.",
    file: "core/api/reads.ts",
    find: "if (reads.asked === null || reads.asked.context !== context) return reads;",
    replace: "if (reads.asked === null) return reads;",
    oracle: "fresh-reads",
    scenario: "bad-network",
    seeds: [1, 40],
  },
];
