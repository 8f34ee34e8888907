// The hash of everything in one member's store, in pieces. It is about this member alone, and of no
// one moment where the store is written to meanwhile: etcd says so, too, of its own.

import type { Bytes, KvReader, Table } from "../../contract.ts";
import { must } from "../../lib/assert.ts";
import { ABOVE_ALL, EMPTY, fromText, toBytes } from "../../lib/bytes.ts";
import { crc32c } from "../../lib/crc32c.ts";
import { PIECE_BYTES } from "./hash.ts";

/** How far it has come: the table, and the row in it to go on with; null: it begins. */
export type StoreWalk = Readonly<{ table: number; next: Bytes | null; hash: number }>;

const TABLES: readonly Table[] = ["meta", "members", "keys", "leases", "auth"];

export function beginStoreHash(): StoreWalk {
  return { table: 0, next: null, hash: 0 };
}

export function isStoreHashed({ table }: StoreWalk): boolean {
  return table === TABLES.length;
}

/** So many rows more. */
export function continueStoreHash(walk: StoreWalk, view: KvReader, rowsMax: number): StoreWalk {
  let { table, next, hash } = walk;
  let [rows, bytes] = [0, 0];
  for (; table < TABLES.length; table++, next = null) {
    const name = must(TABLES[table], "a walk is within its tables");
    if (next === null) hash = crc32c(toBytes(fromText(name)), hash);
    for (const [key, value] of view.scan(name, next ?? EMPTY, ABOVE_ALL)) {
      if (rows >= rowsMax || bytes >= PIECE_BYTES) return { table, next: key, hash };
      rows += 1;
      bytes += value.length;
      hash = crc32c(value, crc32c(toBytes(key), hash));
    }
  }
  return { table, next, hash };
}
