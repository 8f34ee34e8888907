// What members ask each other about their hashes, to find out whose store was silently harmed.
// `id` is the asker's name for the question: unique among all that it has asked in any of its
// lives. The term is for the record: what was committed is compared, whoever leads.

import type { Index, Term } from "../contract.ts";

/** The hash of everything up to `revision`, as a store shows it that was compacted so far. */
export type RevisionHash = Readonly<{ revision: number; compacted: number; hash: number }>;

export const HASH_TOPICS = ["history", "compactions"] as const;
/** `history`: the hash at one revision. `compactions`: those remembered of compactions. */
export type HashTopic = (typeof HASH_TOPICS)[number];

/** To be answered once entry `index` is applied, which made `revision`. */
export type HashAsk = Readonly<{
  kind: "hash_ask";
  term: Term;
  id: bigint;
  topic: HashTopic;
  index: Index;
  revision: number;
}>;

/** Where the member stood, and the hashes it has: none if the revision is compacted, or not there
 *  yet. */
export type HashAnswer = Readonly<{
  kind: "hash_answer";
  term: Term;
  id: bigint;
  index: Index;
  revision: number;
  compacted: number;
  hashes: readonly RevisionHash[];
}>;

export type HashMessage = HashAsk | HashAnswer;
