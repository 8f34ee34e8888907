// HashKV: one number for the whole history up to a revision, etcd's own. Replicas with equal
// history have equal hashes, however far each has come with deleting what is compacted.

import type { Bytes, KvReader, Table } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { ABOVE_ALL, EMPTY, fromText, toBytes } from "../lib/bytes.ts";
import { crc32c } from "../lib/crc32c.ts";
import { historyOf, versionAt, versionsAt } from "./key-index.ts";
import { decodeRowKey, encodeRowKey } from "./revision.ts";
import { type Mvcc, readKeyOf } from "./store.ts";

const BUCKET: Bytes = fromText("key"); // where etcd keeps these rows; its name is hashed first
const EVERY_KEY = { from: EMPTY, to: ABOVE_ALL };
const TABLES: readonly Table[] = ["meta", "members", "keys", "leases", "auth"];

/** The hash of the rows up to and including this revision. Of those at or below the compacted one
 *  only what a reader of `revision` still sees is hashed, for the others may be deleted or not. If
 *  there is no such row at all, etcd hashes what it finds. */
export function hashKv(mvcc: Mvcc, view: KvReader, revision: number): number {
  assert(revision <= mvcc.revision, `revision ${revision} is ahead of ${mvcc.revision}`);
  const { scheduled } = mvcc.compaction;
  const end = encodeRowKey({ main: revision + 1, sub: 0, tombstone: false });
  const [seen] = versionsAt(mvcc.index, EVERY_KEY, revision);
  let hash = crc32c(toBytes(BUCKET));
  for (const [key, value] of view.scan("keys", EMPTY, end)) {
    const row = decodeRowKey(key);
    if (row !== null && row.main <= scheduled) {
      if (row.tombstone && row.main === scheduled) continue; // older releases delete it at once
      if (seen !== undefined && !isSeen(mvcc, value, row.main, row.sub, revision)) continue;
    }
    hash = crc32c(value, crc32c(toBytes(key), hash));
  }
  return hash;
}

/** The hash of everything in the store. It is about this member alone. */
export function hashStore(view: KvReader): number {
  let hash = 0;
  for (const table of TABLES) {
    hash = crc32c(toBytes(fromText(table)), hash);
    for (const [key, value] of view.scan(table, EMPTY, ABOVE_ALL)) {
      hash = crc32c(value, crc32c(toBytes(key), hash));
    }
  }
  return hash;
}

function isSeen(mvcc: Mvcc, row: Uint8Array, main: number, sub: number, revision: number): boolean {
  const history = historyOf(mvcc.index, readKeyOf(row));
  const version = history === null ? null : versionAt(history, revision);
  return version !== null && version.main === main && version.sub === sub;
}
