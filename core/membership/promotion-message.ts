// What members say to each other about promotions: only the leader knows whether a learner holds
// enough of the log. A promotion that is granted comes back as an entry of the log.

import type { NodeId, Term } from "../contract.ts";

/** Judge this, and propose it in my name. `id` stands for the call. */
export type PromotionAsk = Readonly<{
  kind: "promotion_ask";
  term: Term;
  life: bigint;
  call: number;
  member: NodeId;
}>;

export const PROMOTION_REFUSALS = [
  "MemberNotFound",
  "LearnerNotReady",
  "MemberNotEnoughStarted",
] as const;
export type PromotionRefusal = (typeof PROMOTION_REFUSALS)[number];

export type PromotionRefused = Readonly<{
  kind: "promotion_refused";
  term: Term;
  life: bigint;
  call: number;
  reason: PromotionRefusal;
}>;

export type PromotionMessage = PromotionAsk | PromotionRefused;
