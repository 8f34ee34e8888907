// Who may do what while authentication is certainly on, and that nobody is asked for a name while
// it is certainly off. It is on, or off, between the answer to one call that turned it so and the
// next call that may turn it back.

import type { RequestOp } from "../../core/api/request.ts";
import { describeAny } from "../verdict/describe-call.ts";
import { isInRange } from "../model/etcd-model.ts";
import type { Operation } from "../history.ts";

export type Rights = Readonly<{
  hasName: (client: number) => boolean;
  forbidden: string; // a key that none of these clients may write
}>;

type Span = Readonly<{ isOn: boolean; from: number; to: number }>;

/** Errors that only authentication gives, and that do not come from the door of a member that lags
 *  behind. */
const REFUSALS: readonly string[] = ["UserEmpty", "PermissionDenied"];

/** A story about the first promise that was not kept, or null. */
export function firstBrokenPermission(
  history: readonly Operation[],
  rights: Rights,
): string | null {
  const spans = spansOf(history);
  if (spans.length === 0) return null;
  for (const operation of history) {
    const flaw = flawOf(operation, spans, rights);
    if (flaw !== null) return `  ${describeAny(operation)}\nHowever, ${flaw}.`;
  }
  return null;
}

function spansOf(history: readonly Operation[]): readonly Span[] {
  const turns = history
    .filter(
      ({ input, outcome }) =>
        (input.kind === "auth_enable" || input.kind === "auth_disable") &&
        outcome.kind !== "failed",
    )
    .toSorted((a, b) => a.call - b.call);
  return turns.flatMap(({ input, outcome, return: end }, at) => {
    if (outcome.kind !== "ok" || end === null) return [];
    const to = turns[at + 1]?.call ?? Number.POSITIVE_INFINITY;
    const stray = turns.slice(0, at).some((earlier) => (earlier.return ?? Infinity) > end);
    return stray ? [] : [{ isOn: input.kind === "auth_enable", from: end, to }];
  });
}

function flawOf(
  { client, input, outcome, call, return: end }: Operation,
  spans: readonly Span[],
  { hasName, forbidden }: Rights,
): string | null {
  if (end === null) return null;
  const span = spans.find(({ from, to }) => from < call && end < to);
  if (span === undefined || !isOfKeys(input)) return null;
  if (outcome.kind === "failed") {
    const isRefusal = REFUSALS.includes(outcome.error.name);
    return !span.isOn && isRefusal ? "authentication was off all the time" : null;
  }
  if (outcome.kind !== "ok" || !span.isOn) return null;
  if (!hasName(client)) return "authentication was on, and this client has no name";
  return mayWrite(input, forbidden) ? `it may not write ${forbidden}` : null;
}

/** What a member may answer by itself, it may answer from before. */
function isOfKeys(input: Operation["input"]): input is RequestOp & Operation["input"] {
  if (input.kind === "range") return !input.serializable;
  return input.kind === "put" || input.kind === "delete_range" || input.kind === "txn";
}

/** Both branches of a transaction are asked about, whichever is taken. */
function mayWrite(input: RequestOp, key: string): boolean {
  switch (input.kind) {
    case "put":
      return input.key === key;
    case "delete_range":
      return isInRange(key, input.key, input.rangeEnd);
    case "txn":
      return [...input.success, ...input.failure].some((op) => mayWrite(op, key));
    case "range":
    case "empty":
      return false;
  }
}
