// HashKV: one number for the whole history up to a revision, etcd's own. Replicas with equal
// history have equal hashes, however far each has come with deleting what is compacted.

import type { Bytes, KvReader } from "../../contract.ts";
import { assert } from "../../lib/assert.ts";
import { ABOVE_ALL, EMPTY, fromText, toBytes } from "../../lib/bytes.ts";
import { crc32c } from "../../lib/crc32c.ts";
import { entries } from "../../lib/ordered-map.ts";
import { historyOf, isTombstone, latestThrough, versionAt, versionsAt } from "../key-index.ts";
import { decodeRowKey, encodeRowKey } from "../revision.ts";
import { type Mvcc, readKeyOf } from "../store.ts";

const BUCKET: Bytes = fromText("key"); // where etcd keeps these rows; its name is hashed first
const EVERY_KEY = { from: EMPTY, to: ABOVE_ALL };

/** How far a hash has come: it may be taken in pieces. */
export type HashWalk = Readonly<{
  revision: number;
  compacted: number; // of the store, when the walk began
  isAnySeen: boolean; // whether a reader of the revision sees anything
  next: Bytes | null; // the row to go on with; null: it is through
  hash: number;
}>;

/** Bytes of values that one piece reads at most, but for one row. */
export const PIECE_BYTES: number = 8 * 1024 * 1024;

/** The hash of the rows up to and including this revision. Of those at or below the compacted one
 *  only what a reader of `revision` still sees is hashed, for the others may be deleted or not. If
 *  there is no such row at all, etcd hashes what it finds. */
export function hashKv(mvcc: Mvcc, view: KvReader, revision: number): number {
  let walk = beginHash(mvcc, revision);
  while (walk.next !== null) walk = continueHash(walk, mvcc, view, Infinity);
  return walk.hash;
}

export function beginHash(mvcc: Mvcc, revision: number): HashWalk {
  const [seen] = versionsAt(mvcc.index, EVERY_KEY, revision);
  return { ...beginStrictHash(mvcc, revision), isAnySeen: seen !== undefined };
}

/** Whether a compaction through this revision leaves anything of what is older: what a reader sees,
 *  or the end of a key at that very revision. As in etcd, all rows are hashed where it does not. */
export function isAnyKept({ index }: Mvcc, revision: number): boolean {
  for (const map of [index.live, index.dead]) {
    for (const [, history] of entries(map)) {
      const latest = latestThrough(history, revision);
      if (latest !== null && (!isTombstone(latest) || latest.main === revision)) return true;
    }
  }
  return false;
}

/** As if a reader always saw something: how many rows a compaction has still to delete makes no
 *  difference to this one, ever. */
export function beginStrictHash(mvcc: Mvcc, revision: number): HashWalk {
  assert(revision <= mvcc.revision, `revision ${revision} is ahead of ${mvcc.revision}`);
  const { scheduled: compacted } = mvcc.compaction;
  return { revision, compacted, isAnySeen: true, next: EMPTY, hash: emptyHash() };
}

export function emptyHash(): number {
  return crc32c(toBytes(BUCKET));
}

/** So many rows more. The store must not have been compacted further since the walk began. */
export function continueHash(
  walk: HashWalk,
  mvcc: Mvcc,
  view: KvReader,
  rowsMax: number,
): HashWalk {
  const { revision } = walk;
  const end = encodeRowKey({ main: Math.max(0, revision + 1), sub: 0, tombstone: false });
  let { hash } = walk;
  let [rows, bytes] = [0, 0];
  for (const [key, value] of view.scan("keys", walk.next ?? end, end)) {
    if (rows >= rowsMax || bytes >= PIECE_BYTES) return { ...walk, next: key, hash };
    rows += 1;
    bytes += value.length;
    hash = withRow(hash, walk, mvcc, key, value);
  }
  return { ...walk, next: null, hash };
}

/** The hash with one row more, or as it is: not every row counts. */
export function withRow(
  hash: number,
  { revision, compacted, isAnySeen }: Pick<HashWalk, "revision" | "compacted" | "isAnySeen">,
  mvcc: Mvcc,
  key: Bytes,
  value: Uint8Array,
): number {
  const row = decodeRowKey(key);
  if (row !== null && row.main <= compacted) {
    if (row.tombstone && row.main === compacted) return hash; // older releases delete it at once
    if (isAnySeen && !isSeen(mvcc, value, row.main, row.sub, revision)) return hash;
  }
  return crc32c(value, crc32c(toBytes(key), hash));
}

function isSeen(mvcc: Mvcc, row: Uint8Array, main: number, sub: number, revision: number): boolean {
  const history = historyOf(mvcc.index, readKeyOf(row));
  const version = history === null ? null : versionAt(history, revision);
  return version !== null && version.main === main && version.sub === sub;
}
