// HashKV: one number for the whole history up to a revision, etcd's own. Replicas with equal
// history have equal hashes, whatever lies in their files besides.

import type { Bytes, KvReader } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { EMPTY, fromText, toBytes } from "../lib/bytes.ts";
import { crc32c } from "../lib/crc32c.ts";
import { encodeRowKey } from "./revision.ts";
import type { Mvcc } from "./store.ts";

const BUCKET: Bytes = fromText("key"); // where etcd keeps these rows; its name is hashed first

/** The hash of every row up to and including this revision. */
export function hashKv(mvcc: Mvcc, view: KvReader, revision: number): number {
  assert(revision <= mvcc.revision, `revision ${revision} is ahead of ${mvcc.revision}`);
  const end = encodeRowKey({ main: revision + 1, sub: 0, tombstone: false });
  let hash = crc32c(toBytes(BUCKET));
  for (const [key, value] of view.scan("keys", EMPTY, end)) {
    hash = crc32c(value, crc32c(toBytes(key), hash));
  }
  return hash;
}
