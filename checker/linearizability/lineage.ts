// A pair tells its age: version v, created at c, modified at m means that exactly v puts touched
// the key in [c, m] and nothing deleted it there. Between two observations of one life of a key,
// this often leaves no room for a write that nobody acknowledged.

import type { KeyValue } from "../../core/api/request.ts";

/** Somebody saw the key so, just after the write of `modRevision`. */
export type Anchor = Readonly<{ modRevision: number; createRevision: number; version: number }>;

/** Nobody unknown wrote (or deleted) the key in (after, through]. */
export type Stretch = Readonly<{ after: number; through: number }>;

export type Lineage = Readonly<{
  anchors: readonly Anchor[]; // ascending
  knownPuts: readonly number[]; // their revisions, ascending
}>;

export function createLineage(pairs: readonly KeyValue[], knownPuts: readonly number[]): Lineage {
  const anchorByRevision = new Map<number, Anchor>();
  for (const { modRevision, createRevision, version } of pairs) {
    const birth: Anchor = { modRevision: createRevision, createRevision, version: 1 };
    anchorByRevision.set(createRevision, birth);
    anchorByRevision.set(modRevision, { modRevision, createRevision, version });
  }
  const anchors = [...anchorByRevision.values()].toSorted((a, b) => a.modRevision - b.modRevision);
  return { anchors, knownPuts };
}

/** Where no unknown put fits, because all versions are accounted for. */
export function fullStretches({ anchors, knownPuts }: Lineage): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const [at, later] of anchors.entries()) {
    const earlier = anchors[at - 1];
    if (earlier === undefined || earlier.createRevision !== later.createRevision) continue;
    const after = earlier.modRevision;
    const through = later.modRevision - 1;
    const missing = later.version - earlier.version - 1 - countIn(knownPuts, after, through);
    if (missing === 0) stretches.push({ after, through });
  }
  return stretches;
}

/** Where nothing deleted the key, because it lived on. */
export function livingStretches({ anchors }: Lineage): readonly Stretch[] {
  return anchors.map(({ createRevision, modRevision }) => {
    return { after: createRevision, through: modRevision };
  });
}

/** May the key, written so, become what the next observation shows? At most `gaps(after, through)`
 *  puts  that nobody acknowledged lie in between. */
export function leadsOn(
  { anchors, knownPuts }: Lineage,
  pair: KeyValue,
  gaps: (after: number, through: number) => number,
): boolean {
  const next = anchors.find(({ modRevision }) => modRevision > pair.modRevision);
  if (next === undefined || next.createRevision > pair.modRevision) return true;
  if (next.createRevision !== pair.createRevision) return false;
  const through = next.modRevision - 1;
  const known = countIn(knownPuts, pair.modRevision, through);
  const missing = next.version - pair.version - 1 - known;
  return missing >= 0 && missing <= gaps(pair.modRevision, through);
}

/** How many of an ascending list lie in (after, through]. */
export function countIn(ascending: readonly number[], after: number, through: number): number {
  return countThrough(ascending, through) - countThrough(ascending, after);
}

export function mergeStretches(stretches: readonly Stretch[]): readonly Stretch[] {
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

export function isCovered(merged: readonly Stretch[], revision: number): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((merged[middle] as Stretch).after < revision) low = middle + 1;
    else high = middle;
  }
  return revision <= (merged[low - 1]?.through ?? 0);
}

function countThrough(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
