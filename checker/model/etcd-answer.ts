// Does an answer agree with the model? And if not, where: the first difference, in words.

import type { KeyValue, KvResponse } from "../../core/api/request.ts";
import { orderOfBytes } from "./etcd-compare.ts";
import type { Answer } from "./etcd-model.ts";
import { orderBy } from "./etcd-range.ts";
import type { Selection } from "./etcd-range.ts";
import { describePair } from "./describe.ts";
import type { Reply } from "./history-of-keys.ts";

/** Null when `actual` is a right answer. */
export function differenceOf(expected: Answer, actual: Reply): string | null {
  if (expected.kind === "error") {
    if (actual.kind === "error" && expected.names.includes(actual.name)) return null;
    return `${nameOf(actual)} instead of the error ${expected.names.join(" or ")}`;
  }
  if (actual.kind === "error") return `the error ${actual.name} instead of an answer`;
  return differenceOfRevision(expected.revision, actual) ?? differenceOfBody(expected, actual);
}

/** Inside a transaction. The header of a nested transaction may be empty: servers differ. */
function differenceOfPart(expected: Answer, actual: KvResponse): string | null {
  if (expected.kind === "error" || expected.kind === "txn") {
    return differenceOfBody(expected, actual);
  }
  return differenceOfRevision(expected.revision, actual) ?? differenceOfBody(expected, actual);
}

function differenceOfRevision(expected: number, actual: KvResponse): string | null {
  return differenceOfNumber("revision", expected, actual.header.revision);
}

function differenceOfBody(expected: Answer, actual: KvResponse): string | null {
  switch (actual.kind) {
    case "range":
      if (expected.kind !== "range") break;
      return (
        differenceOfNumber("count", expected.selection.count, actual.count) ??
        differenceOfSelection(expected.selection, actual.kvs) ??
        differenceOfNumber("more", Number(expected.selection.more), Number(actual.more))
      );
    case "put":
      if (expected.kind !== "put") break;
      return differenceOfPair("the previous pair", expected.prevKv, actual.prevKv, false);
    case "delete_range":
      if (expected.kind !== "delete_range") break;
      return (
        differenceOfNumber("deleted", expected.deleted, actual.deleted) ??
        differenceOfPairs("deleted pair", expected.prevKvs, actual.prevKvs, false)
      );
    case "txn": {
      if (expected.kind !== "txn") break;
      if (expected.succeeded !== actual.succeeded) {
        return `succeeded is ${actual.succeeded} instead of ${expected.succeeded}`;
      }
      const length = differenceOfNumber(
        "answers",
        expected.answers.length,
        actual.responses.length,
      );
      if (length !== null) return length;
      for (const [at, answer] of expected.answers.entries()) {
        const difference = differenceOfPart(answer, actual.responses[at] as KvResponse);
        if (difference !== null) return `operation ${at + 1} of the transaction: ${difference}`;
      }
      return null;
    }
  }
  return `an answer to ${actual.kind} instead of ${expected.kind}`;
}

/** Equal to `shown`, or a right choice among tied pairs: in order, each a candidate, none twice. */
function differenceOfSelection(selection: Selection, actual: readonly KeyValue[]): string | null {
  const { shown, candidates, tiedBy, keysOnly } = selection;
  const difference = differenceOfPairs("pair", shown, actual, keysOnly);
  if (difference === null || tiedBy === "key" || actual.length !== shown.length) return difference;
  const seen = new Set<string>();
  for (const [at, pair] of actual.entries()) {
    const candidate = candidates.find(({ key }) => key === pair.key);
    if (candidate === undefined || seen.has(pair.key)) return difference;
    if (orderBy(tiedBy, candidate, shown[at] as KeyValue) !== 0) return difference;
    if (differenceOfPair("pair", candidate, pair, keysOnly) !== null) return difference;
    seen.add(pair.key);
  }
  return null;
}

function differenceOfPairs(
  what: string,
  expected: readonly KeyValue[],
  actual: readonly KeyValue[],
  keysOnly: boolean,
): string | null {
  for (let at = 0; at < Math.max(expected.length, actual.length); at++) {
    const difference = differenceOfPair(
      `${what} ${at + 1}`,
      expected[at] ?? null,
      actual[at] ?? null,
      keysOnly,
    );
    if (difference !== null) return difference;
  }
  return null;
}

function differenceOfPair(
  what: string,
  expected: KeyValue | null,
  actual: KeyValue | null,
  keysOnly: boolean,
): string | null {
  if (expected === null && actual === null) return null;
  if (expected !== null && actual !== null && isSamePair(expected, actual, keysOnly)) return null;
  return `${what} is ${describePair(actual)} instead of ${describePair(expected)}`;
}

function isSamePair(expected: KeyValue, actual: KeyValue, keysOnly: boolean): boolean {
  const isSameValue = keysOnly
    ? actual.value.length === 0
    : orderOfBytes(expected.value, actual.value) === 0;
  return (
    isSameValue &&
    expected.key === actual.key &&
    expected.createRevision === actual.createRevision &&
    expected.modRevision === actual.modRevision &&
    expected.version === actual.version &&
    expected.lease === actual.lease
  );
}

function differenceOfNumber(what: string, expected: number, actual: number): string | null {
  return expected === actual ? null : `${what} is ${actual} instead of ${expected}`;
}

function nameOf(actual: Reply): string {
  return actual.kind === "error" ? `the error ${actual.name}` : "an answer";
}
