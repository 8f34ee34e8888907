// A verdict as text for people, in the manner of Elle: let A and B be these; A is before B because
// …; however … The same history always gives the same text.

import { describeAny, describeCall } from "./describe-call.ts";
import { describeKey, describeTime } from "../model/describe.ts";
import { historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";
import type { Certificate, Verdict } from "./verdict.ts";

export function explain(history: readonly Operation[], verdict: Verdict): string {
  switch (verdict.verdict) {
    case "ok":
      return `Linearizable: ${verdict.order.length} operations in one order.`;
    case "unknown":
      return (
        `Undecided after ${verdict.steps} steps, at ${verdict.stoppedAt}. ` +
        "A larger budget may decide it."
      );
    case "illegal":
      return `Not linearizable: ${explainCertificate(history, verdict.certificate)}`;
  }
}

function explainCertificate(history: readonly Operation[], certificate: Certificate): string {
  const byId = new Map(historyOfKeys(history).map((operation) => [operation.id, operation]));
  const line = (name: string, id: number): string => `  ${name} = ${describeCall(byId.get(id))}`;
  switch (certificate.kind) {
    case "impossible_revision":
      return paragraph("an answer with a revision that no store gives.", [
        line("A", certificate.operation),
        "A store begins with revision 1, and its first change makes 2. " +
          `However, A reports ${certificate.revision}.`,
      ]);
    case "duplicate_revision":
      return paragraph("two changes with one revision.", [
        line("A", certificate.first),
        line("B", certificate.second),
        "Both changed the store, so they have different revisions. " +
          `However, both report ${certificate.revision}.`,
      ]);
    case "real_time":
      return explainRealTime(byId, certificate, line);
    case "not_written":
      return paragraph("a read of something that was not written.", [
        line("A", certificate.writer),
        line("B", certificate.reader),
        `B saw ${describeKey(certificate.key)} as of revision ${certificate.modRevision}. ` +
          "However, A made that revision, and did not write what B saw.",
      ]);
    case "overwritten":
      return paragraph("a write that was lost.", [
        line("A", certificate.writer),
        line("B", certificate.reader),
        `B comes after A, because its revision is not below A's. ` +
          `However, B saw ${describeKey(certificate.key)} as it was before A: ` +
          `${asOf(certificate.modRevision)}.`,
      ]);
    case "too_few_writes":
      return paragraph("more revisions than writes.", [
        line("A", certificate.operation),
        `A saw ${certificate.revisions} changes. ` +
          `However, only ${certificate.writes} writes can have happened.`,
      ]);
    case "unexplained_revision":
      return paragraph("a change that nobody made.", [
        line("A", certificate.witness),
        `A came after revision ${certificate.revision}. ` +
          "However, no acknowledged write made it, and none of unknown outcome can have made it.",
      ]);
    case "wrong_answer":
      return paragraph("an answer that no order explains.", [
        line("A", certificate.operation),
        certificate.revision === null
          ? `A got ${certificate.difference}.`
          : `At revision ${certificate.revision}, A got ${certificate.difference}.`,
      ]);
    case "never_compacted":
    case "compacted_again":
    case "compaction_undone":
      return explainCompaction(history, certificate);
    case "no_order":
      return paragraph("an answer that no order explains.", [
        line("A", certificate.operation),
        `${certificate.longest.length} operations can be put in order. However, A fits nowhere.`,
      ]);
  }
}

function explainRealTime(
  byId: ReadonlyMap<number, KeyOperation>,
  { first, second }: Extract<Certificate, { kind: "real_time" }>,
  line: (name: string, id: number) => string,
): string {
  const [a, b] = [byId.get(first), byId.get(second)];
  return paragraph("revisions that run against the clock.", [
    line("A", first),
    line("B", second),
    `A comes before B, because A had returned (at ${describeTime(a?.return ?? 0)}) ` +
      `before B was called (at ${describeTime(b?.call ?? 0)}).`,
    `However, B comes before A, because A reports revision ${revisionOf(a)} ` +
      `and B only ${revisionOf(b)}: a contradiction!`,
  ]);
}

function explainCompaction(
  history: readonly Operation[],
  certificate: Extract<
    Certificate,
    { kind: "never_compacted" | "compacted_again" | "compaction_undone" }
  >,
): string {
  const lineOf = (name: string, id: number): string => {
    const operation = history.find((each) => each.id === id);
    return `  ${name} = ${operation === undefined ? describeCall() : describeAny(operation)}`;
  };
  switch (certificate.kind) {
    case "never_compacted":
      return paragraph("history that nobody gave up.", [
        lineOf("A", certificate.operation),
        `A was told that everything below ${certificate.revision} is compacted. ` +
          "However, no compaction that high had been asked for.",
      ]);
    case "compacted_again":
      return paragraph("one revision compacted twice.", [
        lineOf("A", certificate.first),
        lineOf("B", certificate.second),
        `Both compacted ${certificate.revision}. However, the later one had to be refused.`,
      ]);
    case "compaction_undone":
      return paragraph("history that came back.", [
        lineOf("A", certificate.first),
        lineOf("B", certificate.second),
        `Everything below ${certificate.revision} was compacted when A returned. ` +
          "However, B was called later, and still found some of it.",
      ]);
  }
}

function paragraph(title: string, lines: readonly string[]): string {
  return [title, ...lines].join("\n");
}

function revisionOf(operation: KeyOperation | undefined): number {
  if (operation?.outcome.kind !== "ok" || operation.outcome.output.kind === "error") return 0;
  return operation.outcome.output.header.revision;
}

function asOf(modRevision: number | null): string {
  return modRevision === null ? "there was no such key" : `as of revision ${modRevision}`;
}
