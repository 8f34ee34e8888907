// What members ask the leader about leases, because deadlines are its alone: which keys hang on a
// lease every member knows by itself, and no message has room for all of them. `id` is the asker's
// name for the question: unique among all that it has asked in any of its lives.

import type { Term } from "../contract.ts";

export type LeaseMessage = LeaseAsk | LeaseAnswer;

export type LeaseAsk = Readonly<{
  kind: "lease_ask";
  term: Term;
  id: bigint;
  lease: bigint;
  renew: boolean; // begin its time anew
}>;

export type LeaseAnswer = Readonly<{
  kind: "lease_answer";
  term: Term;
  id: bigint;
  ttlSeconds: number; // left; -1: there is no such lease
  grantedTtlSeconds: number;
  revision: number; // of the leader's store: the asker's own may lag behind what clients know
}>;
