// Which versions of which keys exist, in memory; the values stay in the table "keys". Rebuilt from
// that table at boot.
//
// Keys that exist now and keys whose newest version is a tombstone lie apart. So the present, which
// nearly every read asks for, is one walk without ghosts, and counting it needs no walk at all. A
// read of the past merges both.

import type { Bytes } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { merged } from "../lib/merge.ts";
import {
  countBetween,
  createOrderedMap,
  entries,
  entriesDescending,
  type Entries,
  floorEntry,
  get,
  has,
  type OrderedMap,
  remove,
  set,
} from "../lib/ordered-map.ts";
import type { KeyRange } from "./key-range.ts";

export type KeyIndex = Readonly<{
  live: OrderedMap<Bytes, History>;
  dead: OrderedMap<Bytes, History>;
}>;

/** All versions of one key. Most keys have one; a hot key may have a hundred thousand. */
export type History = Readonly<{
  newest: Version;
  older: OrderedMap<number, Version> | null; // by main revision
}>;

/** One write of a key: where its row is, and what of it is known without the row. */
export type Version = Readonly<{
  main: number;
  sub: number;
  created: number; // main revision of the first write since the key was last absent
  version: number; // counts those writes from 1; 0 is a tombstone
}>;

const NO_HISTORY: OrderedMap<Bytes, History> = createOrderedMap();
const NO_VERSIONS: OrderedMap<number, Version> = createOrderedMap();

export function createKeyIndex(): KeyIndex {
  return { live: NO_HISTORY, dead: NO_HISTORY };
}

export function historyOf(index: KeyIndex, key: Bytes): History | null {
  return get(index.live, key) ?? get(index.dead, key);
}

/** The version that a put at this point makes. */
export function putVersion(history: History | null, main: number, sub: number): Version {
  const newest = history?.newest;
  if (newest === undefined || isTombstone(newest)) return { main, sub, created: main, version: 1 };
  return { main, sub, created: newest.created, version: newest.version + 1 };
}

export function tombstone(main: number, sub: number): Version {
  return { main, sub, created: 0, version: 0 };
}

export function isTombstone(version: Version): boolean {
  return version.version === 0;
}

/** The index with a newer version of the key; `history` is what `historyOf` finds for it. */
export function addVersion(
  index: KeyIndex,
  key: Bytes,
  history: History | null,
  version: Version,
): KeyIndex {
  const next = longer(history, version);
  const wasLive = history !== null && !isTombstone(history.newest);
  if (isTombstone(version)) {
    return { live: remove(index.live, key), dead: set(index.dead, key, next) };
  }
  const dead = history === null || wasLive ? index.dead : remove(index.dead, key);
  return { live: set(index.live, key, next), dead };
}

/** The index without this version. Of a key whose newest version is gone nothing is left. */
export function dropVersion(index: KeyIndex, key: Bytes, main: number, sub: number): KeyIndex {
  const history = historyOf(index, key);
  if (history === null) return index;
  const { newest, older } = history;
  if (newest.main === main && newest.sub === sub) {
    assert(isTombstone(newest), `version ${main}.${sub} is what everybody reads`);
    assert(older === null, `version ${main}.${sub} goes before what it supersedes`);
    return { live: index.live, dead: remove(index.dead, key) };
  }
  if (older === null || get(older, main)?.sub !== sub) return index; // rewritten in one revision
  const left = remove(older, main);
  const shorter = { newest, older: left.size === 0 ? null : left };
  if (isTombstone(newest)) return { live: index.live, dead: set(index.dead, key, shorter) };
  return { live: set(index.live, key, shorter), dead: index.dead };
}

/** The version that a reader at this revision sees; null where the key did not exist. */
export function versionAt(history: History, revision: number): Version | null {
  const seen = latestThrough(history, revision);
  return seen === null || isTombstone(seen) ? null : seen;
}

/** The newest version at or below this revision, be it a tombstone. */
export function latestThrough({ newest, older }: History, revision: number): Version | null {
  if (newest.main <= revision) return newest;
  return floorEntry(older ?? NO_VERSIONS, revision)?.[1] ?? null;
}

/** How many keys of the range exist now. */
export function countLive(index: KeyIndex, range: KeyRange): number {
  if (range.to === null) return has(index.live, range.from) ? 1 : 0;
  return countBetween(index.live, range.from, range.to);
}

/** The keys of the range that exist now, ascending or (`reverse`) descending. */
export function* liveVersions(
  index: KeyIndex,
  range: KeyRange,
  reverse = false,
): Generator<readonly [key: Bytes, version: Version], void, undefined> {
  if (range.to === null) {
    const history = get(index.live, range.from);
    if (history !== null) yield [range.from, history.newest];
    return;
  }
  for (const [key, history] of walkOf(index.live, range.from, range.to, reverse)) {
    yield [key, history.newest];
  }
}

/** The keys of the range that existed at this revision, ascending or (`reverse`) descending. */
export function* versionsAt(
  index: KeyIndex,
  range: KeyRange,
  revision: number,
  reverse = false,
): Generator<readonly [key: Bytes, version: Version], void, undefined> {
  for (const [key, history] of histories(index, range, reverse)) {
    const version = versionAt(history, revision);
    if (version !== null) yield [key, version];
  }
}

function histories(
  index: KeyIndex,
  { from, to }: KeyRange,
  reverse: boolean,
): Iterable<readonly [Bytes, History]> {
  if (to === null) {
    const history = historyOf(index, from);
    return history === null ? [] : [[from, history]];
  }
  const live = walkOf(index.live, from, to, reverse);
  if (index.dead.size === 0) return live;
  return merged(live, walkOf(index.dead, from, to, reverse), reverse);
}

function walkOf(
  map: OrderedMap<Bytes, History>,
  from: Bytes,
  to: Bytes,
  reverse: boolean,
): Entries<Bytes, History> {
  return reverse ? entriesDescending(map, from, to) : entries(map, from, to);
}

function longer(history: History | null, version: Version): History {
  if (history === null) return { newest: version, older: null };
  const { newest, older } = history;
  assertFollows(newest, version);
  // Nobody can read between two writes of one revision: the later one is all there ever was.
  if (newest.main === version.main) return { newest: version, older };
  return { newest: version, older: set(older ?? NO_VERSIONS, newest.main, newest) };
}

/** That a key's next version may be this one. A compaction may have taken what a tombstone ended,
 *  but never the end of the life before it. */
export function assertFollows(newest: Version, version: Version): void {
  const ascends =
    newest.main < version.main || (newest.main === version.main && newest.sub < version.sub);
  assert(
    ascends,
    `version ${version.main}.${version.sub} after version ${newest.main}.${newest.sub}`,
  );
  assert(
    !isTombstone(version) || !isTombstone(newest),
    `a tombstone at ${version.main} for a key that does not exist`,
  );
}
