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
import { removeAll, setAll } from "../lib/ordered-map-batch.ts";
import type { KeyRange } from "./range/key-range.ts";

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

/** A key, its history while it was live, and its end. */
export type Ended = readonly [key: Bytes, history: History, end: Version];
export type Dropped = Readonly<{ key: Bytes; main: number; sub: number }>;

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

/** The index with these keys ended: each had this history, and gets this tombstone. */
export function endKeys(index: KeyIndex, ended: readonly Ended[]): KeyIndex {
  const dead = new Map<Bytes, History>();
  for (const [key, history, end] of ended) dead.set(key, longer(history, end));
  const gone = ended.map(([key]) => key);
  return { live: removeAll(index.live, gone), dead: setAll(index.dead, dead) };
}

/** The index without these versions, older ones of a key before newer ones. Of a key whose newest
 *  version is gone nothing is left. */
export function dropVersions(index: KeyIndex, dropped: readonly Dropped[]): KeyIndex {
  const shorter = new Map<Bytes, History | null>();
  for (const { key, main, sub } of dropped) {
    const before = shorter.get(key);
    const history = before === undefined ? historyOf(index, key) : before;
    if (history !== null) shorter.set(key, withoutVersion(history, main, sub));
  }
  const live = new Map<Bytes, History>();
  const dead = new Map<Bytes, History>();
  const gone: Bytes[] = [];
  for (const [key, history] of shorter) {
    if (history === null) gone.push(key);
    else (isTombstone(history.newest) ? dead : live).set(key, history);
  }
  return { live: setAll(index.live, live), dead: setAll(removeAll(index.dead, gone), dead) };
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
  for (const [key, history] of liveHistories(index, range, reverse)) yield [key, history.newest];
}

/** The same with their past. */
export function liveHistories(
  { live }: KeyIndex,
  { from, to }: KeyRange,
  reverse = false,
): Iterable<readonly [key: Bytes, history: History]> {
  if (to !== null) return walkOf(live, from, to, reverse);
  const history = get(live, from);
  return history === null ? [] : [[from, history]];
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

/** Null: nothing is left. */
function withoutVersion(history: History, main: number, sub: number): History | null {
  const { newest, older } = history;
  if (newest.main === main && newest.sub === sub) {
    assert(isTombstone(newest), `version ${main}.${sub} is what everybody reads`);
    assert(older === null, `version ${main}.${sub} goes before what it supersedes`);
    return null;
  }
  if (older === null || get(older, main)?.sub !== sub) return history; // rewritten in one revision
  const left = remove(older, main);
  return { newest, older: left.size === 0 ? null : left };
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
