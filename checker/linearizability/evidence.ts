// All observations of a history, arranged for two questions: does one answer contradict another
// without any search, and may an unknown write have made this revision?

import type { KeyValue } from "../../core/api/request.ts";
import { orderOfBytes } from "../model/etcd-compare.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import { overlap, writeSpansOf } from "./footprint.ts";
import {
  countIn,
  createLineage,
  fullStretches,
  isCovered,
  leadsOn,
  livingStretches,
  mergeStretches,
} from "./lineage.ts";
import type { Lineage, Stretch } from "./lineage.ts";
import type { RevisionIndex } from "./revision-index.ts";
import { knownWritesOf, observationsOf } from "./observations.ts";
import type { KnownWrite, Observation } from "./observations.ts";
import type { Certificate } from "../verdict/verdict.ts";

export type Evidence = Readonly<{
  /** Who saw a pair of this revision. */
  seenOf: (revision: number) => readonly Observation[];
  /** No operation of unknown outcome wrote `key` at this revision. */
  isUntouched: (key: string, revision: number) => boolean;
  /** The key was there before and after this revision. */
  isAlive: (key: string, revision: number) => boolean;
  /** The pair, just written, may have become what was seen of its key later. */
  leadsOn: (pair: KeyValue) => boolean;
}>;

/** All that is known of one key. */
type File = { writes: KnownWrite[]; pairs: KeyValue[]; untouched: Stretch[] };

export function gatherEvidence(
  index: RevisionIndex,
): Readonly<{ evidence: Evidence; contradiction: Certificate | null }> {
  const fileByKey = new Map<string, File>();
  const fileOf = (key: string): File => {
    const found = fileByKey.get(key);
    if (found !== undefined) return found;
    const file: File = { writes: [], pairs: [], untouched: [] };
    fileByKey.set(key, file);
    return file;
  };
  for (const writer of index.writers) {
    for (const write of writer === null ? [] : knownWritesOf(writer)) {
      fileOf(write.key).writes.push(write); // ascending: writers come in order
    }
  }
  const hasGaps = index.writers.includes(null, 2);
  const seenByRevision = new Map<number, Observation[]>();
  let contradiction: Certificate | null = null;
  for (const reader of readersOf(index)) {
    for (const observation of observationsOf(reader)) {
      const { key, pair, at } = observation;
      const file = fileOf(key);
      contradiction ??= contradictionOf(index, file.writes, observation);
      if (pair === null || !hasGaps) continue;
      file.pairs.push(pair);
      file.untouched.push({ after: pair.modRevision, through: at });
      if (index.writers[pair.modRevision] !== null) continue;
      const seen = seenByRevision.get(pair.modRevision) ?? [];
      seen.push(observation);
      seenByRevision.set(pair.modRevision, seen);
    }
  }
  return { evidence: createEvidence(index, fileByKey, seenByRevision), contradiction };
}

function createEvidence(
  index: RevisionIndex,
  fileByKey: ReadonlyMap<string, File>,
  seenByRevision: ReadonlyMap<number, readonly Observation[]>,
): Evidence {
  const gapRevisions = index.writers.flatMap((writer, at) => (writer === null ? [at] : []));
  const gaps = (after: number, through: number): number => countIn(gapRevisions, after, through);
  const lineages = new Map<string, Lineage>();
  const untouched = new Map<string, readonly Stretch[]>();
  const alive = new Map<string, readonly Stretch[]>();
  for (const [key, file] of fileByKey) {
    const puts = file.writes.filter(({ isPut }) => isPut).map(({ revision }) => revision);
    const lineage = createLineage(file.pairs, puts);
    lineages.set(key, lineage);
    untouched.set(key, mergeStretches([...file.untouched, ...fullStretches(lineage)]));
    alive.set(key, mergeStretches(livingStretches(lineage)));
  }
  return {
    seenOf: (revision) => seenByRevision.get(revision) ?? [],
    isUntouched: (key, revision) => isCovered(untouched.get(key) ?? [], revision),
    isAlive: (key, revision) => isCovered(alive.get(key) ?? [], revision),
    leadsOn: (pair) => {
      const lineage = lineages.get(pair.key);
      return lineage === undefined || leadsOn(lineage, pair, gaps);
    },
  };
}

function* readersOf(index: RevisionIndex): Generator<KeyOperation> {
  for (const writer of index.writers) if (writer !== null) yield writer;
  for (const neutrals of index.neutrals.values()) yield* neutrals;
}

function contradictionOf(
  index: RevisionIndex,
  writes: readonly KnownWrite[],
  observation: Observation,
): Certificate | null {
  const { reader, key, pair, at } = observation;
  const last = lastAtMost(writes, at, ({ revision }) => revision);
  if (pair === null) {
    if (last === null || !last.isPut || mayBeDeleted(index, key, last.revision, at)) return null;
    return { kind: "overwritten", reader, writer: last.writer, key, modRevision: null };
  }
  const { modRevision } = pair;
  if (last !== null && last.revision > modRevision) {
    return { kind: "overwritten", reader, writer: last.writer, key, modRevision };
  }
  const writer = index.writers[modRevision] ?? null;
  if (writer === null) return null;
  const write = writes[countAtMost(writes, modRevision - 1, ({ revision }) => revision)];
  const isSame =
    write?.revision === modRevision &&
    write.isPut &&
    (write.value === null || !observation.hasValue || orderOfBytes(write.value, pair.value) === 0);
  return isSame ? null : { kind: "not_written", reader, writer: writer.id, key, modRevision };
}

/** Between two revisions, by a deletion whose keys or whose outcome are not known? */
function mayBeDeleted(index: RevisionIndex, key: string, after: number, through: number): boolean {
  const span = [{ start: key, end: `${key}\0` }];
  const mayDelete = ({ input }: KeyOperation): boolean =>
    input.kind !== "put" && overlap(writeSpansOf(input), span);
  if (index.unknown.some(mayDelete)) return true;
  for (let revision = after + 1; revision <= through; revision++) {
    const writer = index.writers[revision] ?? null;
    if (writer !== null && mayDelete(writer)) return true;
  }
  return false;
}

/** The last element of an ascending list whose number is at most `limit`. */
function lastAtMost<T>(
  list: readonly T[],
  limit: number,
  numberOf: (element: T) => number,
): T | null {
  return list[countAtMost(list, limit, numberOf) - 1] ?? null;
}

function countAtMost<T>(
  list: readonly T[],
  limit: number,
  numberOf: (element: T) => number,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberOf(list[middle] as T) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
