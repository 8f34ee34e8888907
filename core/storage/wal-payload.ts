// What the records of the write-ahead log say, and its bytes. Two kinds suffice:
//
//   segment  opens a file: whose log this is, the hard state so far, and the entry it goes on from
//   append   one write: perhaps a new hard state, and entries that replace the log from there on
//
// A whole `append` is one record, so that after a crash either all of it was written or nothing: no
// state exists in which a term is known but not the entry that came with it, or the reverse.

import type { ClusterId, Index, NodeId, Term } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import {
  atEnd,
  createReader,
  readCount,
  readByte,
  readFixed64,
  readRun,
  readVarint,
  type Reader,
  writeByte,
  writeFixed64,
  type Writer,
  writeRun,
  writeVarint,
} from "../lib/binary.ts";
import type { Entry, HardState } from "../raft/message.ts";

/** Raised when older code could not read what newer code writes. */
export const WAL_VERSION = 1;

/** An entry without its data: what Raft compares. */
export type LogPoint = Readonly<{ index: Index; term: Term }>;

export type SegmentHeader = Readonly<{
  cluster: ClusterId;
  node: NodeId;
  hard: HardState;
  follows: LogPoint; // the last entry before this segment
  /** The log was replaced by a snapshot: entries of earlier segments no longer exist. */
  resets: boolean;
}>;

export type AppendRecord = Readonly<{
  /** When this record was made, so many bytes of its segment were known to be on disk. */
  synced: number;
  hard: HardState | null;
  entries: readonly Entry[]; // consecutive
}>;

export function writeSegmentHeader(writer: Writer, header: SegmentHeader): void {
  writeVarint(writer, WAL_VERSION);
  writeFixed64(writer, header.cluster);
  writeFixed64(writer, header.node);
  writeByte(writer, header.resets ? 1 : 0);
  writeHardState(writer, header.hard);
  writeVarint(writer, header.follows.index);
  writeVarint(writer, header.follows.term);
}

/** The format of a segment's header, which stands first in every version of it. */
export function readVersion(payload: Uint8Array): number {
  return readVarint(createReader(payload));
}

/** Null when the bytes are no header of this version. */
export function readSegmentHeader(payload: Uint8Array): SegmentHeader | null {
  const reader = createReader(payload);
  if (readVarint(reader) !== WAL_VERSION) return null;
  const cluster = readFixed64(reader) as ClusterId;
  const node = readFixed64(reader) as NodeId;
  const resets = readByte(reader) === 1;
  const hard = readHardState(reader);
  const follows = { index: readVarint(reader) as Index, term: readVarint(reader) as Term };
  if (!ended(reader)) return null;
  return { cluster, node, hard, follows, resets };
}

export function writeAppend(writer: Writer, append: AppendRecord): void {
  writeVarint(writer, append.synced);
  writeByte(writer, append.hard === null ? 0 : 1);
  if (append.hard !== null) writeHardState(writer, append.hard);
  writeVarint(writer, append.entries.length);
  const first = append.entries[0];
  if (first === undefined) return;
  writeVarint(writer, first.index);
  for (let at = 0; at < append.entries.length; at++) {
    const entry = append.entries[at] as Entry;
    assert(
      entry.index === first.index + at,
      `entry ${entry.index} follows ${first.index + at - 1}`,
    );
    writeVarint(writer, entry.term);
    writeRun(writer, entry.data);
  }
}

/** Null when the bytes are no append record. The entries are copies: they pin no file in memory. */
export function readAppend(payload: Uint8Array): AppendRecord | null {
  const reader = createReader(payload);
  const synced = readVarint(reader);
  const hard = readByte(reader) === 1 ? readHardState(reader) : null;
  const count = readCount(reader);
  const first = count === 0 ? 0 : readVarint(reader);
  const entries: Entry[] = [];
  for (let at = 0; at < count && !reader.failed; at++) {
    const term = readVarint(reader) as Term;
    entries.push({ term, index: (first + at) as Index, data: readRun(reader).slice() });
  }
  if (!ended(reader)) return null;
  return { synced, hard, entries };
}

function writeHardState(writer: Writer, hard: HardState): void {
  writeVarint(writer, hard.term);
  writeByte(writer, hard.vote === null ? 0 : 1);
  if (hard.vote !== null) writeFixed64(writer, hard.vote);
  writeVarint(writer, hard.commit);
}

function readHardState(reader: Reader): HardState {
  const term = readVarint(reader) as Term;
  const vote = readByte(reader) === 1 ? (readFixed64(reader) as NodeId) : null;
  return { term, vote, commit: readVarint(reader) as Index };
}

function ended(reader: Reader): boolean {
  return atEnd(reader) && !reader.failed;
}
