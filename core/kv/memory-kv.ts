// A store that commits at once and forgets nothing, for tests of the core alone. The one that lags
// and loses what it has not made durable is sim/world/kv.ts.

import type { Bytes, KvReader, KvWrite, Table } from "../contract.ts";
import { assertStorable } from "./limits.ts";
import {
  createOrderedMap,
  entries,
  entriesDescending,
  get,
  type OrderedMap,
  remove,
  set,
} from "../lib/ordered-map.ts";

export type MemoryTables = Readonly<Record<Table, OrderedMap<Bytes, Uint8Array>>>;
export type MemoryKv = KvReader &
  Readonly<{ perform: (writes: readonly KvWrite[]) => void; image: () => MemoryTables }>;

const NOTHING: OrderedMap<Bytes, Uint8Array> = createOrderedMap();
const EMPTY: MemoryTables = {
  meta: NOTHING,
  keys: NOTHING,
  leases: NOTHING,
  members: NOTHING,
  alarms: NOTHING,
  auth: NOTHING,
};

export function createMemoryKv(image: MemoryTables = EMPTY): MemoryKv {
  const tables = { ...image };
  return {
    image: () => ({ ...tables }),
    get: (table, key) => get(tables[table], key),
    scan: (table, from, to, reverse = false) =>
      reverse ? entriesDescending(tables[table], from, to) : entries(tables[table], from, to),
    sizeBytes: () => 0,
    sizeInUseBytes: () => 0,
    perform: (writes) => {
      for (const write of writes) {
        assertStorable(write);
        const { table, key } = write;
        if (write.kind === "put") tables[table] = set(tables[table], key, write.value);
        else tables[table] = remove(tables[table], key);
      }
    },
  };
}
