// What a store takes, stated once. Every driver holds its writes against it before it performs them
// (core/laws/laws.ts), so that a simulated store refuses what a real one cannot do. Apply must
// never ask for more: an entry that is committed and cannot be stored would end every member, and
// again at each start.
//
// LMDB of lmdb-js takes keys of 1978 bytes where pages have 4 kB, one of which names the table
// (server/storage/lmdb-kv.ts), and bounds of a scan that are a byte shorter. Its values may be
// longer than any that a peer could send.

import type { KvWrite } from "../contract.ts";
import { broken } from "../lib/assert.ts";

export const STORE_KEY_BYTES_MAX = 1536;
export const STORE_VALUE_BYTES_MAX: number = 128 * 1024 * 1024;

const NO_BYTE = /[^\0-\xff]/;

/** Ends the process over a write that no store could perform: it is a fault of the core. */
export function assertStorable(write: KvWrite): void {
  const { table, key } = write;
  if (key.length > STORE_KEY_BYTES_MAX) {
    broken(`a key of "${table}" has ${key.length} bytes, a store takes ${STORE_KEY_BYTES_MAX}`);
  }
  if (NO_BYTE.test(key)) broken(`a key of "${table}" has a char that is no byte`);
  if (write.kind === "put" && write.value.length > STORE_VALUE_BYTES_MAX) {
    const { length } = write.value;
    broken(`a value of "${table}" has ${length} bytes, a store takes ${STORE_VALUE_BYTES_MAX}`);
  }
}
