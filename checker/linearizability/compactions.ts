// Compactions seen from outside: one number that only rises, up to which history is given up. Every
// answer that depends on it says "at least so much, by now" or "at most so much, still", and two
// such answers contradict each other when the clock says that the lower one came later.
//
// This is exact about the number alone. What is read at the revisions that are left is the
// business of the engines, to whom a refused read of a compacted revision means nothing.

import type { Request, RequestOp, Response } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";
import type { Certificate } from "../verdict/verdict.ts";

/** The operation has seen the number at least, or at most, so high. */
type Bound = Readonly<{ operation: Operation; revision: number }>;

export function contradictionOfCompactions(history: readonly Operation[]): Certificate | null {
  const lower = history.flatMap((operation) => bound(operation, knownAtLeast(operation)));
  if (lower.length === 0) return null;
  const upper = history.flatMap((operation) => bound(operation, knownAtMost(operation)));
  return uncaused(history, lower) ?? repeated(lower) ?? fallen(lower, upper);
}

/** Whoever is refused needs a compaction that may have happened by then. */
function uncaused(history: readonly Operation[], lower: readonly Bound[]): Certificate | null {
  const causes = history
    .filter(({ input, outcome }) => input.kind === "compact" && outcome.kind !== "failed")
    .toSorted((a, b) => a.call - b.call);
  let [next, highest] = [0, -1];
  for (const { operation, revision } of lower.toSorted((a, b) => endOf(a) - endOf(b))) {
    for (
      ;
      next < causes.length && (causes[next] as Operation).call <= endOf({ operation });
      next++
    ) {
      highest = Math.max(highest, revisionOf((causes[next] as Operation).input));
    }
    if (highest < revision) return { kind: "never_compacted", operation: operation.id, revision };
  }
  return null;
}

/** No revision is compacted twice. */
function repeated(lower: readonly Bound[]): Certificate | null {
  const first = new Map<number, number>();
  for (const { operation, revision } of lower) {
    if (operation.input.kind !== "compact" || operation.outcome.kind !== "ok") continue;
    const earlier = first.get(revision);
    if (earlier !== undefined) {
      return { kind: "compacted_again", first: earlier, second: operation.id, revision };
    }
    first.set(revision, operation.id);
  }
  return null;
}

/** What has been given up does not come back. */
function fallen(lower: readonly Bound[], upper: readonly Bound[]): Certificate | null {
  const known = lower.toSorted((a, b) => endOf(a) - endOf(b));
  let next = 0;
  let highest: Bound | null = null;
  for (const { operation, revision } of upper.toSorted((a, b) => callOf(a) - callOf(b))) {
    for (; next < known.length && endOf(known[next] as Bound) < operation.call; next++) {
      const candidate = known[next] as Bound;
      if (highest === null || candidate.revision > highest.revision) highest = candidate;
    }
    if (highest === null || highest.revision <= revision) continue;
    const first = highest.operation.id;
    return { kind: "compaction_undone", first, second: operation.id, revision: highest.revision };
  }
  return null;
}

/** The number when the operation was answered, at the least. */
export function knownAtLeast({ input, outcome }: Operation): number | null {
  if (input.kind === "compact") {
    const isKnown =
      outcome.kind === "ok" || (outcome.kind === "failed" && outcome.error.name === "Compacted");
    return isKnown ? input.revision : null;
  }
  if (outcome.kind !== "failed" || outcome.error.name !== "Compacted") return null;
  if (input.kind === "range") return input.revision + 1;
  if (input.kind !== "txn") return null;
  // One of the ranges was refused; nobody says which one.
  const revisions = rangesOf(input).filter((revision) => revision !== 0);
  return revisions.length === 0 ? null : leastOf(revisions) + 1;
}

/** The number at some moment of the operation, at the most. A read of one member may be of any
 *  age. */
export function knownAtMost({ input, outcome }: Operation): number | null {
  if (input.kind === "compact") {
    const isKnown =
      outcome.kind === "ok" ||
      (outcome.kind === "failed" && outcome.error.name === "FutureRevision");
    return isKnown ? input.revision - 1 : null;
  }
  if (outcome.kind !== "ok") return null;
  if (input.kind === "range") {
    return input.revision > 0 && !input.serializable ? input.revision : null;
  }
  const response: Response = outcome.output;
  if (input.kind !== "txn" || response.kind !== "txn") return null;
  const branch = response.succeeded ? input.success : input.failure;
  const revisions = branch.flatMap((op) =>
    op.kind === "range" && op.revision > 0 && !op.serializable ? [op.revision] : [],
  );
  return revisions.length === 0 ? null : leastOf(revisions);
}

function rangesOf(request: RequestOp): readonly number[] {
  if (request.kind === "range") return [request.revision];
  if (request.kind !== "txn") return [];
  return [...request.success, ...request.failure].flatMap(rangesOf);
}

function bound(operation: Operation, revision: number | null): readonly Bound[] {
  return revision === null ? [] : [{ operation, revision }];
}

function revisionOf(request: Request): number {
  return request.kind === "compact" ? request.revision : -1;
}

function callOf({ operation }: Pick<Bound, "operation">): number {
  return operation.call;
}

/** "Failed" operations have returned too. */
function endOf({ operation }: Pick<Bound, "operation">): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}

function leastOf(numbers: readonly number[]): number {
  return numbers.reduce((least, each) => Math.min(least, each), Infinity);
}
