// Gaps: revisions that somebody saw the effect or the successor of, and that nobody acknowledged.
// Each was made by an operation of unknown outcome. What requests and sightings alone rule out is
// ruled out here, once, before any guessing.

import { orderOfBytes } from "./etcd-compare.ts";
import { keyOfRequest } from "./etcd-sequential.ts";
import type { Evidence } from "./evidence.ts";
import { writeSpansOf } from "./footprint.ts";
import type { Span } from "./footprint.ts";
import type { KeyOperation } from "./history-of-keys.ts";
import type { RevisionIndex } from "./revision-index.ts";

export type Suspect = Readonly<{
  operation: KeyOperation;
  requestKey: string; // suspects with equal requests are interchangeable
  spans: readonly Span[]; // what it may write
  isTxn: boolean;
}>;

/** The suspects of each gap, as positions in `suspects`, the likely ones first. */
export type Gaps = Readonly<{
  suspects: readonly Suspect[];
  candidatesByRevision: ReadonlyMap<number, readonly number[]>;
}>;

export function findGaps(index: RevisionIndex, evidence: Evidence): Gaps {
  const suspects = index.unknown.map((operation): Suspect => ({
    operation,
    requestKey: keyOfRequest(operation.input),
    spans: writeSpansOf(operation.input),
    isTxn: operation.input.kind === "txn",
  }));
  const candidatesByRevision = new Map<number, number[]>();
  for (let revision = 2; revision <= index.top; revision++) {
    if (index.writers[revision] !== null) continue;
    const candidates: number[] = [];
    for (const [at, { operation }] of suspects.entries()) {
      if (operation.call > (index.latestCall[revision] as number)) break; // sorted by call
      if (isConceivable(evidence, operation, revision)) candidates.push(at);
    }
    candidatesByRevision.set(revision, candidates);
  }
  pin(candidatesByRevision);
  return {
    suspects,
    candidatesByRevision: sortByPromise(evidence, suspects, candidatesByRevision),
  };
}

/** Not ruled out by its request, whatever the store was. */
function isConceivable(evidence: Evidence, { input }: KeyOperation, revision: number): boolean {
  if (input.kind === "txn") return true;
  const seen = evidence.seenOf(revision);
  if (input.kind === "delete_range") {
    const isSpared = (key: string): boolean =>
      evidence.isUntouched(key, revision) || evidence.isAlive(key, revision);
    return seen.length === 0 && (input.rangeEnd !== "" || !isSpared(input.key));
  }
  if (input.kind !== "put" || evidence.isUntouched(input.key, revision)) return false;
  return seen.every(({ key, pair, hasValue }) => {
    if (key !== input.key || pair === null) return false;
    return !hasValue || input.ignoreValue || orderOfBytes(pair.value, input.value) === 0;
  });
}

/** The only candidate of one gap is no candidate of another. */
function pin(candidatesByRevision: Map<number, number[]>): void {
  const pinned = new Set<number>();
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const candidates of candidatesByRevision.values()) {
      const [only] = candidates;
      if (candidates.length !== 1 || only === undefined || pinned.has(only)) continue;
      pinned.add(only);
      isNew = true;
    }
    if (!isNew) break;
    for (const [revision, candidates] of candidatesByRevision) {
      if (candidates.length < 2) continue;
      const left = candidates.filter((at) => !pinned.has(at));
      candidatesByRevision.set(revision, left);
    }
  }
}

/** What is likely comes first: a write whose effect nobody saw at another gap, and the one that was
 *  called last, because most writes happen soon after their call or never. Of equal requests the
 *  one called first comes first: it can stand wherever the others can. */
function sortByPromise(
  evidence: Evidence,
  suspects: readonly Suspect[],
  candidatesByRevision: ReadonlyMap<number, readonly number[]>,
): ReadonlyMap<number, readonly number[]> {
  const seen = new Set<number>();
  for (const [revision, candidates] of candidatesByRevision) {
    if (evidence.seenOf(revision).length > 0) for (const at of candidates) seen.add(at);
  }
  const sorted = new Map<number, readonly number[]>();
  for (const [revision, candidates] of candidatesByRevision) {
    const lastOf = new Map<string, number>(); // of equal requests
    for (const at of candidates) lastOf.set((suspects[at] as Suspect).requestKey, at);
    const rank = (at: number): number => lastOf.get((suspects[at] as Suspect).requestKey) as number;
    const order = (a: number, b: number): number =>
      Number(seen.has(a)) - Number(seen.has(b)) || rank(b) - rank(a) || a - b;
    sorted.set(revision, candidates.toSorted(order));
  }
  return sorted;
}
