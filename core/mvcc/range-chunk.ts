// A range in chunks, at one revision, from a key on: each is read for itself, so nothing is held
// between them.

import type { Bytes, KvReader, Result } from "../contract.ts";
import { ERRORS } from "../api/errors.ts";
import type { KeyValue, RangeRequest } from "../api/request.ts";
import { liveVersions, versionsAt } from "./key-index.ts";
import { keyRange } from "./key-range.ts";
import { pairOf } from "./range-walk.ts";
import { type Mvcc, rowsOf } from "./store.ts";

export type Chunk = Readonly<{
  kvs: readonly KeyValue[];
  next: Bytes | null; // the first key that is not in it
  bytes: number; // of keys and values
}>;

/** At most `limit` keys of the range from `from` on. */
export function readChunk(
  mvcc: Mvcc,
  view: KvReader,
  request: Pick<RangeRequest, "rangeEnd" | "keysOnly" | "sortTarget">,
  { from, revision, limit }: Readonly<{ from: Bytes; revision: number; limit: number }>,
): Result<Chunk> {
  if (revision < mvcc.compaction.scheduled) return { ok: false, error: ERRORS.Compacted };
  const keys = keyRange(from, request.rangeEnd);
  const versions =
    revision < mvcc.revision
      ? versionsAt(mvcc.index, keys, revision)
      : liveVersions(mvcc.index, keys);
  const readRow = rowsOf(view);
  const kvs: KeyValue[] = [];
  let bytes = 0;
  for (const found of versions) {
    if (kvs.length === limit) return { ok: true, value: { kvs, next: found[0], bytes } };
    const kv = pairOf(found[0], found[1], request, readRow);
    kvs.push(kv);
    bytes += kv.key.length + kv.value.length;
  }
  return { ok: true, value: { kvs, next: null, bytes } };
}
