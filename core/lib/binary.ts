// A cursor over bytes, to write and to read: varints, fixed words, length-delimited runs.
//
// Writing grows one buffer. Reading never throws: a reader that runs out of bytes, or meets a
// number it cannot hold, answers zeros from then on and has `failed` set; look at it once, at the
// end. Nor does it make more than the bytes are worth: a count is compared with the bytes that are
// left before anything is made of it, and all lists of one reader have ITEMS_MAX items at most, for
// an item of a byte or two becomes an object of a hundred.

import type { Bytes } from "../contract.ts";
import { allocate, copyOf } from "./allocate.ts";

export type Writer = { bytes: Uint8Array; length: number };

export type Reader = {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  itemsLeft: number; // that its lists may have
  failed: boolean;
};

/** More than anybody writes: core/config.ts compares. */
export const ITEMS_MAX: number = 2 ** 20;

const NOTHING = new Uint8Array(0);
const word = new DataView(new ArrayBuffer(8)); // to take 64 bits apart, and put them together
const CHUNK = 4096; // characters of a text that are put together at once
const SPARE_BYTES = 4096;
const SPARE_BYTES_MAX = 1024 * 1024; // a larger one is not kept
/** As many as `encoded` was ever nested; no result depends on what is in them. */
const spare: Writer[] = [];

/** To grow a buffer that the caller takes as it is; `encoded` is for everything else. */
export function createWriter(capacity = 64): Writer {
  return { bytes: allocate(capacity), length: 0 };
}

/** The bytes that `write` writes. Nearly always into the same buffer, from which they are copied:
 *  growing one for each would cost more than all the writing. */
export function encoded(write: (writer: Writer) => void): Uint8Array {
  const writer = spare.pop() ?? createWriter(SPARE_BYTES);
  writer.length = 0;
  write(writer);
  if (writer.bytes.length <= SPARE_BYTES_MAX) spare.push(writer);
  return copyOf(writer.bytes, 0, writer.length);
}

/** Room for `more` bytes behind the cursor. */
export function reserve(writer: Writer, more: number): void {
  const needed = writer.length + more;
  if (needed <= writer.bytes.length) return;
  const grown = allocate(Math.max(needed, writer.bytes.length * 2));
  grown.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = grown;
}

/** A non-negative safe integer. */
export function writeVarint(writer: Writer, value: number): void {
  reserve(writer, 8);
  let rest = value;
  while (rest >= 0x80) {
    writer.bytes[writer.length++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  writer.bytes[writer.length++] = rest;
}

/** A 64-bit pattern; a negative value is written as its two's complement, in ten bytes. */
export function writeVarint64(writer: Writer, value: bigint): void {
  reserve(writer, 10);
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    writer.bytes[writer.length++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  writer.bytes[writer.length++] = Number(rest);
}

export function writeByte(writer: Writer, value: number): void {
  reserve(writer, 1);
  writer.bytes[writer.length++] = value;
}

/** Four bytes, little-endian. */
export function writeFixed32(writer: Writer, value: number): void {
  reserve(writer, 4);
  setFixed32(writer.bytes, writer.length, value);
  writer.length += 4;
}

/** The same, over what is there. */
export function setFixed32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff;
  bytes[at + 1] = (value >>> 8) & 0xff;
  bytes[at + 2] = (value >>> 16) & 0xff;
  bytes[at + 3] = value >>> 24;
}

/** Eight bytes, little-endian. */
export function writeFixed64(writer: Writer, value: bigint): void {
  word.setBigUint64(0, value, true);
  writeFixed32(writer, word.getUint32(0, true));
  writeFixed32(writer, word.getUint32(4, true));
}

/** The bytes as they are. */
export function writeRaw(writer: Writer, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** A varint length, then the bytes. */
export function writeRun(writer: Writer, bytes: Uint8Array): void {
  writeVarint(writer, bytes.length);
  writeRaw(writer, bytes);
}

/** A byte string (one char per byte): a varint length, then the bytes. */
export function writeByteString(writer: Writer, text: string): void {
  writeVarint(writer, text.length);
  reserve(writer, text.length);
  for (let at = 0; at < text.length; at++) writer.bytes[writer.length++] = text.charCodeAt(at);
}

/** Any text: a varint for each UTF-16 unit, so that what was written comes back. */
export function writeText(writer: Writer, text: string): void {
  writeVarint(writer, text.length);
  for (let at = 0; at < text.length; at++) writeVarint(writer, text.charCodeAt(at));
}

export function createReader(bytes: Uint8Array, from = 0, end: number = bytes.length): Reader {
  return { bytes, at: from, end, itemsLeft: ITEMS_MAX, failed: false };
}

export function atEnd(reader: Reader): boolean {
  return reader.failed || reader.at >= reader.end;
}

/** A non-negative safe integer; a larger one fails the reader. */
export function readVarint(reader: Reader): number {
  let value = 0;
  let unit = 1;
  for (let taken = 0; taken < 8; taken++) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) {
      if (!Number.isSafeInteger(value)) return fail(reader);
      return reader.failed ? 0 : value;
    }
    unit *= 0x80;
  }
  return fail(reader);
}

/** A 64-bit pattern, unsigned. Bits above the sixty-fourth fail the reader. */
export function readVarint64(reader: Reader): bigint {
  let value = 0n;
  for (let taken = 0; taken < 10; taken++) {
    const byte = readByte(reader);
    if (taken === 9 && byte > 1) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * taken);
    if (byte < 0x80) return reader.failed ? 0n : value;
  }
  fail(reader);
  return 0n;
}

export function readByte(reader: Reader): number {
  if (reader.failed || reader.at >= reader.end) return fail(reader);
  return reader.bytes[reader.at++] as number;
}

export function readFixed32(reader: Reader): number {
  if (reader.failed || reader.at + 4 > reader.end) return fail(reader);
  const { bytes, at } = reader;
  reader.at += 4;
  const high = (bytes[at + 3] as number) << 24;
  const middle = ((bytes[at + 2] as number) << 16) | ((bytes[at + 1] as number) << 8);
  return (high | middle | (bytes[at] as number)) >>> 0;
}

export function readFixed64(reader: Reader): bigint {
  word.setUint32(0, readFixed32(reader), true);
  word.setUint32(4, readFixed32(reader), true);
  return word.getBigUint64(0, true);
}

/** A view of the next `length` bytes, not a copy. */
export function readRaw(reader: Reader, length: number): Uint8Array {
  if (reader.failed || reader.at + length > reader.end) {
    fail(reader);
    return NOTHING;
  }
  const bytes = reader.bytes.subarray(reader.at, reader.at + length);
  reader.at += length;
  return bytes;
}

/** A varint length, then a view of that many bytes. */
export function readRun(reader: Reader): Uint8Array {
  return readRaw(reader, readVarint(reader));
}

/** What `writeByteString` wrote. */
export function readByteString(reader: Reader): Bytes {
  const length = readVarint(reader);
  if (reader.failed || reader.at + length > reader.end) {
    fail(reader);
    return "" as Bytes;
  }
  const from = reader.at;
  reader.at += length;
  return byteString(reader.bytes, from, reader.at);
}

/** The bytes in [from, to), one char each: eight at once, which takes half the time. */
export function byteString(bytes: Uint8Array, from: number, to: number): Bytes {
  let text = "";
  let at = from;
  for (; at + 8 <= to; at += 8) {
    text += String.fromCharCode(
      bytes[at] as number,
      bytes[at + 1] as number,
      bytes[at + 2] as number,
      bytes[at + 3] as number,
      bytes[at + 4] as number,
      bytes[at + 5] as number,
      bytes[at + 6] as number,
      bytes[at + 7] as number,
    );
  }
  for (; at < to; at++) text += String.fromCharCode(bytes[at] as number);
  return text as Bytes;
}

export function readText(reader: Reader): string {
  let text = "";
  for (let left = readCount(reader); left > 0 && !reader.failed; left -= CHUNK) {
    const units: string[] = [];
    for (let nth = Math.min(left, CHUNK); nth > 0; nth--) {
      units.push(String.fromCharCode(readVarint(reader) & 0xffff));
    }
    text += units.join("");
  }
  return text;
}

/** A varint count, then so many items. */
export function writeList<T>(
  writer: Writer,
  items: readonly T[],
  write: (writer: Writer, item: T) => void,
): void {
  writeVarint(writer, items.length);
  for (const item of items) write(writer, item);
}

export function readList<T>(reader: Reader, read: (reader: Reader) => T): readonly T[] {
  const count = readCount(reader);
  if (count > reader.itemsLeft) fail(reader);
  reader.itemsLeft -= count;
  const list: T[] = [];
  while (list.length < count && !reader.failed) list.push(read(reader));
  return list;
}

/** How many follow, of what takes a byte at least. */
export function readCount(reader: Reader): number {
  const count = readVarint(reader);
  return count > reader.end - reader.at ? fail(reader) : count;
}

function fail(reader: Reader): 0 {
  reader.failed = true;
  return 0;
}
