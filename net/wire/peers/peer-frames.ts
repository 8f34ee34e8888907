// Raft messages ↔ bytes. One frame is one message:
//
//   version │ checksum of the rest (CRC-32C, little-endian) │ kind │ the fields of that kind
//
// A damaged frame must never reach Raft: a flipped `granted` would elect two leaders. The checksum
// finds wire damage, and whatever passes it must still be a well-formed message of this version.

import { PROMOTION_REFUSALS } from "../../../core/membership/promotion-message.ts";
import { COMPACTION_HASHES_MAX } from "../../../core/corruption/compaction-hashes.ts";
import { HASH_TOPICS } from "../../../core/corruption/message.ts";
import type { HashAnswer, RevisionHash } from "../../../core/corruption/message.ts";
import type { Index, NodeId, Result, Term } from "../../../core/contract.ts";
import type { LeaseAnswer } from "../../../core/lease/message.ts";
import { copyOf } from "../../../core/lib/allocate.ts";
import { assertNever, broken } from "../../../core/lib/assert.ts";
import {
  atEnd,
  createReader,
  createWriter,
  readByte,
  readCount,
  readFixed32,
  readFixed64,
  readList,
  readRun,
  readVarint,
  setFixed32,
  writeByte,
  writeFixed32,
  writeFixed64,
  writeList,
  writeRun,
  writeVarint,
} from "../../../core/lib/binary.ts";
import type { Reader, Writer } from "../../../core/lib/binary.ts";
import { crc32cOf } from "../../../core/lib/crc32c.ts";
import { APPEND_ENTRIES_MAX } from "../../../core/raft/message.ts";
import type { AppendMessage, Entry, Message } from "../../../core/raft/message.ts";
import { plainBytes } from "../protobuf/plain-bytes.ts";

export const PEER_FRAME_VERSION = 2;

const HEADER_BYTES = 5; // version and checksum
const FIELD_BYTES = 64; // above what the fields of any kind take, runs of data aside

/** A kind's number on the wire is its place here: append only. */
const KINDS = [
  "pre_vote",
  "pre_vote_response",
  "vote",
  "vote_response",
  "append",
  "append_response",
  "heartbeat",
  "heartbeat_response",
  "propose",
  "read_index",
  "read_index_response",
  "timeout_now",
  "lease_ask",
  "lease_answer",
  "promotion_ask",
  "promotion_refused",
  "hash_ask",
  "hash_answer",
] as const satisfies readonly Message["kind"][];

export function encodePeerMessage(message: Message): Uint8Array {
  const writer = createWriter(HEADER_BYTES + FIELD_BYTES + dataBytes(message));
  writeByte(writer, PEER_FRAME_VERSION);
  writeFixed32(writer, 0); // the checksum's place
  const kind = (KINDS as readonly Message["kind"][]).indexOf(message.kind);
  if (kind < 0) broken(`every kind of message has a number, ${message.kind} has none`);
  writeByte(writer, kind);
  writeVarint(writer, message.term);
  writeFields(writer, message);
  setFixed32(writer.bytes, 1, crc32cOf(writer.bytes, HEADER_BYTES, writer.length));
  return writer.bytes.subarray(0, writer.length);
}

/** The message, which shares no memory with `frame`; or why the frame is refused. */
export function decodePeerMessage(frame: Uint8Array): Result<Message, string> {
  const bytes = plainBytes(frame);
  const reader = createReader(bytes);
  const version = readByte(reader);
  const checksum = readFixed32(reader);
  if (reader.failed) return refused(`a peer frame of ${bytes.length} bytes is too short`);
  if (version !== PEER_FRAME_VERSION) {
    return refused(`peer frame version ${version}, this node speaks ${PEER_FRAME_VERSION}`);
  }
  if (crc32cOf(bytes, HEADER_BYTES, bytes.length) !== checksum) {
    return refused(`a peer frame of ${bytes.length} bytes fails its checksum`);
  }
  const number = readByte(reader);
  const kind = KINDS[number];
  if (kind === undefined) return refused(`unknown kind of peer message ${number}`);
  const message = readFields(reader, kind, readVarint(reader) as Term);
  if (reader.failed || !atEnd(reader)) return refused(`malformed peer message ${kind}`);
  return { ok: true, value: message };
}

function writeFields(writer: Writer, message: Message): void {
  switch (message.kind) {
    case "pre_vote":
    case "vote":
      writeVarint(writer, message.lastIndex);
      writeVarint(writer, message.lastTerm);
      if (message.kind === "vote") writeBoolean(writer, message.transfer);
      return;
    case "pre_vote_response":
    case "vote_response":
      return writeBoolean(writer, message.granted);
    case "append":
      return writeAppend(writer, message);
    case "append_response":
      writeBoolean(writer, message.rejected);
      writeVarint(writer, message.index);
      writeVarint(writer, message.hintIndex);
      return writeVarint(writer, message.hintTerm);
    case "heartbeat":
      writeVarint(writer, message.commit);
      return writeVarint(writer, message.round);
    case "heartbeat_response":
      return writeVarint(writer, message.round);
    case "propose":
      writeVarint(writer, message.sequence);
      return writeRun(writer, message.data);
    case "read_index":
      return writeFixed64(writer, message.context);
    case "read_index_response":
      writeFixed64(writer, message.context);
      return writeVarint(writer, message.index);
    case "timeout_now":
      return;
    case "lease_ask":
      writeFixed64(writer, message.id);
      writeFixed64(writer, message.lease);
      return writeBoolean(writer, message.renew);
    case "lease_answer":
      writeFixed64(writer, message.id);
      writeVarint(writer, message.ttlSeconds + 1);
      writeVarint(writer, message.grantedTtlSeconds);
      return writeVarint(writer, message.revision);
    case "promotion_ask":
      writeFixed64(writer, message.life);
      writeVarint(writer, message.call);
      return writeFixed64(writer, message.member);
    case "promotion_refused":
      writeFixed64(writer, message.life);
      writeVarint(writer, message.call);
      return writeByte(writer, PROMOTION_REFUSALS.indexOf(message.reason));
    case "hash_ask":
      writeFixed64(writer, message.id);
      writeByte(writer, HASH_TOPICS.indexOf(message.topic));
      writeVarint(writer, message.index);
      return writeVarint(writer, message.revision);
    case "hash_answer":
      return writeHashAnswer(writer, message);
    default:
      assertNever(message);
  }
}

/** Reads on after the term. A failed reader makes a message of zeros, for the caller to drop. */
function readFields(reader: Reader, kind: Message["kind"], term: Term): Message {
  switch (kind) {
    case "pre_vote":
      return { kind, term, lastIndex: readIndex(reader), lastTerm: readTerm(reader) };
    case "vote": {
      const lastIndex = readIndex(reader);
      const lastTerm = readTerm(reader);
      return { kind, term, lastIndex, lastTerm, transfer: readBoolean(reader) };
    }
    case "pre_vote_response":
    case "vote_response":
      return { kind, term, granted: readBoolean(reader) };
    case "append":
      return readAppend(reader, term);
    case "append_response": {
      const rejected = readBoolean(reader);
      const index = readIndex(reader);
      const hintIndex = readIndex(reader);
      return { kind, term, rejected, index, hintIndex, hintTerm: readTerm(reader) };
    }
    case "heartbeat":
      return { kind, term, commit: readIndex(reader), round: readVarint(reader) };
    case "heartbeat_response":
      return { kind, term, round: readVarint(reader) };
    case "propose":
      return { kind, term, sequence: readVarint(reader), data: copyOf(readRun(reader)) };
    case "read_index":
      return { kind, term, context: readFixed64(reader) };
    case "read_index_response":
      return { kind, term, context: readFixed64(reader), index: readIndex(reader) };
    case "timeout_now":
      return { kind, term };
    case "lease_ask": {
      const id = readFixed64(reader);
      const lease = BigInt.asIntN(64, readFixed64(reader));
      return { kind, term, id, lease, renew: readBoolean(reader) };
    }
    case "lease_answer":
      return readLeaseAnswer(reader, term);
    case "promotion_ask": {
      const life = readFixed64(reader);
      const call = readVarint(reader);
      return { kind, term, life, call, member: readFixed64(reader) as NodeId };
    }
    case "promotion_refused": {
      const life = readFixed64(reader);
      const call = readVarint(reader);
      const reason = PROMOTION_REFUSALS[readByte(reader)];
      if (reason === undefined) reader.failed = true;
      return { kind, term, life, call, reason: reason ?? "MemberNotFound" };
    }
    case "hash_ask": {
      const id = readFixed64(reader);
      const topic = HASH_TOPICS[readByte(reader)];
      if (topic === undefined) reader.failed = true;
      const index = readIndex(reader);
      return { kind, term, id, topic: topic ?? "history", index, revision: readVarint(reader) };
    }
    case "hash_answer":
      return readHashAnswer(reader, term);
    default:
      return assertNever(kind);
  }
}

/** The entries' indexes are not sent: they follow on previousIndex, one by one. */
function writeAppend(writer: Writer, message: AppendMessage): void {
  writeVarint(writer, message.previousIndex);
  writeVarint(writer, message.previousTerm);
  writeVarint(writer, message.commit);
  writeVarint(writer, message.entries.length);
  let index: number = message.previousIndex;
  for (const entry of message.entries) {
    index += 1;
    if (entry.index !== index) broken(`entry ${entry.index} sent in the place of ${index}`);
    writeVarint(writer, entry.term);
    writeRun(writer, entry.data);
  }
}

function readAppend(reader: Reader, term: Term): AppendMessage {
  const previousIndex = readIndex(reader);
  const previousTerm = readTerm(reader);
  const commit = readIndex(reader);
  const count = readCount(reader);
  if (count > APPEND_ENTRIES_MAX) reader.failed = true;
  const entries: Entry[] = [];
  for (let nth = 1; nth <= count && !reader.failed; nth++) {
    const index = (previousIndex + nth) as Index;
    if (!Number.isSafeInteger(index)) reader.failed = true;
    entries.push({ term: readTerm(reader), index, data: copyOf(readRun(reader)) });
  }
  return { kind: "append", term, previousIndex, previousTerm, entries, commit };
}

function readLeaseAnswer(reader: Reader, term: Term): LeaseAnswer {
  const id = readFixed64(reader);
  const ttlSeconds = readVarint(reader) - 1;
  const grantedTtlSeconds = readVarint(reader);
  const revision = readVarint(reader);
  return { kind: "lease_answer", term, id, ttlSeconds, grantedTtlSeconds, revision };
}

/** A store that was never compacted says -1. */
function writeHashAnswer(writer: Writer, message: HashAnswer): void {
  writeFixed64(writer, message.id);
  writeVarint(writer, message.index);
  writeVarint(writer, message.revision);
  writeVarint(writer, message.compacted + 1);
  writeList(writer, message.hashes, (to, { revision, compacted, hash }) => {
    writeVarint(to, revision);
    writeVarint(to, compacted + 1);
    writeFixed32(to, hash);
  });
}

function readHashAnswer(reader: Reader, term: Term): HashAnswer {
  const id = readFixed64(reader);
  const index = readIndex(reader);
  const revision = readVarint(reader);
  const compacted = readVarint(reader) - 1;
  reader.itemsLeft = COMPACTION_HASHES_MAX;
  const hashes = readList(reader, (from): RevisionHash => {
    const at = { revision: readVarint(from), compacted: readVarint(from) - 1 };
    return { ...at, hash: readFixed32(from) };
  });
  return { kind: "hash_answer", term, id, index, revision, compacted, hashes };
}

function readIndex(reader: Reader): Index {
  return readVarint(reader) as Index;
}

function readTerm(reader: Reader): Term {
  return readVarint(reader) as Term;
}

function writeBoolean(writer: Writer, value: boolean): void {
  writeByte(writer, value ? 1 : 0);
}

/** Anything but 0 and 1 fails the reader: there is one encoding of each message. */
function readBoolean(reader: Reader): boolean {
  const byte = readByte(reader);
  if (byte > 1) reader.failed = true;
  return byte === 1;
}

/** At least what the data of a message takes, to make one buffer of the right size. */
function dataBytes(message: Message): number {
  if (message.kind === "propose") return message.data.length;
  if (message.kind === "hash_answer") return 24 * message.hashes.length;
  if (message.kind !== "append") return 0;
  let bytes = 0;
  for (const entry of message.entries) bytes += entry.data.length + 16; // and its two varints
  return bytes;
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}
