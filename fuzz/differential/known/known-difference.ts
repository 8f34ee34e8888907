// What a known difference is, and what most of them ask about two answers.

import { ERRORS } from "../../../core/api/errors.ts";
import type { Bytes } from "../../../core/contract.ts";
import { fromText, toBytes } from "../../../core/lib/bytes.ts";
import { CALLS } from "../steps/calls.ts";
import type { Outcome } from "../steps/outcome.ts";
import type { Pair } from "../pair.ts";
import type { CallStep, Step, WatchStep } from "../steps/step.ts";
import type { Story } from "../watches.ts";

/** What both said to one call. */
export type Answers = Readonly<{ step: Step }> & Pair<Outcome>;

/** What both told on one stream, and at which revisions the store was compacted. */
export type Stories = Pair<Story> & Readonly<{ compacted: ReadonlySet<number> }>;

export type KnownDifference = Readonly<
  { name: string; reason: string; proof: readonly Step[] } & (
    | { kind: "answer"; explains: (answers: Answers) => boolean }
    /** What etcd 3.4.23 tells where we tell `ours`. */
    | { kind: "story"; older: (stories: Stories) => Story }
    /** Nothing can be compared after it, so it is never said (arbitraries.ts). */
    | { kind: "unsaid" }
  )
>;

export const A: Bytes = fromText("a");
export const PUT: Step = { kind: "put", at: 0, as: "", message: { key: A, value: toBytes(A) } };
export const DELETE: Step = { kind: "delete", at: 0, as: "", message: { key: A } };

export function asked<C extends CallStep["kind"]>(
  kind: C,
  message: Extract<CallStep, { kind: C }>["message"],
): Step {
  return { kind, at: 0, as: "", message } as CallStep;
}

export function watch(message: WatchStep["message"]): Step {
  return { kind: "watch", stream: 0, as: "", isHasty: false, message };
}

/** Null: that is no call. */
export function pathOf(step: Step): string | null {
  if (step.kind === "raw") return step.headers[":path"] ?? null;
  return step.kind in CALLS ? CALLS[step.kind as CallStep["kind"]][0] : null;
}

export function isError(outcome: Outcome, name: keyof typeof ERRORS): boolean {
  return outcome.code === ERRORS[name].code && outcome.words === ERRORS[name].message;
}
