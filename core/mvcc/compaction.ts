// Compaction: history before a revision is given up, at once for readers and bit by bit on disk.
//
//   schedule   reads below the revision fail from now on          one entry of the log
//   walk       superseded rows below it go, a budget at a time    one entry of the log per budget
//
// How far the walk has come is replicated state in the table "meta", and so is its end: replicas
// that have applied the same entries hold the same rows, and a restart goes on where the store
// says. Of each key the newest version at or below the revision stays, unless it is a tombstone; a
// tombstone of that very revision stays until the next compaction, because whoever follows the
// store from there on must still see it.

import type { Bytes, KvReader, KvWrite, Result } from "../contract.ts";
import { type ApiError, ERRORS } from "../api/errors.ts";
import { putCompaction } from "../kv/tables.ts";
import type { Compaction } from "../kv/tables.ts";
import { must } from "../lib/assert.ts";
import { EMPTY } from "../lib/bytes.ts";
import {
  type Dropped,
  dropVersions,
  historyOf,
  isTombstone,
  type KeyIndex,
  latestThrough,
  type Version,
} from "./key-index.ts";
import { decodeRowKey, encodeRowKey, type RowKey } from "./revision.ts";
import { type Mvcc, readKeyOf } from "./store.ts";

export type Compacted = Readonly<{ mvcc: Mvcc; writes: readonly KvWrite[] }>;

/** From now on nothing below this revision can be read. The walk begins anew: what an earlier one
 *  has not reached yet is superseded by this one too. */
export function scheduleCompaction(mvcc: Mvcc, revision: number): Result<Compacted> {
  const error = checkCompaction(mvcc, revision);
  if (error !== null) return { ok: false, error };
  const { finished } = mvcc.compaction;
  return { ok: true, value: withCompaction(mvcc, { scheduled: revision, finished, next: EMPTY }) };
}

export function isWalking({ compaction }: Mvcc): boolean {
  return compaction.finished < compaction.scheduled;
}

/** Looks at up to `rows` more rows from `next` on and deletes those that nobody can read. Nothing
 *  happens where the walk has come further already: a step may be proposed twice. */
export function walkCompaction(mvcc: Mvcc, view: KvReader, next: Bytes, rows: number): Compacted {
  const { scheduled, finished } = mvcc.compaction;
  if (!isWalking(mvcc) || next !== mvcc.compaction.next) return { mvcc, writes: [] };
  const end = endOfWalk(mvcc.compaction);
  const { index } = mvcc;
  const writes: KvWrite[] = [];
  const dropped: Dropped[] = [];
  const without = (compaction: Compaction): Compacted => {
    const noted = withCompaction({ ...mvcc, index: dropVersions(index, dropped) }, compaction);
    return { mvcc: noted.mvcc, writes: [...writes, ...noted.writes] };
  };
  let looked = 0;
  for (const [at, value] of view.scan("keys", next, end)) {
    if (looked === rows) return without({ scheduled, finished, next: at });
    looked++;
    const row = must(decodeRowKey(at), "a key in the table of keys is no revision");
    const key = readKeyOf(value);
    if (isKept(index, key, row, scheduled)) continue;
    writes.push({ kind: "delete", table: "keys", key: at });
    dropped.push({ key, main: row.main, sub: row.sub });
  }
  return without({ scheduled, finished: scheduled, next: EMPTY });
}

/** Where the next steps of the walk begin and end, so many at most. Nothing but the walk itself
 *  changes the rows that it comes by, so this is known before the first of them is done. */
export function stepsOfWalk(
  { compaction }: Mvcc,
  view: KvReader,
  rows: number,
  steps: number,
): readonly Readonly<{ next: Bytes; end: Bytes }>[] {
  const end = endOfWalk(compaction);
  const found: { next: Bytes; end: Bytes }[] = [];
  let { next } = compaction;
  let looked = 0;
  for (const [at] of view.scan("keys", next, end)) {
    if (looked === rows) {
      found.push({ next, end: at });
      if (found.length === steps) return found;
      next = at;
      looked = 0;
    }
    looked++;
  }
  return [...found, { next, end }];
}

function endOfWalk({ scheduled }: Compaction): Bytes {
  return encodeRowKey({ main: Math.max(0, scheduled + 1), sub: 0, tombstone: false });
}

/** etcd allows the present revision, but no revision twice. */
function checkCompaction(mvcc: Mvcc, revision: number): ApiError | null {
  if (revision <= mvcc.compaction.scheduled) return ERRORS.Compacted;
  return revision > mvcc.revision ? ERRORS.FutureRevision : null;
}

function isKept(index: KeyIndex, key: Bytes, row: RowKey, compacted: number): boolean {
  const history = historyOf(index, key);
  const latest: Version | null = history === null ? null : latestThrough(history, compacted);
  if (latest === null || latest.main !== row.main || latest.sub !== row.sub) return false;
  return !isTombstone(latest) || latest.main === compacted;
}

function withCompaction(mvcc: Mvcc, compaction: Compaction): Compacted {
  return { mvcc: { ...mvcc, compaction }, writes: [putCompaction(compaction)] };
}
