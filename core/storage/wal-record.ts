// The frame of one record of the write-ahead log. Every number is little-endian:
//
//    0  checksum  u32  CRC-32C of all that follows, padding too; seeded with the record's place
//    4  previous  u32  the checksum of the record before it, across segments: the chain
//    8  length    u32  of the payload
//   12  kind      u8
//   13  "wal"          24 bits that make a chance hit among other bytes unlikely
//   16  payload, then zeros up to a multiple of 8
//
// A record can be judged alone (is it whole, and at its place?), and as a link (does it follow on
// its neighbour?). The chain finds a reordered record and the tail of an older write. The first
// question lets recovery look *behind* damage and tell a write that a power cut broke from bytes
// that went bad.

import { assert } from "../lib/assert.ts";
import { reserve, setFixed32, type Writer } from "../lib/binary.ts";
import { crc32cOf } from "../lib/crc32c.ts";

export type RecordKind = "segment" | "append";

/** Where a record lies: its segment's sequence number, and the offset of its first byte. */
export type Place = Readonly<{ sequence: number; offset: number }>;

export type Frame = Readonly<{
  kind: RecordKind;
  checksum: number;
  previous: number;
  payload: Uint8Array; // a view
  end: number; // the offset of the next record
}>;

export const ALIGNMENT = 8;
const HEADER_BYTES = 16;
const MAGIC = [0x77, 0x61, 0x6c] as const; // "wal"
const CODES: Readonly<Record<RecordKind, number>> = { segment: 1, append: 2 };

/** Leaves room for the header; the caller writes the payload next. Answers the start of the record.
 *  */
export function openRecord(writer: Writer): number {
  const start = writer.length;
  assert(start % ALIGNMENT === 0, `a record starts at ${start}, which is not aligned`);
  reserve(writer, HEADER_BYTES);
  writer.bytes.fill(0, start, start + HEADER_BYTES);
  writer.length += HEADER_BYTES;
  return start;
}

/** Pads the record, fills in its header, and answers its checksum. */
export function sealRecord(
  writer: Writer,
  start: number,
  record: Readonly<{ kind: RecordKind; place: Place; previous: number }>,
): number {
  const length = writer.length - start - HEADER_BYTES;
  assert(length >= 0 && length <= 0xffffffff, `a record of ${length} bytes`);
  const padding = -length & (ALIGNMENT - 1);
  reserve(writer, padding);
  writer.bytes.fill(0, writer.length, writer.length + padding);
  writer.length += padding;
  const { bytes } = writer;
  setFixed32(bytes, start + 4, record.previous);
  setFixed32(bytes, start + 8, length);
  bytes[start + 12] = CODES[record.kind];
  for (let at = 0; at < MAGIC.length; at++) bytes[start + 13 + at] = MAGIC[at] as number;
  const checksum = crc32cOf(bytes, start + 4, writer.length, seedOf(record.place));
  setFixed32(bytes, start, checksum);
  return checksum;
}

/** The record at `place` of its segment's bytes, or null when no whole record lies exactly there.
 *  */
export function readFrame(bytes: Uint8Array, place: Place): Frame | null {
  const start = place.offset;
  if (start + HEADER_BYTES > bytes.length) return null;
  for (let at = 0; at < MAGIC.length; at++) if (bytes[start + 13 + at] !== MAGIC[at]) return null;
  const kind = kindOf(bytes[start + 12] as number);
  if (kind === null) return null;
  const view = viewOf(bytes);
  const length = view.getUint32(start + 8, true);
  const payloadStart = start + HEADER_BYTES;
  const end = payloadStart + length + (-length & (ALIGNMENT - 1));
  if (end > bytes.length) return null;
  const checksum = view.getUint32(start, true);
  if (crc32cOf(bytes, start + 4, end, seedOf(place)) !== checksum) return null;
  const payload = bytes.subarray(payloadStart, payloadStart + length);
  return { kind, checksum, previous: view.getUint32(start + 4, true), payload, end };
}

/** Two places differ in their seeds unless their segments lie 2^32 apart, so a moved record is bad.
 *  */
function seedOf(place: Place): number {
  return (Math.imul(place.sequence, 0x9e3779b1) ^ place.offset) >>> 0;
}

function kindOf(code: number): RecordKind | null {
  if (code === CODES.segment) return "segment";
  return code === CODES.append ? "append" : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
