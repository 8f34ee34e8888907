// The store: a revision, an index of every version in memory, and their rows in the table "keys".

import type { Bytes, KvReader, KvWrite, Revision } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import type { KeyValue } from "../api/request.ts";
import type { Compaction } from "../kv/tables.ts";
import { decodeKeyOf, decodeKeyValue, encodeKeyValue, readCompaction } from "../kv/tables.ts";
import { assert, broken, must } from "../lib/assert.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import { get } from "../lib/ordered-map.ts";
import { buildKeyIndex } from "./index-build.ts";
import {
  addVersion,
  type Ended,
  endKeys,
  type History,
  historyOf,
  isTombstone,
  type KeyIndex,
  liveHistories,
  putVersion,
  tombstone,
  type Version,
} from "./key-index.ts";
import type { KeyRange } from "./range/key-range.ts";
import { decodeRowKey, encodeRowKey, FIRST_REVISION, nextRevision } from "./revision.ts";

export type Mvcc = Readonly<{ revision: Revision; index: KeyIndex; compaction: Compaction }>;

/** Finds the row of a version. */
export type ReadRow = (version: Version) => KeyValue;

/** What a write did to one key: it hangs on this lease from then on, 0 for none. */
export type Attachment = readonly [key: Bytes, lease: bigint];

/** One change of the store in the making: all its writes share one main revision, and reads see the
 *  writes before them. Mutable, and therefore never kept: it lives within one call. A change that
 *  is made in pieces is opened for each of them. */
export type Change = {
  readonly main: Revision; // of its writes, should there be any
  readonly first: number; // writes of earlier pieces, which the view shows
  readonly writes: KvWrite[]; // of this one; at `sub - first`: the row of main.sub
  readonly attachments: Attachment[]; // in order
  readonly readRow: ReadRow;
  mvcc: Mvcc; // as a reader sees it now
  failure: ApiError | null; // set: the change must be thrown away
};

const NO_VALUE = new Uint8Array(0);

/** The store that these tables hold. */
export function restoreMvcc(view: KvReader): Mvcc {
  return restoreAttached(view)[0];
}

/** The same, and what hangs on leases. */
export function restoreAttached(
  view: KvReader,
): readonly [mvcc: Mvcc, attachments: readonly Attachment[]] {
  const attached = new Map<Bytes, bigint>();
  let revision = FIRST_REVISION;
  const index = buildKeyIndex(written());
  // The rows of the last revisions may have gone in a compaction, their numbers may not.
  const compaction = readCompaction(view);
  revision = Math.max(revision, compaction.scheduled, compaction.finished) as Revision;
  return [{ revision, index, compaction }, [...attached]];

  function* written(): Generator<readonly [key: Bytes, version: Version], void, undefined> {
    for (const [bytes, value] of view.scan("keys", EMPTY, ABOVE_ALL)) {
      const row = must(decodeRowKey(bytes), "a key in the table of keys is no revision");
      const { main, sub } = row;
      const kv = must(decodeKeyValue(value), `the row of revision ${main}.${sub} cannot be read`);
      if (!row.tombstone) assert(kv.modRevision === main, `row ${main} says ${kv.modRevision}`);
      revision = main as Revision;
      const { createRevision: created, version, lease } = kv;
      if (lease !== 0n) attached.set(kv.key, lease);
      else if (attached.size > 0) attached.delete(kv.key);
      yield [kv.key, row.tombstone ? tombstone(main, sub) : { main, sub, created, version }];
    }
  }
}

/** The key that a row is about. */
export function readKeyOf(row: Uint8Array): Bytes {
  return must(decodeKeyOf(row), "a row of the table of keys has no key");
}

/** Reads rows through this view. */
export function rowsOf(view: KvReader): ReadRow {
  return ({ main, sub }) => {
    const bytes = view.get("keys", encodeRowKey({ main, sub, tombstone: false }));
    if (bytes === null) broken(`the index knows revision ${main}.${sub}, the table does not`);
    return decoded(bytes);
  };
}

export function beginChange(mvcc: Mvcc, view: KvReader): Change {
  return openChange(mvcc, view, nextRevision(mvcc.revision), 0);
}

/** Goes on with a change that has written so many rows of this revision. */
export function openChange(mvcc: Mvcc, view: KvReader, main: Revision, first: number): Change {
  const writes: KvWrite[] = [];
  const readStored = rowsOf(view);
  const readRow: ReadRow = (version) => {
    if (version.main !== main || version.sub < first) return readStored(version);
    const write =
      writes[version.sub - first] ?? broken(`no write ${version.sub} in this change yet`);
    assert(write.kind === "put", "every write of a change puts a row");
    return decoded(write.value);
  };
  return { main, first, writes, attachments: [], readRow, mvcc, failure: null };
}

export function putKey(change: Change, key: Bytes, value: Uint8Array, lease: bigint): void {
  const { main, first, writes, mvcc } = change;
  const history = historyOf(mvcc.index, key);
  const version = putVersion(history, main, first + writes.length);
  const row = encodeKeyValue({
    key,
    createRevision: version.created,
    modRevision: main,
    version: version.version,
    value,
    lease,
  });
  record(change, version, row);
  change.attachments.push([key, lease]);
  const index = addVersion(mvcc.index, key, history, version);
  change.mvcc = { ...mvcc, revision: main, index };
}

/** Deletes the keys of the range that exist, in key order, and tells how many there were. If there
 *  are as many as `most`, there may be more. */
export function deleteKeys(change: Change, range: KeyRange, most: number): number {
  const found: [Bytes, History][] = [];
  for (const [key, history] of liveHistories(change.mvcc.index, range)) {
    if (found.length === most) break;
    found.push([key, history]);
  }
  endAll(change, found);
  return found.length;
}

/** Deletes those of the keys that exist. None is listed twice. */
export function deleteListed(change: Change, keys: readonly Bytes[]): void {
  const { live } = change.mvcc.index;
  const found: [Bytes, History][] = [];
  for (const key of keys) {
    const history = get(live, key);
    if (history !== null) found.push([key, history]);
  }
  endAll(change, found);
}

function endAll(change: Change, found: readonly (readonly [Bytes, History])[]): void {
  if (found.length === 0) return;
  const { main, first, writes, attachments, mvcc } = change;
  const ended = found.map(([key, history]): Ended => {
    const end = tombstone(main, first + writes.length);
    record(change, end, encodeKeyValue({ ...TOMBSTONE_ROW, key }));
    attachments.push([key, 0n]);
    return [key, history, end];
  });
  change.mvcc = { ...mvcc, revision: main, index: endKeys(mvcc.index, ended) };
}

const TOMBSTONE_ROW = {
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: NO_VALUE,
  lease: 0n,
} as const;

function record(change: Change, version: Version, value: Uint8Array): void {
  const { main, sub } = version;
  const key = encodeRowKey({ main, sub, tombstone: isTombstone(version) });
  change.writes.push({ kind: "put", table: "keys", key, value });
}

function decoded(bytes: Uint8Array): KeyValue {
  return must(decodeKeyValue(bytes), "a row of the table of keys cannot be read");
}
