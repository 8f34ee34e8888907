// A store that commits at once and forgets nothing, for tests of the core alone. The one that lags
// and loses what it has not made durable is sim/kv.ts.

import type { Bytes, KvReader, KvWrite, Table } from "../contract.ts";
import {
  createOrderedMap,
  entries,
  entriesDescending,
  get,
  type OrderedMap,
  remove,
  set,
} from "../lib/ordered-map.ts";

export type MemoryKv = KvReader & Readonly<{ perform: (writes: readonly KvWrite[]) => void }>;

export function createMemoryKv(): MemoryKv {
  const nothing: OrderedMap<Bytes, Uint8Array> = createOrderedMap();
  const tables: Record<Table, typeof nothing> = {
    meta: nothing,
    keys: nothing,
    leases: nothing,
    members: nothing,
    alarms: nothing,
    auth: nothing,
  };
  return {
    get: (table, key) => get(tables[table], key),
    scan: (table, from, to, reverse = false) =>
      reverse ? entriesDescending(tables[table], from, to) : entries(tables[table], from, to),
    sizeBytes: () => 0,
    sizeInUseBytes: () => 0,
    perform: (writes) => {
      for (const write of writes) {
        const { table, key } = write;
        if (write.kind === "put") tables[table] = set(tables[table], key, write.value);
        else tables[table] = remove(tables[table], key);
      }
    },
  };
}
