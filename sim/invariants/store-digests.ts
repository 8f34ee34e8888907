// Two stores are the same, or hold the same history: told by digests.

import type { Bytes } from "../../core/contract.ts";
import { readCompaction } from "../../core/kv/tables.ts";
import { must } from "../../core/lib/assert.ts";
import { ABOVE_ALL, EMPTY } from "../../core/lib/bytes.ts";
import { decodeRowKey } from "../../core/mvcc/revision.ts";
import { readKeyOf } from "../../core/mvcc/store.ts";
import { Digest } from "../world/digest.ts";
import type { SimKv } from "../world/kv.ts";
import { readerOf, writesOf } from "../world/kv.ts";

/** What HashKV is of, as in etcd: the history since the compaction, and of what came before it only
 *  what is still so. */
export function digestHistory({ visible }: SimKv): string {
  const reader = readerOf(() => visible);
  const { scheduled } = readCompaction(reader);
  const [kept, later] = [new Map<Bytes, Uint8Array>(), new Digest()];
  for (const [key, value] of reader.scan("keys", EMPTY, ABOVE_ALL)) {
    const row = must(decodeRowKey(key), "a row has a revision");
    if (row.main > scheduled) {
      later.text(key);
      later.bytes(value);
      kept.delete(readKeyOf(value));
    } else if (row.tombstone) kept.delete(readKeyOf(value));
    else kept.set(readKeyOf(value), value);
  }
  const all = [...kept].toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const [, value] of all) later.bytes(value);
  return later.hex();
}

/** Everything in it. */
export function digestStore(kv: SimKv): string {
  const digest = new Digest();
  for (const write of writesOf(kv.visible)) {
    digest.text(write.key);
    if (write.kind === "put") digest.bytes(write.value);
  }
  return digest.hex();
}
