// Every answer of etcd carries a revision, and that pins its place: the operation that changed the
// store and reports r made change r − 1, any other that reports r lies between changes r and r + 1.
// What is left is to look whether these places agree with each other and with real time.

import { changes, mayWrite } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Certificate } from "../verdict/verdict.ts";

export type RevisionIndex = Readonly<{
  top: number; // the highest revision that anybody saw
  writers: readonly (KeyOperation | null)[]; // by revision; null: a gap
  neutrals: ReadonlyMap<number, readonly KeyOperation[]>; // by revision
  refusals: readonly KeyOperation[]; // errors: observations without a revision
  unknown: readonly KeyOperation[]; // by call
  /** By revision: a write that makes it must have been called by then. */
  latestCall: readonly number[];
}>;

export type Indexed = Readonly<{ index: RevisionIndex; certificate: Certificate | null }>;

export function indexByRevision(history: readonly KeyOperation[]): Indexed {
  const writerByRevision = new Map<number, KeyOperation>();
  const neutrals = new Map<number, KeyOperation[]>();
  const refusals: KeyOperation[] = [];
  let certificate: Certificate | null = null;
  let witness: KeyOperation | null = null;
  let top = 1;
  for (const operation of history) {
    if (operation.outcome.kind !== "ok") continue;
    const { output } = operation.outcome;
    if (output.kind === "error") {
      refusals.push(operation);
      continue;
    }
    const { revision } = output.header;
    const isWriter = changes(output);
    if (!Number.isSafeInteger(revision) || revision < (isWriter ? 2 : 1)) {
      certificate ??= { kind: "impossible_revision", operation: operation.id, revision };
      continue;
    }
    if (revision > top) [top, witness] = [revision, operation];
    const other = writerByRevision.get(revision);
    if (!isWriter) push(neutrals, revision, operation);
    else if (other === undefined) writerByRevision.set(revision, operation);
    else certificate ??= duplicate(other, operation, revision);
  }
  const unknown = history
    .filter(({ input, outcome }) => outcome.kind === "unknown" && mayWrite(input))
    .toSorted((a, b) => a.call - b.call || a.id - b.id);
  const writes = writerByRevision.size + unknown.length;
  if (top - 1 > writes && witness !== null) {
    const revisions = top - 1;
    certificate ??= { kind: "too_few_writes", operation: witness.id, revisions, writes };
    top = 1; // the arrays below are as long as the history at most
  }
  const writers = Array.from({ length: top + 1 }, (_, at) => writerByRevision.get(at) ?? null);
  const [latestCall, contradiction] = sweep(writers, neutrals);
  const index = { top, writers, neutrals, refusals, unknown, latestCall };
  return { index, certificate: certificate ?? contradiction };
}

/** From the last place to the first, remembering who of those behind returned first. */
function sweep(
  writers: readonly (KeyOperation | null)[],
  neutrals: ReadonlyMap<number, readonly KeyOperation[]>,
): readonly [latestCall: readonly number[], contradiction: Certificate | null] {
  const latestCall: number[] = writers.map(() => Number.POSITIVE_INFINITY);
  let first: KeyOperation | null = null;
  let contradiction: Certificate | null = null;
  const visit = (operations: readonly KeyOperation[]): void => {
    for (const operation of operations) {
      if (first === null || operation.call <= endOf(first)) continue;
      contradiction ??= { kind: "real_time", first: first.id, second: operation.id };
    }
    for (const operation of operations) {
      if (first === null || endOf(operation) < endOf(first)) first = operation;
    }
  };
  for (let revision = writers.length - 1; revision >= 1; revision--) {
    visit(neutrals.get(revision) ?? []);
    latestCall[revision] = first === null ? Number.POSITIVE_INFINITY : endOf(first);
    const writer = writers[revision] ?? null;
    if (writer !== null) visit([writer]);
  }
  return [latestCall, contradiction];
}

function endOf(operation: KeyOperation): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}

function duplicate(first: KeyOperation, second: KeyOperation, revision: number): Certificate {
  return { kind: "duplicate_revision", first: first.id, second: second.id, revision };
}

function push<T>(map: Map<number, T[]>, key: number, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
