// The integers of protobuf: 64-bit varints, read without bigint where a number can hold them.
//
// An `Int64` is canonical: a number when it is a safe integer, else a bigint. Counters come as
// numbers, identities mostly as bigints; numbers.ts makes one or the other of each field.

import { reserve } from "../../../core/lib/binary.ts";
import type { Reader, Writer } from "../../../core/lib/binary.ts";

export type Int64 = number | bigint;

const TWO_32 = 0x100000000;
/** What any varint takes. */
export const VARINT_BYTES_MAX = 10;

/** 64 bits as two's complement. */
export function readInt64(reader: Reader): Int64 {
  return readLong(reader, true);
}

export function readUint64(reader: Reader): Int64 {
  return readLong(reader, false);
}

/** The low 32 bits, signed, as protobuf reads an enum: writers send negative ones in ten bytes. */
export function readInt32(reader: Reader): number {
  const value = readLong(reader, false);
  if (typeof value === "bigint") return Number(BigInt.asIntN(32, value));
  return (value % TWO_32) | 0;
}

export function readUint32(reader: Reader): number {
  return readInt32(reader) >>> 0;
}

/** A length that fits into what is left; a longer one fails the reader and answers 0. */
export function readLength(reader: Reader): number {
  const value = readLong(reader, false);
  if (typeof value === "number" && value <= reader.end - reader.at) return value;
  reader.failed = true;
  return 0;
}

/** Up to 49 bits in the first loop, which is all but identities and negative numbers. */
function readLong(reader: Reader, signed: boolean): Int64 {
  const { bytes, end } = reader;
  let at = reader.at;
  let value = 0;
  let unit = 1;
  for (let taken = 0; taken < 7 && at < end; taken++) {
    const byte = bytes[at++] as number;
    if (byte < 0x80) {
      reader.at = at;
      return value + byte * unit;
    }
    value += (byte & 0x7f) * unit;
    unit *= 0x80;
  }
  reader.at = at;
  return readLongTail(reader, value, signed);
}

/** Bytes eight to ten: bits 49 to 63. A tenth byte above 1 is more than 64 bits. */
function readLongTail(reader: Reader, low49: number, signed: boolean): Int64 {
  let high = 0;
  for (let shift = 0; shift <= 14; shift += 7) {
    const byte = reader.at < reader.end ? (reader.bytes[reader.at++] as number) : 0xff;
    if (shift === 14 && byte > 1) break;
    high |= (byte & 0x7f) << shift;
    if (byte < 0x80) return joinLong(low49, high, signed);
  }
  reader.failed = true;
  return 0;
}

function joinLong(low49: number, high15: number, signed: boolean): Int64 {
  if (high15 < 0x10) return high15 * 2 ** 49 + low49; // below 2^53
  const pattern = (BigInt(high15) << 49n) | BigInt(low49);
  const value = signed ? BigInt.asIntN(64, pattern) : pattern;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** A 64-bit pattern; negative values as two's complement. */
export function writeInt64(writer: Writer, value: Int64): void {
  reserve(writer, VARINT_BYTES_MAX);
  if (typeof value === "number" && value >= 0) return writeNumber(writer, value);
  const pattern = BigInt.asUintN(64, BigInt(value));
  writeHalves(writer, Number(pattern & 0xffffffffn), Number(pattern >> 32n));
}

/** How many bytes a length takes. */
export function varintSize(length: number): number {
  let size = 1;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** A non-negative safe integer. The caller has made room. */
export function writeNumber(writer: Writer, value: number): void {
  const { bytes } = writer;
  let at = writer.length;
  let rest = value;
  for (; rest >= TWO_32; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest & 0x7f) | 0x80;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  writer.length = at;
}

/** `low` and `high` are the unsigned halves of one 64-bit pattern. */
function writeHalves(writer: Writer, low: number, high: number): void {
  let lowRest = low;
  let highRest = high;
  while (highRest !== 0) {
    writer.bytes[writer.length++] = (lowRest & 0x7f) | 0x80;
    lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
    highRest >>>= 7;
  }
  writeNumber(writer, lowRest);
}
