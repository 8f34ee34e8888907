// Raft's own promises (thesis, figure 3.2): who leads, what logs hold, what is committed.

import type { Index, Term } from "../../core/contract.ts";
import { termAt } from "../../core/raft/log.ts";
import type { Ghost, Moment, StepMoment } from "./ghost.ts";
import { entryKey, fingerprint, holds } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";
import { isMajority } from "./members.ts";

export const agreementInvariants: readonly Invariant[] = [
  {
    id: "election-safety",
    sentence: "At most one node leads in a term.",
    at: ["stepped"],
    check: onStep((ghost, { node, state }) => {
      const { role, term } = state.raft;
      const other = ghost.leaders.get(term);
      if (role !== "leader" || other === undefined || other === node) return null;
      return `nodes ${other} and ${node} both lead in term ${term}`;
    }),
  },
  {
    id: "leader-append-only",
    sentence: "A leader never overwrites or drops an entry of its log.",
    at: ["stepped"],
    check: onStep((_ghost, { before, state, appended }) => {
      const [old, now] = [before.raft, state.raft];
      if (old.role !== "leader" || now.role !== "leader" || old.term !== now.term) return null;
      const first = appended[0]?.index ?? old.log.lastIndex + 1;
      if (now.log.lastIndex >= old.log.lastIndex && first > old.log.lastIndex) return null;
      return `the log ended at ${old.log.lastIndex}, and entry ${first} was written over it`;
    }),
  },
  {
    id: "log-matching",
    sentence: "Entries of equal index and term are equal, and follow equal logs.",
    at: ["stepped"],
    check: onStep((ghost, { state, appended }) => {
      for (const entry of appended) {
        const known = ghost.entries.get(entryKey(entry.term, entry.index));
        if (known === undefined) continue;
        const what = (): string => `entry ${entry.index} of term ${entry.term}`;
        if (known.fingerprint !== fingerprint(entry)) return `${what()} has two contents`;
        const previous = termAt(state.raft.log, (entry.index - 1) as Index);
        if (previous !== null && known.previousTerm !== -1 && previous !== known.previousTerm) {
          const there = `term ${known.previousTerm} elsewhere`;
          return `${what()} follows term ${previous} here and ${there}`;
        }
      }
      return null;
    }),
  },
  {
    id: "leader-completeness",
    sentence: "Whoever is elected holds every entry committed in an earlier term.",
    at: ["stepped"],
    check: onStep((ghost, { node, before, state }) => {
      const { role, term, log } = state.raft;
      if (role !== "leader" || (before.raft.role === "leader" && before.raft.term === term)) {
        return null;
      }
      const { index } = ghost.commits.findLast((commit) => commit.term < term) ?? { index: 0 };
      if (index <= log.compactedIndex) return null;
      const held = termAt(log, index as Index);
      const committed = ghost.committed.get(index);
      if (held === committed) return null;
      const lacks = `holds ${heldText(held)} at ${index}, where term ${committed} was committed`;
      return `node ${node} leads in term ${term} and ${lacks}`;
    }),
  },
  {
    id: "state-machine-safety",
    sentence: "What is committed at an index stays so, on every node.",
    at: ["stepped", "booted"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped" && moment.kind !== "booted") return null;
      const { log } = moment.state.raft;
      const known = moment.kind === "stepped" ? moment.before.raft.log.commit : 0;
      const from = Math.max(known + 1, log.compactedIndex);
      for (let index = from; index <= Math.min(log.commit, ghost.lastCommitted); index++) {
        const held = termAt(log, index as Index);
        if (held === null || held === ghost.committed.get(index)) continue;
        const first = `entry ${index} was committed with term ${ghost.committed.get(index)}`;
        return `${first}, node ${moment.node} commits it with term ${held}`;
      }
      return null;
    },
  },
  {
    id: "commit-durable-quorum",
    sentence: "What is committed lies on the disks of a majority.",
    at: ["stepped"],
    check: onStep((ghost, { before, state }) => {
      const { log } = state.raft;
      for (let index = ghost.lastCommitted + 1; index <= log.commit; index++) {
        const term = termAt(log, index as Index) ?? log.compactedTerm;
        const holders = ghost.nodes.filter((node) => holds(node.durable, index as Index, term));
        const { holds: isHeld, held, voters } = isMajority(holders, [before, state]);
        if (isHeld) continue;
        const disks = `${held} of ${voters} disks`;
        return `entry ${index} of term ${term} is committed and lies on ${disks}`;
      }
      return null;
    }),
  },
  {
    id: "commit-current-term",
    sentence:
      "Only a leader commits what nobody has committed, and counts entries of its own term only.",
    at: ["stepped"],
    check: onStep((ghost, { node, state }) => {
      const { role, term, log } = state.raft;
      if (log.commit <= ghost.lastCommitted) return null;
      if (role !== "leader") return `node ${node}, a ${role}, commits ${log.commit} first of all`;
      const held = termAt(log, log.commit);
      return held === term
        ? null
        : `in term ${term} entry ${log.commit} of term ${held} is counted`;
    }),
  },
  {
    id: "term-inflation",
    sentence: "A node alone cannot unseat a healthy majority more than once.",
    at: ["stepped"],
    check: onStep((ghost, { timeMs, state }) => {
      if (ghost.inflation === null || timeMs > ghost.inflation.untilMs) return null;
      if (!state.config.preVote || state.raft.role !== "leader") return null;
      if (ghost.leaders.has(state.raft.term) || ghost.inflation.elections === 0) return null;
      const since = `since node ${ghost.inflation.node} began to campaign`;
      return `term ${state.raft.term} is the second election ${since}`;
    }),
  },
  {
    id: "pre-vote-asks",
    sentence: "A pre-vote only asks: whoever hears it stays in its term, with its vote.",
    at: ["stepped"],
    check: onStep((_ghost, { input, before, state }) => {
      if (input.kind !== "peer.message" || input.message.kind !== "pre_vote") return null;
      const [old, now] = [before.raft, state.raft];
      if (old.term === now.term && old.vote === now.vote) return null;
      return `term ${old.term} became ${now.term} upon a pre-vote from ${input.from}`;
    }),
  },
];

function onStep(
  check: (ghost: Ghost, moment: StepMoment) => string | null,
): (ghost: Ghost, moment: Moment) => string | null {
  return (ghost, moment) => (moment.kind === "stepped" ? check(ghost, moment) : null);
}

function heldText(term: Term | null): string {
  return term === null ? "nothing" : `term ${term}`;
}
