// The content of a KV as a stream of verified chunks, to be sent to a member that is too far behind
// for the log. Each chunk:
//
//    0  length    u32  of the payload
//    4  checksum  u32  CRC-32C of the kind and payload, seeded with that of the chunk before
//    8  kind      u8   header, pairs or trailer
//    9  payload
//
// The chain finds lost, doubled and reordered chunks; the trailer, whose kind is only ever last,
// finds a stream that stops too soon. A receiver that has seen the trailer holds exactly what was
// sent.

import type { Bytes, Index, KvReader, KvWrite, Result, Table, Term } from "../contract.ts";
import type { SnapshotMeta } from "../contract.ts";
import { MESSAGE_BYTES_MAX } from "../raft/message.ts";
import { readIds, writeIds } from "../kv/tables.ts";
import { assert } from "../lib/assert.ts";
import {
  atEnd,
  createReader,
  createWriter,
  readByte,
  type Reader,
  readRun,
  readVarint,
  writeByte,
  writeByteString,
  type Writer,
  writeRun,
  writeVarint,
} from "../lib/binary.ts";
import { ABOVE_ALL, EMPTY, fromBytes } from "../lib/bytes.ts";
import { crc32c } from "../lib/crc32c.ts";

/** What a receiver knows so far. Plain data: keep it, feed it, throw it away. */
export type ImageDecoder = Readonly<{
  checksum: number; // of the last whole chunk
  meta: SnapshotMeta | null; // once the header has come
  pairs: number;
  complete: boolean; // the trailer has come
}>;

/** The pairs that became known with these bytes; write them aside, and use them once complete. */
export type Decoded = Readonly<{ decoder: ImageDecoder; writes: readonly KvWrite[] }>;

const VERSION = 1;
const CHUNK_BYTES = 64 * 1024; // a chunk is closed once it is longer
const FRAME_BYTES = 9;
const PAIR_BYTES_MIN = 3;
/** A pair that takes three bytes takes hundreds as an object, so a chunk that claims more than one
 *  of ours could hold is refused. */
const CHUNK_PAIRS_MAX = Math.ceil(CHUNK_BYTES / PAIR_BYTES_MIN);
const KINDS = { header: 1, pairs: 2, trailer: 3 } as const;
const TABLES: Readonly<Record<Table, number>> = {
  meta: 1,
  members: 2,
  keys: 3,
  leases: 4,
  alarms: 5,
  auth: 6,
};

export function* encodeImage(
  reader: KvReader,
  meta: SnapshotMeta,
): Generator<Uint8Array, void, undefined> {
  let pairs = 0;
  let writer = openChunk(KINDS.header);
  writeMeta(writer, meta);
  let checksum = sealChunk(writer, 0);
  yield chunkOf(writer);
  writer = openChunk(KINDS.pairs);
  for (const [table, code] of Object.entries(TABLES) as [Table, number][]) {
    for (const [key, value] of reader.scan(table, EMPTY, ABOVE_ALL)) {
      writeByte(writer, code);
      writeByteString(writer, key);
      writeRun(writer, value);
      pairs += 1;
      if (writer.length < CHUNK_BYTES) continue;
      checksum = sealChunk(writer, checksum);
      yield chunkOf(writer);
      writer = openChunk(KINDS.pairs);
    }
  }
  if (writer.length > FRAME_BYTES) {
    checksum = sealChunk(writer, checksum);
    yield chunkOf(writer);
  }
  const trailer = openChunk(KINDS.trailer);
  writeVarint(trailer, pairs);
  sealChunk(trailer, checksum);
  yield chunkOf(trailer);
}

export function createImageDecoder(): ImageDecoder {
  return { checksum: 0, meta: null, pairs: 0, complete: false };
}

/** Takes the next chunks, whole ones. An error is final: throw away what was written aside. */
export function decodeImage(before: ImageDecoder, input: Uint8Array): Result<Decoded, string> {
  const writes: KvWrite[] = [];
  let decoder = before;
  let at = 0;
  while (at < input.length) {
    if (decoder.complete) return failed("bytes follow the end of the image");
    const end = at + FRAME_BYTES + lengthAt(input, at);
    if (end > input.length) return failed("a chunk is cut off");
    const next = decodeChunk(decoder, input.subarray(at, end), writes);
    if (!next.ok) return next;
    decoder = next.value;
    at = end;
  }
  return { ok: true, value: { decoder, writes } };
}

function decodeChunk(
  decoder: ImageDecoder,
  chunk: Uint8Array,
  writes: KvWrite[],
): Result<ImageDecoder, string> {
  const checksum = crc32c(chunk.subarray(8), decoder.checksum);
  if (checksum !== viewOf(chunk).getUint32(4, true)) {
    return failed("a chunk is damaged, missing or out of order");
  }
  const payload = createReader(chunk, FRAME_BYTES);
  const next = { ...decoder, checksum };
  const kind = chunk[8];
  if (kind === KINDS.header && decoder.meta === null) {
    const version = readVarint(payload);
    if (version !== VERSION) return failed(`the image has format ${version}, not ${VERSION}`);
    const meta = readMeta(payload);
    return meta === null ? nonsense() : { ok: true, value: { ...next, meta } };
  }
  if (kind === KINDS.pairs && decoder.meta !== null) {
    const pairs = readPairs(payload, writes);
    return pairs === null
      ? nonsense()
      : { ok: true, value: { ...next, pairs: next.pairs + pairs } };
  }
  if (kind === KINDS.trailer && decoder.meta !== null) {
    if (readVarint(payload) !== decoder.pairs || !ended(payload)) return nonsense();
    return { ok: true, value: { ...next, complete: true } };
  }
  return nonsense();
}

/** How many there were, or null when the bytes are no pairs. */
function readPairs(reader: Reader, writes: KvWrite[]): number | null {
  let count = 0;
  for (; !atEnd(reader); count++) {
    const table = tableOf(readByte(reader));
    const key: Bytes = fromBytes(readRun(reader));
    const value = readRun(reader).slice();
    if (table === null || count >= CHUNK_PAIRS_MAX) return null;
    writes.push({ kind: "put", table, key, value });
  }
  return reader.failed ? null : count;
}

function tableOf(code: number): Table | null {
  for (const [table, known] of Object.entries(TABLES) as [Table, number][]) {
    if (known === code) return table;
  }
  return null;
}

function writeMeta(writer: Writer, meta: SnapshotMeta): void {
  writeVarint(writer, VERSION);
  writeVarint(writer, meta.index);
  writeVarint(writer, meta.term);
  writeIds(writer, meta.voters);
  writeIds(writer, meta.learners);
}

function readMeta(reader: Reader): SnapshotMeta | null {
  const index = readVarint(reader) as Index;
  const term = readVarint(reader) as Term;
  const voters = readIds(reader);
  const learners = readIds(reader);
  return ended(reader) ? { index, term, voters, learners } : null;
}

function openChunk(kind: number): Writer {
  const writer = createWriter(CHUNK_BYTES);
  writer.length = FRAME_BYTES;
  writer.bytes[8] = kind;
  return writer;
}

function sealChunk(writer: Writer, previous: number): number {
  const length = writer.length - FRAME_BYTES;
  assert(writer.length <= MESSAGE_BYTES_MAX, `a chunk of ${length} bytes`);
  const checksum = crc32c(writer.bytes.subarray(8, writer.length), previous);
  viewOf(writer.bytes).setUint32(0, length, true);
  viewOf(writer.bytes).setUint32(4, checksum, true);
  return checksum;
}

function chunkOf(writer: Writer): Uint8Array {
  return writer.bytes.subarray(0, writer.length);
}

/** Of the payload, as far as the frame that says so is there. */
function lengthAt(bytes: Uint8Array, at: number): number {
  return at + FRAME_BYTES > bytes.length ? 0 : viewOf(bytes).getUint32(at, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function ended(reader: Reader): boolean {
  return atEnd(reader) && !reader.failed;
}

function nonsense(): Result<never, string> {
  return failed("a chunk is whole but makes no sense");
}

function failed(reason: string): Result<never, string> {
  return { ok: false, error: `the received image is unusable: ${reason}` };
}
