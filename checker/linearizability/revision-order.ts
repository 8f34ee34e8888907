// The engine for etcd: is the whole store linearizable? Revisions pin almost the whole order, so
// this is a replay and one sweep, exact, in about the time it takes to read the history. Only
// revisions that nobody acknowledged leave anything to search.

import { contradictionOfCompactions } from "./compactions.ts";
import { gatherEvidence } from "./evidence.ts";
import { replay } from "./gap-search.ts";
import type { Replay } from "./gap-search.ts";
import { historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";
import { indexByRevision } from "./revision-index.ts";
import type { RevisionIndex } from "./revision-index.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** The budget is in replayed operations, so that a verdict never depends on the machine. */
export function checkRevisionOrder(history: readonly Operation[], budgetSteps: number): Verdict {
  const undone = contradictionOfCompactions(history);
  if (undone !== null) return { verdict: "illegal", certificate: undone, steps: 0 };
  const indexed = indexByRevision(historyOfKeys(history));
  if (indexed.certificate !== null) {
    return { verdict: "illegal", certificate: indexed.certificate, steps: 0 };
  }
  const { evidence, contradiction } = gatherEvidence(indexed.index);
  if (contradiction !== null) return { verdict: "illegal", certificate: contradiction, steps: 0 };
  const left = { left: budgetSteps };
  const result = replay(indexed.index, evidence, left);
  const steps = budgetSteps - left.left;
  switch (result.kind) {
    case "accepted":
      return { verdict: "ok", order: orderOf(indexed.index, result), steps };
    case "rejected":
      return { verdict: "illegal", certificate: result.certificate, steps };
    case "out_of_steps": {
      const { top, unknown } = indexed.index;
      const stoppedAt =
        `revision ${result.revision} of ${top}, ${result.guesses} revisions guessed ` +
        `from ${unknown.length} writes of unknown outcome`;
      return { verdict: "unknown", steps, stoppedAt };
    }
  }
}

/** Change by change; what changed nothing in between, by call. */
function orderOf(
  index: RevisionIndex,
  { fillers, refusals, last }: Extract<Replay, { kind: "accepted" }>,
): readonly number[] {
  const order: number[] = [];
  for (let revision = 1; revision <= last; revision++) {
    const writer = index.writers[revision] ?? fillers.get(revision) ?? null;
    if (writer !== null) order.push(writer.id);
    const between: KeyOperation[] = [
      ...(index.neutrals.get(revision) ?? []),
      ...refusals.filter((placed) => placed.revision === revision).map((at) => at.operation),
    ];
    between.sort((a, b) => (a.call === b.call ? a.id - b.id : a.call < b.call ? -1 : 1));
    for (const { id } of between) order.push(id);
  }
  return order;
}
