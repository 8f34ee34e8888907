// What peers say to each other, a union on `kind`, and what a log is made of.
// Each message carries the sender's term, except the two pre-vote messages (see there).

import type { Index, NodeId, SnapshotMeta, Term } from "../contract.ts";
import type { PromotionMessage } from "../membership/promotion-message.ts";
import type { HashMessage } from "../corruption/message.ts";
import type { LeaseMessage } from "../lease/message.ts";
import { assertNever } from "../lib/assert.ts";

export type Entry = Readonly<{ term: Term; index: Index; data: Uint8Array }>; // empty: a new leader

/** What must be on disk before anything that depends on it is said (Raft, figure 2). */
export type HardState = Readonly<{ term: Term; vote: NodeId | null; commit: Index }>;

export type Message = Readonly<
  // Elections (thesis §3.4, pre-vote §9.6). A pre-vote asks about `term`, which nobody has taken
  // yet; a granted answer repeats it, a refusal carries the refuser's own term.
  | { kind: "pre_vote"; term: Term; lastIndex: Index; lastTerm: Term }
  | { kind: "pre_vote_response"; term: Term; granted: boolean }
  | { kind: "vote"; term: Term; lastIndex: Index; lastTerm: Term; transfer: boolean }
  | { kind: "vote_response"; term: Term; granted: boolean }
  // Replication (thesis §3.5). `entries` follow directly on (previousIndex, previousTerm).
  | AppendMessage
  | AppendResponse
  // Heartbeats carry the highest read round (thesis §6.4); zero means that nobody waits to read.
  | { kind: "heartbeat"; term: Term; commit: Index; round: number }
  | { kind: "heartbeat_response"; term: Term; round: number }
  // Forwarding to the leader of exactly `term`. The pair (sender, sequence) is unique within a
  // term, so that a doubled message proposes once.
  | { kind: "propose"; term: Term; sequence: number; data: Uint8Array }
  | { kind: "read_index"; term: Term; context: bigint }
  | { kind: "read_index_response"; term: Term; context: bigint; index: Index }
  // Not Raft's own, but to the leader of exactly `term` likewise; the node takes them.
  | LeaseMessage
  | PromotionMessage
  // Nor are these, to whoever is a member.
  | HashMessage
  // Leadership transfer (thesis §3.10): stand for election at once.
  | { kind: "timeout_now"; term: Term }
>;

export type AppendMessage = Readonly<{
  kind: "append";
  term: Term;
  previousIndex: Index;
  previousTerm: Term;
  entries: readonly Entry[];
  commit: Index;
}>;

/** Accepted: `index` is the last one known to match. Rejected: `index` is the rejected
 *  previousIndex, and (hintIndex, hintTerm) is where the follower's log may agree, to skip whole
 *  terms. */
export type AppendResponse = Readonly<{
  kind: "append_response";
  term: Term;
  rejected: boolean;
  index: Index;
  hintIndex: Index;
  hintTerm: Term;
}>;

/** The largest message between members, and the largest chunk of an image. Whatever goes from one
 *  to the other must fit: what does not could only be dropped, again and again. */
export const MESSAGE_BYTES_MAX: number = 64 * 1024 * 1024;

/** No append carries more entries, however short: as objects they take far more than as bytes. */
export const APPEND_ENTRIES_MAX: number = 16 * 1024;

/** No image is of a later entry: nobody makes as many, in a hundred years of a million a second.
 *  What arrives in a log is counted from what is there, but an image says by itself where it is,
 *  and as many entries must have room behind it. */
const IMAGE_INDEX_MAX = 2 ** 52;

/** Could a correct peer have said this? Numbers are counters, entries follow on one another, and
 *  nobody has entries of a term that is later than its own. */
export function isWellFormed(message: Message): boolean {
  if (!isCounter(message.term)) return false;
  switch (message.kind) {
    case "pre_vote":
    case "vote":
      return isCounter(message.lastIndex) && isTermBelow(message.lastTerm, message.term);
    case "append":
      return isCounter(message.commit) && isSequence(message);
    case "append_response":
      return isCounter(message.index) && isHint(message);
    case "heartbeat":
      return isCounter(message.commit) && isCounter(message.round);
    case "heartbeat_response":
      return isCounter(message.round);
    case "propose":
      return isCounter(message.sequence);
    case "read_index_response":
      return isCounter(message.index);
    case "lease_answer":
      return message.ttlSeconds >= -1 && isCounter(message.grantedTtlSeconds);
    case "promotion_ask":
    case "promotion_refused":
      return isCounter(message.call);
    case "hash_ask":
    case "hash_answer":
      return isCounter(message.index) && isCounter(message.revision);
    case "pre_vote_response":
    case "vote_response":
    case "read_index":
    case "lease_ask":
    case "timeout_now":
      return true;
    default:
      return assertNever(message);
  }
}

/** Could the leader of `term` have sent such an image? */
export function isImageOf(meta: SnapshotMeta, term: Term): boolean {
  const { index, voters } = meta;
  if (!isCounter(term) || !isCounter(index) || index > IMAGE_INDEX_MAX) return false;
  return isCounter(meta.term) && meta.term <= term && voters.length > 0;
}

/** A candidate's own log ends before the term that it stands for. */
function isTermBelow(value: Term, term: Term): boolean {
  return isCounter(value) && value < term;
}

/** A follower's log agrees at most up to what it was asked about, and knows no later term. */
function isHint({ term, index, hintIndex, hintTerm }: AppendResponse): boolean {
  return isCounter(hintIndex) && hintIndex <= index && isCounter(hintTerm) && hintTerm <= term;
}

function isSequence(message: AppendMessage): boolean {
  let index: number = message.previousIndex;
  let term: number = message.previousTerm;
  if (!isCounter(index) || !isCounter(term)) return false;
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || !isCounter(entry.term) || entry.term < term) return false;
    index = entry.index;
    term = entry.term;
  }
  return isCounter(index) && term <= message.term;
}

function isCounter(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
