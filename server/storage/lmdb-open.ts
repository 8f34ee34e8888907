// How a store of LMDB is opened, and how its rows are named there: for whoever serves from it, and
// for the thread that commits what is large.
//
// All tables share one B-tree; the first byte of a key is its table. "keys" comes last, so that new
// revisions append at the tree's right edge, where LMDB packs its pages fullest.

import { open, type RootDatabase } from "lmdb";
import type { Bytes, Table } from "../../core/contract.ts";
import { OperatorError } from "../causes.ts";
import { VALUE_CODEC } from "./lmdb-values.ts";

export type Database = RootDatabase<Uint8Array, string>;

const TABLES: Readonly<Record<Table, string>> = {
  leases: "\x00",
  meta: "\x01",
  members: "\x02",
  alarms: "\x03",
  auth: "\x04",
  keys: "\x40",
};

/** Address space, not memory or disk: the file grows with its content. LMDB extends the map
 *  beyond it. */
const MAP_BYTES = 64 * 2 ** 30;

const KEY_ENCODER = {
  writeKey: (key: string, target: Buffer, at: number): number =>
    at + target.write(key, at, "latin1"),
  readKey: (source: Buffer, start: number, end: number): string =>
    source.toString("latin1", start, end),
};

/** The key of a row as LMDB has it. */
export function storedKey(table: Table, key: Bytes): string {
  return TABLES[table] + key;
}

/** LMDB says why not by a number. Without syncs a commit outlives the process alone. */
export function openDatabase(directory: string, syncs = true): Database {
  try {
    return open<Uint8Array, string>(directory, {
      encoding: "binary",
      encoder: VALUE_CODEC,
      keyEncoder: KEY_ENCODER,
      noSubdir: false,
      mapSize: MAP_BYTES,
      noSync: !syncs,
      overlappingSync: false, // a commit is reported once it is synced, not before
    });
  } catch (error) {
    throw new OperatorError({
      kind: "file",
      doing: "cannot open the store",
      path: directory,
      error,
    });
  }
}
