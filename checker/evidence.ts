// All sightings of a history, arranged for two questions: does one answer contradict another without
// any search, and may an unknown write have made this revision?

import { orderOfBytes } from "./etcd-compare.ts";
import type { KeyOperation } from "./history-of-keys.ts";
import { writeSpansOf, overlap } from "./footprint.ts";
import type { RevisionIndex } from "./revision-index.ts";
import { knownWritesOf, sightingsOf } from "./sightings.ts";
import type { KnownWrite, Sighting } from "./sightings.ts";
import type { Certificate } from "./verdict.ts";

export type Evidence = Readonly<{
  /** Who saw a pair of this revision. */
  seenOf: (revision: number) => readonly Sighting[];
  /** Somebody saw that `key` was not written at this revision. */
  isUntouched: (key: string, revision: number) => boolean;
}>;

/** Nobody wrote the key in (after, through]. */
type Stretch = Readonly<{ after: number; through: number }>;

export function gatherEvidence(
  index: RevisionIndex,
): Readonly<{ evidence: Evidence; contradiction: Certificate | null }> {
  const writesByKey = new Map<string, KnownWrite[]>();
  for (const writer of index.writers) {
    for (const write of writer === null ? [] : knownWritesOf(writer)) {
      listOf(writesByKey, write.key).push(write); // ascending: writers come in order
    }
  }
  const seenByRevision = new Map<number, Sighting[]>();
  const stretchesByKey = new Map<string, Stretch[]>();
  let contradiction: Certificate | null = null;
  for (const reader of readersOf(index)) {
    for (const sighting of sightingsOf(reader)) {
      const { key, pair, at } = sighting;
      const writes = writesByKey.get(key) ?? [];
      contradiction ??= contradictionOf(index, writes, sighting);
      if (pair === null) continue;
      const isGap = index.writers[pair.modRevision] === null;
      if (isGap) listOf(seenByRevision, pair.modRevision).push(sighting);
      listOf(stretchesByKey, key).push({ after: pair.modRevision, through: at });
    }
  }
  const merged = new Map<string, readonly Stretch[]>();
  const evidence: Evidence = {
    seenOf: (revision) => seenByRevision.get(revision) ?? [],
    isUntouched: (key, revision) => {
      let stretches = merged.get(key);
      if (stretches === undefined) {
        stretches = merge(stretchesByKey.get(key) ?? []);
        merged.set(key, stretches);
      }
      const found = lastAtMost(stretches, revision - 1, ({ after }) => after);
      return found !== null && revision <= found.through;
    },
  };
  return { evidence, contradiction };
}

function* readersOf(index: RevisionIndex): Generator<KeyOperation> {
  for (const writer of index.writers) if (writer !== null) yield writer;
  for (const neutrals of index.neutrals.values()) yield* neutrals;
}

function contradictionOf(
  index: RevisionIndex,
  writes: readonly KnownWrite[],
  sighting: Sighting,
): Certificate | null {
  const { reader, key, pair, at } = sighting;
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
  const write = knownWritesOf(writer).find((known) => known.key === key);
  const isSame =
    write?.isPut === true &&
    (write.value === null || !sighting.hasValue || orderOfBytes(write.value, pair.value) === 0);
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

function merge(stretches: readonly Stretch[]): readonly Stretch[] {
  const merged: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.after - b.after)) {
    const last = merged.at(-1);
    if (last === undefined || stretch.after > last.through) merged.push(stretch);
    else if (stretch.through > last.through) {
      merged[merged.length - 1] = { after: last.after, through: stretch.through };
    }
  }
  return merged;
}

/** The last element of an ascending list whose number is at most `limit`. */
function lastAtMost<T>(list: readonly T[], limit: number, numberOf: (element: T) => number): T | null {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberOf(list[middle] as T) <= limit) low = middle + 1;
    else high = middle;
  }
  return list[low - 1] ?? null;
}

function listOf<K, T>(map: Map<K, T[]>, key: K): T[] {
  const found = map.get(key);
  if (found !== undefined) return found;
  const list: T[] = [];
  map.set(key, list);
  return list;
}
