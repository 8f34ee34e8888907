// Revisions: one main number per change of the store, and a sub number per write within that
// change.
//
// The key of a row in the table "keys" is etcd's: eight bytes of main, '_', eight bytes of sub,
// both big endian, and a 't' behind them where the row is a tombstone. Byte order is the order of
// writes.

import type { Bytes, Revision } from "../contract.ts";

/** Where a write stands in history. */
export type RowKey = Readonly<{ main: number; sub: number; tombstone: boolean }>;

/** A new store stands at 1: its first write is revision 2. */
export const FIRST_REVISION: Revision = 1 as Revision;

const SEPARATOR = 0x5f; // '_'
const TOMBSTONE = 0x74; // 't'
const WORD = 0x100000000;

export function nextRevision(revision: Revision): Revision {
  return (revision + 1) as Revision;
}

/** Written out, because every read and write of a row comes by here. */
export function encodeRowKey({ main, sub, tombstone }: RowKey): Bytes {
  const [mainHigh, mainLow] = [Math.floor(main / WORD), main >>> 0];
  const [subHigh, subLow] = [Math.floor(sub / WORD), sub >>> 0];
  const row = String.fromCharCode(
    mainHigh >>> 24,
    (mainHigh >>> 16) & 0xff,
    (mainHigh >>> 8) & 0xff,
    mainHigh & 0xff,
    mainLow >>> 24,
    (mainLow >>> 16) & 0xff,
    (mainLow >>> 8) & 0xff,
    mainLow & 0xff,
    SEPARATOR,
    subHigh >>> 24,
    (subHigh >>> 16) & 0xff,
    (subHigh >>> 8) & 0xff,
    subHigh & 0xff,
    subLow >>> 24,
    (subLow >>> 16) & 0xff,
    (subLow >>> 8) & 0xff,
    subLow & 0xff,
  );
  return (tombstone ? `${row}t` : row) as Bytes;
}

/** Null: not a key of this table. */
export function decodeRowKey(key: Bytes): RowKey | null {
  const tombstone = key.length === 18 && key.charCodeAt(17) === TOMBSTONE;
  if ((key.length !== 17 && !tombstone) || key.charCodeAt(8) !== SEPARATOR) return null;
  const main = numberAt(key, 0);
  const sub = numberAt(key, 9);
  if (!Number.isSafeInteger(main) || !Number.isSafeInteger(sub)) return null;
  return { main, sub, tombstone };
}

function numberAt(key: Bytes, at: number): number {
  let value = 0;
  for (let byte = at; byte < at + 8; byte++) value = value * 256 + key.charCodeAt(byte);
  return value;
}
