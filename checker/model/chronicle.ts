// The store's whole past, by revision and by key: what every promise about watches is measured
// against. Nothing in it is ever given up.

import type { KeyValue } from "../../core/api/request.ts";
import { orderOfBytes } from "./etcd-compare.ts";
import { isInRange } from "./etcd-model.ts";
import type { Change, Stored } from "../watches/watch-history.ts";

export type Chronicle = Readonly<{
  top: number; // the last revision
  events: readonly Placed[]; // all of them, in order
  changes: readonly Change[]; // by revision
  versions: ReadonlyMap<string, readonly Version[]>; // by key, oldest first
}>;

/** An event and its place: `at` counts all events, `sub` those of its revision. */
export type Placed = Readonly<{ at: number; revision: number; sub: number; event: Stored }>;
type Version = Readonly<{ revision: number; kv: KeyValue | null; placed: Placed }>;

export function createChronicle(changes: readonly Change[]): Chronicle {
  const events: Placed[] = [];
  const versions = new Map<string, Version[]>();
  for (const { revision, events: own } of changes) {
    for (const [sub, event] of own.entries()) {
      const placed = { at: events.length, revision, sub, event };
      events.push(placed);
      const { key } = event.kv;
      const list = versions.get(key) ?? [];
      versions.set(key, list);
      list.push({ revision, kv: event.kind === "put" ? event.kv : null, placed });
    }
  }
  return { top: changes.at(-1)?.revision ?? 1, events, changes, versions };
}

/** What happened to this key at this revision; null: nothing. */
export function eventAt({ versions }: Chronicle, key: string, revision: number): Placed | null {
  const list = versions.get(key) ?? [];
  const version = list[countThrough(list, revision) - 1];
  return version?.revision === revision ? version.placed : null;
}

/** The pair as of this revision. */
export function pairAt({ versions }: Chronicle, key: string, revision: number): KeyValue | null {
  const list = versions.get(key) ?? [];
  return list[countThrough(list, revision) - 1]?.kv ?? null;
}

/** The live pairs of a range as of this revision, by key. */
export function pairsAt(
  chronicle: Chronicle,
  range: Readonly<{ key: string; rangeEnd: string }>,
  revision: number,
): readonly KeyValue[] {
  return [...chronicle.versions.keys()]
    .filter((key) => isInRange(key, range.key, range.rangeEnd))
    .toSorted()
    .flatMap((key) => pairAt(chronicle, key, revision) ?? []);
}

/** The place of the first event of this revision or a later one. */
export function placeOf({ events }: Chronicle, revision: number): number {
  return countThrough(events, revision - 1);
}

/** The highest revision that was anywhere by then. */
export function topAt({ changes }: Chronicle, time: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle] as Change).at <= time) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1]?.revision ?? 1;
}

export function isSamePair(a: KeyValue, b: KeyValue): boolean {
  return (
    a.key === b.key &&
    a.modRevision === b.modRevision &&
    a.createRevision === b.createRevision &&
    a.version === b.version &&
    a.lease === b.lease &&
    orderOfBytes(a.value, b.value) === 0
  );
}

/** How many of these, in order of revision, are not above it. */
function countThrough(list: readonly Readonly<{ revision: number }>[], revision: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as Version).revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
