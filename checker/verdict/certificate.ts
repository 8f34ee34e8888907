// The small judge of the judge: re-checks what an engine claims, without its search. An order is
// replayed; a certificate about one or two operations is read again; the others go to the general
// engine, which knows nothing of revisions.

import { knownAtLeast, knownAtMost } from "../linearizability/compactions.ts";
import { differenceOf } from "../model/etcd-answer.ts";
import { orderOfBytes } from "../model/etcd-compare.ts";
import { EMPTY_STORE, evaluate } from "../model/etcd-model.ts";
import { SEQUENTIAL_ETCD } from "../model/etcd-sequential.ts";
import { changes, historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";
import { checkLinearizable } from "../linearizability/linearizability.ts";
import { knownWritesOf, observationsOf } from "../linearizability/observations.ts";
import type { KnownWrite } from "../linearizability/observations.ts";
import type { Certificate } from "./verdict.ts";

/** "unchecked": it would take more than the budget. */
export type Validity = "valid" | "invalid" | "unchecked";

/** Null when the order explains every answer and agrees with real time; otherwise why not. */
export function flawOfOrder(
  history: readonly Operation[],
  order: readonly number[],
): string | null {
  const left = new Map(historyOfKeys(history).map((operation) => [operation.id, operation]));
  let state = EMPTY_STORE;
  const placed: KeyOperation[] = [];
  for (const id of order) {
    const operation = left.get(id);
    if (operation === undefined) return `operation ${id} is unknown, or there twice`;
    left.delete(id);
    placed.push(operation);
    const { outcome, input } = operation;
    const { answer, state: after } = evaluate(state, input);
    const difference = outcome.kind === "ok" ? differenceOf(answer, outcome.output) : null;
    if (difference !== null) return `operation ${id}: ${difference}`;
    state = after;
  }
  for (const { id, outcome } of left.values()) {
    if (outcome.kind === "ok") return `operation ${id} is not in the order`;
  }
  let firstReturn = Number.POSITIVE_INFINITY;
  for (const { id, call, return: end } of placed.toReversed()) {
    if (call > firstReturn) return `operation ${id} was called after a later one had returned`;
    firstReturn = Math.min(firstReturn, end ?? firstReturn);
  }
  return null;
}

export function validityOf(
  history: readonly Operation[],
  certificate: Certificate,
  budgetSteps: number,
): Validity {
  const operations = historyOfKeys(history);
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  switch (certificate.kind) {
    case "impossible_revision": {
      const place = placeOf(byId.get(certificate.operation));
      return judge(place !== null && !(place >= 3 && Number.isSafeInteger(place)));
    }
    case "duplicate_revision": {
      const { first, second, revision } = certificate;
      const places = [placeOf(byId.get(first)), placeOf(byId.get(second))];
      return judge(first !== second && places.every((place) => place === 2 * revision));
    }
    case "real_time":
      return judge(isBackwards(byId.get(certificate.first), byId.get(certificate.second)));
    case "not_written":
    case "overwritten":
      return judge(isUnseen(operations, certificate));
    case "too_few_writes": {
      const place = placeOf(byId.get(certificate.operation)) ?? 0;
      return judge(Math.floor(place / 2) - 1 > operations.filter(isWrite).length);
    }
    case "never_compacted":
    case "compacted_again":
    case "compaction_undone":
      return judge(isCompactedWrongly(history, certificate));
    case "unexplained_revision":
    case "wrong_answer":
    case "no_order": {
      const { verdict } = checkLinearizable(SEQUENTIAL_ETCD, operations, budgetSteps);
      return verdict === "unknown" ? "unchecked" : judge(verdict === "illegal");
    }
  }
}

function judge(isTrue: boolean): Validity {
  return isTrue ? "valid" : "invalid";
}

function isWrite({ outcome }: KeyOperation): boolean {
  return outcome.kind === "unknown" || (outcome.kind === "ok" && changes(outcome.output));
}

/** Twice the revision for what made it, one more for what came after it. */
function placeOf(operation: KeyOperation | undefined): number | null {
  if (operation?.outcome.kind !== "ok" || operation.outcome.output.kind === "error") return null;
  const { output } = operation.outcome;
  return 2 * output.header.revision + (changes(output) ? 0 : 1);
}

function isBackwards(first: KeyOperation | undefined, second: KeyOperation | undefined): boolean {
  const [before, after] = [placeOf(first), placeOf(second)];
  if (before === null || after === null || first?.return === null) return false;
  return (first?.return ?? 0) < (second?.call ?? 0) && before > after;
}

/** Read again, one call against all others. */
function isCompactedWrongly(
  history: readonly Operation[],
  certificate: Extract<
    Certificate,
    { kind: "never_compacted" | "compacted_again" | "compaction_undone" }
  >,
): boolean {
  const { revision } = certificate;
  const of = (id: number): Operation | undefined => history.find((each) => each.id === id);
  if (certificate.kind === "never_compacted") {
    const end = of(certificate.operation)?.return ?? Number.POSITIVE_INFINITY;
    return !history.some(
      ({ input, outcome, call }) =>
        input.kind === "compact" &&
        input.revision >= revision &&
        outcome.kind !== "failed" &&
        call <= end,
    );
  }
  const [first, second] = [of(certificate.first), of(certificate.second)];
  if (first === undefined || second === undefined || first === second) return false;
  if (certificate.kind === "compaction_undone") {
    const isKnown = (knownAtLeast(first) ?? -1) >= revision;
    const isLower = (knownAtMost(second) ?? revision) < revision;
    return isKnown && isLower && first.return !== null && first.return < second.call;
  }
  return [first, second].every(
    ({ input, outcome }) =>
      input.kind === "compact" && input.revision === revision && outcome.kind === "ok",
  );
}

function isUnseen(
  operations: readonly KeyOperation[],
  { kind, reader, writer, key, modRevision }: Extract<Certificate, { reader: number }>,
): boolean {
  const observations = operations
    .filter(({ id }) => id === reader)
    .flatMap(observationsOf)
    .filter((at) => at.key === key && (at.pair?.modRevision ?? null) === modRevision);
  const answered = operations.find(({ id }) => id === writer);
  if (answered === undefined) return false;
  const writes = knownWritesOf(answered).filter((write) => write.key === key);
  return observations.some(({ pair, at, hasValue }) => {
    if (kind === "not_written") {
      const isMaker = placeOf(answered) === 2 * (modRevision ?? 0);
      const wrote = (write: KnownWrite): boolean =>
        write.isPut &&
        (write.value === null ||
          !hasValue ||
          pair === null ||
          orderOfBytes(write.value, pair.value) === 0);
      return isMaker && !writes.some(wrote);
    }
    const between = ({ revision }: KnownWrite): boolean =>
      revision > (modRevision ?? 0) && revision <= at;
    if (modRevision !== null) return writes.some(between);
    return writes.some((write) => write.isPut && between(write));
  });
}
