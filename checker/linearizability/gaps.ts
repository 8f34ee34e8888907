// Gaps: revisions that somebody saw the effect or the successor of, and that nobody acknowledged.
// Each was made by an operation of unknown outcome. What requests and observations alone rule out
// is ruled out here, once, before any guessing.

import type { PutRequest, RequestOp } from "../../core/api/request.ts";
import { orderOfBytes } from "../model/etcd-compare.ts";
import { keyOfRequest } from "../model/etcd-sequential.ts";
import type { Evidence } from "./evidence.ts";
import { writeSpansOf } from "./footprint.ts";
import type { Span } from "./footprint.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { RevisionIndex } from "./revision-index.ts";
import type { Observation } from "./observations.ts";

export type Suspect = Readonly<{
  operation: KeyOperation;
  requestKey: string; // suspects with equal requests are interchangeable
  spans: readonly Span[]; // what it may write
  isTxn: boolean;
}>;

/** The suspects of each gap, as positions in `suspects`, which are sorted by call. */
export type Gaps = Readonly<{
  suspects: readonly Suspect[];
  candidatesByRevision: ReadonlyMap<number, readonly number[]>;
  seen: ReadonlySet<number>; // the effect may have been seen at some gap
}>;

/** A write that was called long before the one before it has probably not happened at all. */
const EARLIER_IS_WORSE = 4;

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
  return { suspects, candidatesByRevision, seen: seenAt(evidence, candidatesByRevision) };
}

/** Not ruled out by its request, whatever the store was. */
function isConceivable(evidence: Evidence, { input }: KeyOperation, revision: number): boolean {
  const puts = putsOf(input);
  const isExplained = evidence
    .seenOf(revision)
    .every((observation) => puts.some((put) => mayBeSeenAs(put, observation)));
  if (!isExplained) return false;
  switch (input.kind) {
    case "put":
      return !evidence.isUntouched(input.key, revision);
    case "delete_range": {
      if (input.rangeEnd !== "") return true;
      return !evidence.isUntouched(input.key, revision) && !evidence.isAlive(input.key, revision);
    }
    case "range":
    case "txn":
      return true;
  }
}

function mayBeSeenAs(put: PutRequest, { key, pair, hasValue }: Observation): boolean {
  if (put.key !== key || pair === null) return false;
  return !hasValue || put.ignoreValue || orderOfBytes(pair.value, put.value) === 0;
}

/** The puts that it may make, in one branch or another. */
function putsOf(request: RequestOp): readonly PutRequest[] {
  if (request.kind === "put") return [request];
  return request.kind === "txn" ? [...request.success, ...request.failure].flatMap(putsOf) : [];
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

/** The candidates of a gap, the likely ones first. A write whose effect was seen at another gap is
 *  not likely. For the rest, writes happen about in the order of their calls, so the next one
 *  called after the one before the gap is. Of equal requests the one called first comes first: it
 *  can stand wherever the others can. */
export function sortByPromise(
  { suspects, seen }: Gaps,
  candidates: readonly number[],
  previousCall: number,
): readonly number[] {
  const distanceOf = (at: number): number => {
    const { call } = (suspects[at] as Suspect).operation;
    return call >= previousCall ? call - previousCall : (previousCall - call) * EARLIER_IS_WORSE;
  };
  const keyOf = (at: number): string => (suspects[at] as Suspect).requestKey;
  const nearest = new Map<string, number>(); // of equal requests
  for (const at of candidates) {
    nearest.set(keyOf(at), Math.min(nearest.get(keyOf(at)) ?? Infinity, distanceOf(at)));
  }
  const rank = (at: number): number => nearest.get(keyOf(at)) as number;
  const order = (a: number, b: number): number =>
    Number(seen.has(a)) - Number(seen.has(b)) || rank(a) - rank(b) || a - b;
  return candidates.toSorted(order);
}

function seenAt(
  evidence: Evidence,
  candidatesByRevision: ReadonlyMap<number, readonly number[]>,
): ReadonlySet<number> {
  const seen = new Set<number>();
  for (const [revision, candidates] of candidatesByRevision) {
    if (evidence.seenOf(revision).length > 0) for (const at of candidates) seen.add(at);
  }
  return seen;
}
