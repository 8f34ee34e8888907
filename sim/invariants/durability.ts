// What disks promise: nothing is said, applied or trimmed before what it rests on is safe, and what
// was safe comes back after a crash.

import type { Index, Term } from "../../core/contract.ts";
import { atMost } from "../../core/lib/lists.ts";
import { termAt } from "../../core/raft/log.ts";
import type { Message } from "../../core/raft/message.ts";
import type { BootMoment, Durable, GhostNode } from "./ghost.ts";
import { ghostNode } from "./ghost.ts";
import type { Invariant } from "./invariants.ts";

export const durabilityInvariants: readonly Invariant[] = [
  {
    id: "hard-state",
    sentence: "A node's term never falls, and its vote in a term never changes, crashes included.",
    at: ["stepped", "booted"],
    check: (ghost, moment) => {
      if (moment.kind === "stepped") {
        const { raft } = moment.before;
        return regression(raft, moment.state.raft);
      }
      if (moment.kind !== "booted") return null;
      const { durable } = ghostNode(ghost, moment.node);
      return durable === null ? null : regression(durable, moment.state.raft);
    },
  },
  {
    id: "durable-survives",
    sentence: "Entries that were on disk are there after a crash.",
    at: ["booted"],
    check: (ghost, moment) =>
      moment.kind === "booted" ? lostEntry(ghostNode(ghost, moment.node), moment) : null,
  },
  {
    id: "promise-after-sync",
    sentence: "A vote, a term or an accepted entry is told only once it is on disk.",
    at: ["stepped", "booted"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped" && moment.kind !== "booted") return null;
      const { durable } = ghostNode(ghost, moment.node);
      for (const effect of moment.effects) {
        if (effect.kind !== "peer.send") continue;
        const reason = tooEarly(durable, effect.message, moment.state.config.node, effect.to);
        if (reason !== null) return `${effect.message.kind} to ${effect.to}: ${reason}`;
      }
      return null;
    },
  },
  {
    id: "kv-behind-wal",
    sentence: "The key-value store never holds what the node's own log could still lose.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      const { durable } = ghostNode(ghost, moment.node);
      const safe = Math.max(durable?.until ?? 0, durable?.log.compactedIndex ?? 0);
      for (const effect of moment.effects) {
        if (effect.kind !== "kv" || effect.applied <= safe) continue;
        return `entry ${effect.applied} is applied, but the disk holds entries up to ${safe} only`;
      }
      return null;
    },
  },
  {
    id: "trim-behind-kv",
    sentence: "The log forgets only what the key-value store holds durably.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped" || moment.state.installing !== null) return null;
      const { compactedIndex } = moment.state.raft.log;
      const { kvDurable } = ghostNode(ghost, moment.node);
      if (compactedIndex <= kvDurable) return null;
      return `the log begins behind ${compactedIndex}, the store holds entries up to ${kvDurable}`;
    },
  },
];

type Hard = Readonly<{ term: Term; vote: Durable["vote"] }>;

function regression(before: Hard, now: Hard): string | null {
  if (now.term < before.term) return `term ${before.term} was followed by term ${now.term}`;
  if (now.term > before.term || before.vote === null || before.vote === now.vote) return null;
  return `the vote in term ${now.term} was ${before.vote} and became ${now.vote}`;
}

/** Writes not yet synced may survive too, and replace entries that were synced: those are no
 *  promise. */
function lostEntry(node: GhostNode, { state }: BootMoment): string | null {
  const { durable } = node;
  if (durable === null) return null;
  const kept = atMost(
    durable.until,
    node.issued.map((each) => each.base),
  );
  const { log } = state.raft;
  if (kept <= log.compactedIndex) return null;
  if (log.lastIndex < kept) return `entries up to ${kept} were on disk, ${log.lastIndex} came back`;
  const before = termAt(durable.log, kept as Index);
  const now = termAt(log, kept as Index);
  if (before === null || now === null || before === now) return null;
  return `entry ${kept} was on disk with term ${before} and came back with term ${now}`;
}

function tooEarly(
  durable: Durable | null,
  message: Message,
  self: bigint,
  to: bigint,
): string | null {
  const term = durable?.term ?? 0;
  switch (message.kind) {
    case "vote":
      return vote(durable, message.term, self);
    case "vote_response":
      return message.granted ? vote(durable, message.term, to) : null;
    case "append_response": {
      if (message.rejected) return null;
      if (message.term > term) return `term ${message.term}, but term ${term} is on disk`;
      const safe = Math.max(durable?.until ?? 0, durable?.log.compactedIndex ?? 0);
      if (message.index <= safe) return null;
      return `entry ${message.index} is accepted, but entries up to ${safe} are on disk`;
    }
    case "append":
    case "heartbeat":
    case "timeout_now":
      return message.term > term ? `term ${message.term}, but term ${term} is on disk` : null;
    case "pre_vote":
    case "pre_vote_response":
    case "heartbeat_response":
    case "propose":
    case "read_index":
    case "read_index_response":
    case "lease_ask":
    case "lease_answer":
    case "promotion_ask":
    case "promotion_refused":
    case "hash_ask":
    case "hash_answer":
      return null;
  }
}

function vote(durable: Durable | null, term: Term, candidate: bigint): string | null {
  if (durable === null || durable.term < term) return `term ${term} is not on disk`;
  if (durable.term > term || durable.vote === candidate) return null;
  return `a vote for ${candidate} in term ${term}, but ${durable.vote} is on disk`;
}
