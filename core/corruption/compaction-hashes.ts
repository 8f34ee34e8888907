// What each compaction finds is hashed on its way, as in etcd: every member compacts the same rows
// in the same steps, so the hash of a compaction must be everybody's. It is remembered for a while
// and lost when the member stops: who was not there from the beginning has none. HashKV answers
// from it, for the rows that it was of are gone.

import type { KvReader } from "../contract.ts";
import type { HashWalk } from "../mvcc/hash/hash.ts";
import { emptyHash, isAnyKept, withRow } from "../mvcc/hash/hash.ts";
import { encodeRowKey } from "../mvcc/revision.ts";
import type { Mvcc } from "../mvcc/store.ts";
import type { RevisionHash } from "./message.ts";

export type CompactionHashes = Readonly<{
  walking: Walking | null; // of the compaction that goes on: as far as it has come
  kept: readonly RevisionHash[]; // oldest first
}>;

type Walking = RevisionHash & Pick<HashWalk, "isAnySeen">;

/** etcd's own number. */
export const COMPACTION_HASHES_MAX: number = 10;

export const NO_COMPACTION_HASHES: CompactionHashes = { walking: null, kept: [] };

/** Follows one entry that changed how far the store is compacted. `view` shows the rows as they
 *  were before it. */
export function followCompaction(
  hashes: CompactionHashes,
  before: Mvcc,
  after: Mvcc,
  view: KvReader,
): CompactionHashes {
  const { scheduled, finished, next } = after.compaction;
  if (scheduled !== before.compaction.scheduled) {
    const compacted = before.compaction.scheduled;
    const isAnySeen = isAnyKept(before, scheduled);
    return { ...hashes, walking: { revision: scheduled, compacted, isAnySeen, hash: emptyHash() } };
  }
  if (hashes.walking?.revision !== scheduled) return hashes;
  const isDone = finished === scheduled;
  const end = encodeRowKey({ main: scheduled + 1, sub: 0, tombstone: false });
  const rows = view.scan("keys", before.compaction.next, isDone ? end : next);
  const { revision, compacted, isAnySeen } = hashes.walking;
  let { hash } = hashes.walking;
  for (const [key, value] of rows) hash = withRow(hash, hashes.walking, before, key, value);
  if (!isDone) return { ...hashes, walking: { revision, compacted, isAnySeen, hash } };
  const kept = [...hashes.kept, { revision, compacted, hash }].slice(-COMPACTION_HASHES_MAX);
  return { walking: null, kept };
}

/** What was the hash of a compaction through this revision; null: there was none, or it is too long
 *  ago. */
export function hashOfCompaction(
  { kept }: CompactionHashes,
  revision: number,
): RevisionHash | null {
  return kept.find((each) => each.revision === revision) ?? null;
}
