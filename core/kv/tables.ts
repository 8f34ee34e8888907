// What lies in the tables, byte by byte.
//
//   meta      "applied" → the entry that the tables are the outcome of, and the members then
//             "compaction" → up to where history is given up, and how far its rows are deleted
//   keys      revision (core/mvcc/revision.ts) → etcd's mvccpb.KeyValue; a tombstone: its key only
//   leases    core/lease/lessor.ts
//   members   core/membership/membership.ts
//   auth      core/auth/records.ts
//
// Rows of "keys" are etcd's own bytes, so that HashKV is etcd's own number.

import type { Bytes, Index, KvReader, KvWrite, NodeId, SnapshotMeta, Term } from "../contract.ts";
import type { KeyValue } from "../api/request.ts";
import { must } from "../lib/assert.ts";
import {
  atEnd,
  createReader,
  encoded,
  readByte,
  readByteString,
  readFixed64,
  readList,
  readRun,
  readVarint,
  readVarint64,
  writeByte,
  writeByteString,
  writeFixed64,
  writeList,
  writeRun,
  writeVarint,
  writeVarint64,
} from "../lib/binary.ts";
import type { Reader, Writer } from "../lib/binary.ts";
import { EMPTY } from "../lib/bytes.ts";

const APPLIED = "applied" as Bytes;
const COMPACTION = "compaction" as Bytes;

/** Revisions below `scheduled` cannot be read. The rows that this makes superfluous are deleted as
 *  far as `next`, the key of a row; all of them once `finished` is as high. Both begin at -1. */
export type Compaction = Readonly<{ scheduled: number; finished: number; next: Bytes }>;

const NEVER_COMPACTED: Compaction = { scheduled: -1, finished: -1, next: EMPTY };
const NEVER_APPLIED: SnapshotMeta = {
  index: 0 as Index,
  term: 0 as Term,
  voters: [],
  learners: [],
};

/** Field numbers and wire types of mvccpb.KeyValue. */
const TAG = { key: 10, create: 16, mod: 24, version: 32, value: 42, lease: 48 } as const;
const NO_BYTES = new Uint8Array(0);

/** What the tables are the outcome of; index zero in a new store. */
export function readApplied(view: KvReader): SnapshotMeta {
  const bytes = view.get("meta", APPLIED);
  if (bytes === null) return NEVER_APPLIED;
  return must(decodeApplied(bytes), "the record of the applied entry cannot be read");
}

export function putApplied(applied: SnapshotMeta): KvWrite {
  const value = encoded((writer) => {
    writeVarint(writer, applied.index);
    writeVarint(writer, applied.term);
    writeIds(writer, applied.voters);
    writeIds(writer, applied.learners);
  });
  return { kind: "put", table: "meta", key: APPLIED, value };
}

export function readCompaction(view: KvReader): Compaction {
  const bytes = view.get("meta", COMPACTION);
  if (bytes === null) return NEVER_COMPACTED;
  return must(decodeCompaction(bytes), "the record of the compaction cannot be read");
}

export function putCompaction({ scheduled, finished, next }: Compaction): KvWrite {
  const value = encoded((writer) => {
    writeVarint(writer, scheduled + 1);
    writeVarint(writer, finished + 1);
    writeByteString(writer, next);
  });
  return { kind: "put", table: "meta", key: COMPACTION, value };
}

/** As gogo-protobuf marshals it: fields ascending, zeros left out. */
export function encodeKeyValue(kv: KeyValue): Uint8Array {
  return encoded((writer) => {
    writeByte(writer, TAG.key);
    writeByteString(writer, kv.key);
    writeCounter(writer, TAG.create, kv.createRevision);
    writeCounter(writer, TAG.mod, kv.modRevision);
    writeCounter(writer, TAG.version, kv.version);
    if (kv.value.length > 0) {
      writeByte(writer, TAG.value);
      writeRun(writer, kv.value);
    }
    if (kv.lease !== 0n) {
      writeByte(writer, TAG.lease);
      writeVarint64(writer, kv.lease);
    }
  });
}

function writeCounter(writer: Writer, tag: number, value: number): void {
  if (value === 0) return;
  writeByte(writer, tag);
  writeVarint(writer, value);
}

/** The value is a view into `bytes`. Null: not the bytes of a KeyValue. */
export function decodeKeyValue(bytes: Uint8Array): KeyValue | null {
  const reader = createReader(bytes);
  let key = EMPTY;
  let [createRevision, modRevision, version] = [0, 0, 0];
  let value: Uint8Array = NO_BYTES;
  let lease = 0n;
  while (!atEnd(reader)) {
    switch (readByte(reader)) {
      case TAG.key:
        key = readByteString(reader);
        break;
      case TAG.create:
        createRevision = readVarint(reader);
        break;
      case TAG.mod:
        modRevision = readVarint(reader);
        break;
      case TAG.version:
        version = readVarint(reader);
        break;
      case TAG.value:
        value = readRun(reader);
        break;
      case TAG.lease:
        lease = BigInt.asIntN(64, readVarint64(reader));
        break;
      default:
        return null;
    }
  }
  if (reader.failed || key.length === 0) return null;
  return { key, createRevision, modRevision, version, value, lease };
}

/** The key alone, which comes first. Null: there is none. */
export function decodeKeyOf(bytes: Uint8Array): Bytes | null {
  const reader = createReader(bytes);
  if (atEnd(reader) || readByte(reader) !== TAG.key) return null;
  const key = readByteString(reader);
  return reader.failed || key.length === 0 ? null : key;
}

function decodeCompaction(bytes: Uint8Array): Compaction | null {
  const reader = createReader(bytes);
  const scheduled = readVarint(reader) - 1;
  const finished = readVarint(reader) - 1;
  const next = readByteString(reader);
  return reader.failed || !atEnd(reader) ? null : { scheduled, finished, next };
}

function decodeApplied(bytes: Uint8Array): SnapshotMeta | null {
  const reader = createReader(bytes);
  const index = readVarint(reader) as Index;
  const term = readVarint(reader) as Term;
  const voters = readIds(reader);
  const learners = readIds(reader);
  return reader.failed || !atEnd(reader) ? null : { index, term, voters, learners };
}

export function writeIds(writer: Writer, ids: readonly NodeId[]): void {
  writeList(writer, ids, writeFixed64);
}

export function readIds(reader: Reader): readonly NodeId[] {
  return readList(reader, (from) => readFixed64(from) as NodeId);
}
