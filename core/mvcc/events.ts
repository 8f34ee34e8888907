// Events: what a revision changed, one per row of the table "keys", in the order of the writes. The
// live ones and those of history are made from the same rows, so a watcher that falls behind misses
// nothing and sees nothing else.

import type { KvReader, KvWrite } from "../contract.ts";
import type { KeyValue, WatchEvent } from "../api/request.ts";
import { decodeKeyValue } from "../kv/tables.ts";
import { must } from "../lib/assert.ts";
import { ABOVE_ALL } from "../lib/bytes.ts";
import { historyOf, versionAt } from "./key-index.ts";
import { decodeRowKey, encodeRowKey } from "./revision.ts";
import type { Mvcc } from "./store.ts";

const NO_VALUE = new Uint8Array(0);

/** What the writes of one entry did. */
export function eventsOfWrites(writes: readonly KvWrite[]): readonly WatchEvent[] {
  const events: WatchEvent[] = [];
  for (const write of writes) {
    if (write.kind === "put" && write.table === "keys")
      events.push(eventOf(write.key, write.value));
  }
  return events;
}

/** What happened from this revision on. */
export function* eventsFrom(
  view: KvReader,
  revision: number,
): Generator<WatchEvent, void, undefined> {
  const from = encodeRowKey({ main: Math.max(0, revision), sub: 0, tombstone: false });
  for (const [key, value] of view.scan("keys", from, ABOVE_ALL)) yield eventOf(key, value);
}

/** The key as it was before the revision of this event; null where it did not exist, or where that
 *  is compacted away. Nothing comes before a creation, also where the same transaction deleted. */
export function previousOf(mvcc: Mvcc, view: KvReader, event: WatchEvent): KeyValue | null {
  const { key, createRevision, modRevision } = event.kv;
  if (createRevision === modRevision || modRevision - 1 < mvcc.compaction.scheduled) return null;
  const history = historyOf(mvcc.index, key);
  const version = history === null ? null : versionAt(history, modRevision - 1);
  if (version === null) return null;
  const { main, sub } = version;
  const row = view.get("keys", encodeRowKey({ main, sub, tombstone: false }));
  return row === null ? null : decodeKeyValue(row);
}

/** Of a deleted key an event says its name and the revision, as in etcd. */
function eventOf(rowKey: KvWrite["key"], value: Uint8Array): WatchEvent {
  const { main, tombstone } = must(decodeRowKey(rowKey), "a key of the table of keys");
  const kv = must(decodeKeyValue(value), `a row of revision ${main} cannot be read`);
  if (!tombstone) return { kind: "put", kv, prevKv: null };
  const gone = { createRevision: 0, modRevision: main, version: 0, value: NO_VALUE, lease: 0n };
  return { kind: "delete", kv: { ...gone, key: kv.key }, prevKv: null };
}
