// Writes that were issued but are not yet confirmed, laid over a reader that lags.
//
//   read(key) = overlay.has(key) ? overlay.get(key) : reader.get(key)   (a tombstone answers null)
//   scan      = ordered merge of both, the overlay wins
//
// The reader may show any state between the last confirmed batch and the last issued one, and every
// answer is the same: a write that has landed meanwhile is merely hidden by its equal. Answers
// therefore never depend on when a commit happens.

import type { Bytes, Index, KvReader, KvWrite, Table } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { madeFor } from "../lib/lists.ts";
import { merged } from "../lib/merge.ts";
import { removeAll, setAll } from "../lib/ordered-map-batch.ts";
import {
  countBetween,
  createOrderedMap,
  entries,
  entriesDescending,
  first,
  get,
  last,
  type OrderedMap,
  remove,
  set,
} from "../lib/ordered-map.ts";

export type Overlay = Readonly<{
  tables: Readonly<Record<Table, OrderedMap<Bytes, Pending>>>;
  batches: OrderedMap<Index, Pieces>;
  confirmed: Index; // batches up to it may go
}>;

/** What one entry wrote, in the pieces in which it came. */
type Pieces = readonly (readonly KvWrite[])[];
/** The newest unconfirmed write of a key; null is a tombstone. */
type Pending = Readonly<{ applied: Index; value: Uint8Array | null }>;

const NOTHING: OrderedMap<Bytes, Pending> = createOrderedMap();
const EMPTY_OVERLAY: Overlay = {
  tables: {
    meta: NOTHING,
    keys: NOTHING,
    leases: NOTHING,
    members: NOTHING,
    alarms: NOTHING,
    auth: NOTHING,
  },
  batches: createOrderedMap(),
  confirmed: -1 as Index,
};

export function createOverlay(): Overlay {
  return EMPTY_OVERLAY;
}

/** Lays these writes on top. One index may come in several pieces; indexes never go back. */
export function pushWrites(overlay: Overlay, applied: Index, writes: readonly KvWrite[]): Overlay {
  if (writes.length === 0) return overlay;
  const newest = last(overlay.batches)?.[0] ?? applied;
  assert(newest <= applied, `writes of entry ${applied} after those of entry ${newest}`);
  const pending = new Map<Table, Map<Bytes, Pending>>();
  for (const write of writes) {
    const value = write.kind === "put" ? write.value : null;
    madeFor(pending, write.table, () => new Map()).set(write.key, { applied, value });
  }
  const tables = { ...overlay.tables };
  for (const [table, newer] of pending) tables[table] = setAll(tables[table], newer);
  const earlier = newest === applied ? get(overlay.batches, applied) : null;
  const batch = earlier === null ? [writes] : [...earlier, writes];
  return { ...overlay, tables, batches: set(overlay.batches, applied, batch) };
}

/** Drops what the reader shows durably: the batches up to `applied`. A key that a later batch wrote
 *  again stays, because the reader may still show its older value. Looks at about `rows` writes and
 *  leaves the rest for another time: what stays for longer hides nothing but its equal. */
export function confirm(overlay: Overlay, applied: Index, rows: number): Overlay {
  const newest = last(overlay.batches);
  if (newest === null) return overlay;
  if (newest[0] <= applied) return EMPTY_OVERLAY;
  return dropConfirmed({ ...overlay, confirmed: applied }, rows);
}

/** Goes on with what may go. */
export function dropConfirmed(overlay: Overlay, rows: number): Overlay {
  const { confirmed } = overlay;
  const tables = { ...overlay.tables };
  let batches = overlay.batches;
  let looked = 0;
  while (looked < rows) {
    const oldest = first(batches);
    if (oldest === null || oldest[0] > confirmed) break;
    const [index, [piece = [], ...others]] = oldest;
    const shown = new Map<Table, Set<Bytes>>();
    for (const { table, key } of piece) {
      const isNewest = get(tables[table], key)?.applied === index;
      if (isNewest) madeFor(shown, table, () => new Set()).add(key);
    }
    for (const [table, keys] of shown) tables[table] = removeAll(tables[table], [...keys]);
    batches = others.length === 0 ? remove(batches, index) : set(batches, index, others);
    looked += Math.max(1, piece.length);
  }
  return { ...overlay, tables, batches };
}

/** Whether something is left that may go. */
export function hasConfirmed({ batches, confirmed }: Overlay): boolean {
  const oldest = first(batches);
  return oldest !== null && oldest[0] <= confirmed;
}

/** The store as it will be when everything issued has landed. */
export function overlaid(overlay: Overlay, reader: KvReader): KvReader {
  return {
    get: (table, key) => {
      const pending = get(overlay.tables[table], key);
      return pending === null ? reader.get(table, key) : pending.value;
    },
    scan: (table, from, to, reverse = false) => {
      const lower = reader.scan(table, from, to, reverse);
      const pending = overlay.tables[table];
      const isBare = pending.size === 0 || countBetween(pending, from, to) === 0;
      return isBare ? lower : scanBoth(pending, lower, from, to, reverse);
    },
    sizeBytes: reader.sizeBytes,
    sizeInUseBytes: reader.sizeInUseBytes,
  };
}

function* scanBoth(
  pending: OrderedMap<Bytes, Pending>,
  lower: Iterable<readonly [Bytes, Uint8Array]>,
  from: Bytes,
  to: Bytes,
  reverse: boolean,
): Generator<readonly [key: Bytes, value: Uint8Array], void, undefined> {
  const upper = reverse ? entriesDescending(pending, from, to) : entries(pending, from, to);
  for (const [key, found] of merged(upper, lower, reverse)) {
    const value = found instanceof Uint8Array ? found : found.value;
    if (value !== null) yield [key, value];
  }
}
