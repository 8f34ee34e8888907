// What is replicated, and its bytes: the data of a log entry.
//
// Every replica must read the same command from the same bytes for ever, so the layout is versioned
// by its first byte, and a command that cannot be read is a no-op on every replica alike: a bad
// entry must never be able to crash a member.

import type { Bytes, CallId, LeaseId, NodeId } from "../contract.ts";
import type {
  CompactRequest,
  Compare,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  SortOrder,
  SortTarget,
  TxnRequest,
} from "../api/request.ts";
import { COMPARE_RESULTS, SORT_ORDERS, SORT_TARGETS } from "../api/request.ts";
import type { Reader, Writer } from "../lib/binary.ts";
import {
  atEnd,
  createReader,
  createWriter,
  readByte,
  readFixed64,
  readRun,
  readText,
  readVarint,
  readVarint64,
  writeByte,
  writeByteString,
  writeFixed64,
  writeRun,
  writeText,
  writeVarint,
  writeVarint64,
  written,
} from "../lib/binary.ts";
import { fromBytes } from "../lib/bytes.ts";

/** Who waits for the outcome: a call of one life (one boot) of one node. */
export type Origin = Readonly<{ node: NodeId; life: bigint; call: CallId }>;

/** What a node asks for by itself: no call has this handle, for drivers mint from 1. */
export const NOBODY: CallId = 0 as CallId;

export type Command = Readonly<
  | { kind: "kv"; origin: Origin; request: WriteRequest }
  | { kind: "publish"; origin: Origin; name: string; clientUrls: readonly string[] }
  | { kind: "compact_step"; origin: Origin; next: Bytes; rows: number } // core/mvcc/compaction.ts
  | { kind: "lease_grant"; origin: Origin; lease: LeaseId; ttlSeconds: number }
  | { kind: "lease_revoke"; origin: Origin; lease: LeaseId }
>;
export type WriteRequest = PutRequest | DeleteRangeRequest | TxnRequest | CompactRequest;

const VERSION = 1;
const TAG = {
  put: 1,
  delete_range: 2,
  txn: 3,
  range: 4,
  empty: 5,
  publish: 6,
  compact: 7,
  compact_step: 8,
  lease_grant: 9,
  lease_revoke: 10,
} as const;
const COMPARE_TARGETS = ["version", "create", "mod", "value", "lease", "invalid"] as const;
/** Deeper nesting is refused by the wire long before: this only bounds what hostile bytes can
 *  ask. */
const DEPTH_MAX = 128;

export function encodeCommand(command: Command): Uint8Array {
  const writer = createWriter(128);
  writeByte(writer, VERSION);
  writeFixed64(writer, command.origin.node);
  writeFixed64(writer, command.origin.life);
  writeVarint(writer, command.origin.call);
  writeBody(writer, command);
  return written(writer);
}

/** Null: these bytes are no command of this version. */
export function decodeCommand(data: Uint8Array): Command | null {
  const reader = createReader(data);
  if (readByte(reader) !== VERSION) return null;
  const node = readFixed64(reader) as NodeId;
  const life = readFixed64(reader);
  const origin: Origin = { node, life, call: readVarint(reader) as CallId };
  const command = readBody(reader, origin);
  return reader.failed || !atEnd(reader) ? null : command;
}

function writeBody(writer: Writer, command: Command): void {
  switch (command.kind) {
    case "kv":
      if (command.request.kind !== "compact") return writeOperation(writer, command.request);
      writeByte(writer, TAG.compact);
      writeSigned(writer, command.request.revision);
      return writeFlags(writer, command.request.physical);
    case "publish":
      writeByte(writer, TAG.publish);
      writeText(writer, command.name);
      writeVarint(writer, command.clientUrls.length);
      for (const url of command.clientUrls) writeText(writer, url);
      return;
    case "compact_step":
      writeByte(writer, TAG.compact_step);
      writeByteString(writer, command.next);
      return writeVarint(writer, command.rows);
    case "lease_grant":
      writeByte(writer, TAG.lease_grant);
      writeVarint64(writer, command.lease);
      return writeVarint(writer, command.ttlSeconds);
    case "lease_revoke":
      writeByte(writer, TAG.lease_revoke);
      return writeVarint64(writer, command.lease);
  }
}

function readBody(reader: Reader, origin: Origin): Command | null {
  switch (reader.bytes[reader.at]) {
    case TAG.publish: {
      readByte(reader);
      const name = readText(reader);
      return { kind: "publish", origin, name, clientUrls: readList(reader, readText) };
    }
    case TAG.compact: {
      readByte(reader);
      const revision = readSigned(reader);
      const physical = (readByte(reader) & 1) !== 0;
      return { kind: "kv", origin, request: { kind: "compact", revision, physical } };
    }
    case TAG.compact_step: {
      readByte(reader);
      const next = readKey(reader);
      return { kind: "compact_step", origin, next, rows: readVarint(reader) };
    }
    case TAG.lease_grant: {
      readByte(reader);
      const lease = readLease(reader);
      return { kind: "lease_grant", origin, lease, ttlSeconds: readVarint(reader) };
    }
    case TAG.lease_revoke:
      readByte(reader);
      return { kind: "lease_revoke", origin, lease: readLease(reader) };
    default:
      return readWrite(reader, origin);
  }
}

function readWrite(reader: Reader, origin: Origin): Command | null {
  const request = readOperation(reader, 0);
  if (request.kind === "range" || request.kind === "empty") return null; // they are not writes
  return { kind: "kv", origin, request };
}

function readLease(reader: Reader): LeaseId {
  return BigInt.asIntN(64, readVarint64(reader)) as LeaseId;
}

function writeOperation(writer: Writer, operation: RequestOp): void {
  writeByte(writer, TAG[operation.kind]);
  switch (operation.kind) {
    case "put":
      writeByteString(writer, operation.key);
      writeRun(writer, operation.value);
      writeVarint64(writer, operation.lease);
      return writeFlags(writer, operation.prevKv, operation.ignoreValue, operation.ignoreLease);
    case "delete_range":
      writeByteString(writer, operation.key);
      writeByteString(writer, operation.rangeEnd);
      return writeFlags(writer, operation.prevKv);
    case "range":
      return writeRange(writer, operation);
    case "txn":
      return writeTxn(writer, operation);
    case "empty":
      return;
  }
}

function readOperation(reader: Reader, depth: number): RequestOp {
  switch (depth > DEPTH_MAX ? null : readByte(reader)) {
    case TAG.put:
      return readPut(reader);
    case TAG.delete_range:
      return readDeleteRange(reader);
    case TAG.range:
      return readRange(reader);
    case TAG.txn:
      return readTxn(reader, depth);
    case TAG.empty:
      return { kind: "empty" };
    default:
      reader.failed = true;
      return { kind: "empty" };
  }
}

function readPut(reader: Reader): PutRequest {
  const key = readKey(reader);
  const value = readRun(reader).slice();
  const lease = BigInt.asIntN(64, readVarint64(reader));
  const flags = readByte(reader);
  return {
    kind: "put",
    key,
    value,
    lease,
    prevKv: (flags & 1) !== 0,
    ignoreValue: (flags & 2) !== 0,
    ignoreLease: (flags & 4) !== 0,
  };
}

function readDeleteRange(reader: Reader): DeleteRangeRequest {
  const key = readKey(reader);
  const rangeEnd = readKey(reader);
  return { kind: "delete_range", key, rangeEnd, prevKv: (readByte(reader) & 1) !== 0 };
}

function writeRange(writer: Writer, range: RangeRequest): void {
  writeByteString(writer, range.key);
  writeByteString(writer, range.rangeEnd);
  writeFlags(writer, range.serializable, range.keysOnly, range.countOnly);
  writeByte(writer, (SORT_ORDERS as readonly SortOrder[]).indexOf(range.sortOrder) & 0xff);
  writeByte(writer, (SORT_TARGETS as readonly SortTarget[]).indexOf(range.sortTarget) & 0xff);
  writeSigned(writer, range.limit);
  writeSigned(writer, range.revision);
  writeSigned(writer, range.minModRevision);
  writeSigned(writer, range.maxModRevision);
  writeSigned(writer, range.minCreateRevision);
  writeSigned(writer, range.maxCreateRevision);
}

function readRange(reader: Reader): RangeRequest {
  const key = readKey(reader);
  const rangeEnd = readKey(reader);
  const flags = readByte(reader);
  return {
    kind: "range",
    key,
    rangeEnd,
    serializable: (flags & 1) !== 0,
    keysOnly: (flags & 2) !== 0,
    countOnly: (flags & 4) !== 0,
    sortOrder: SORT_ORDERS[readByte(reader)] ?? "invalid",
    sortTarget: SORT_TARGETS[readByte(reader)] ?? "invalid",
    limit: readSigned(reader),
    revision: readSigned(reader),
    minModRevision: readSigned(reader),
    maxModRevision: readSigned(reader),
    minCreateRevision: readSigned(reader),
    maxCreateRevision: readSigned(reader),
  };
}

function writeTxn(writer: Writer, txn: TxnRequest): void {
  writeVarint(writer, txn.compare.length);
  for (const compare of txn.compare) writeCompare(writer, compare);
  for (const branch of [txn.success, txn.failure]) {
    writeVarint(writer, branch.length);
    for (const operation of branch) writeOperation(writer, operation);
  }
}

function readTxn(reader: Reader, depth: number): TxnRequest {
  const compare = readList(reader, readCompare);
  const success = readList(reader, (from) => readOperation(from, depth + 1));
  const failure = readList(reader, (from) => readOperation(from, depth + 1));
  return { kind: "txn", compare, success, failure };
}

function writeCompare(writer: Writer, compare: Compare): void {
  writeByteString(writer, compare.key);
  writeByteString(writer, compare.rangeEnd);
  writeByte(writer, (COMPARE_RESULTS as readonly CompareResult[]).indexOf(compare.result) & 0xff);
  const { target } = compare;
  writeByte(writer, COMPARE_TARGETS.indexOf(target.kind));
  if (target.kind === "value") writeRun(writer, target.operand);
  else if (target.kind === "lease") writeVarint64(writer, target.operand);
  else if (target.kind !== "invalid") writeSigned(writer, target.operand);
}

function readCompare(reader: Reader): Compare {
  const key = readKey(reader);
  const rangeEnd = readKey(reader);
  const result = COMPARE_RESULTS[readByte(reader)] ?? "invalid";
  return { key, rangeEnd, result, target: readTarget(reader) };
}

function readTarget(reader: Reader): CompareTarget {
  const kind = COMPARE_TARGETS[readByte(reader)] ?? "invalid";
  if (kind === "value") return { kind, operand: readRun(reader).slice() };
  if (kind === "lease") return { kind, operand: BigInt.asIntN(64, readVarint64(reader)) };
  if (kind === "invalid") return { kind };
  return { kind, operand: readSigned(reader) };
}

function writeFlags(writer: Writer, ...flags: readonly boolean[]): void {
  writeByte(
    writer,
    flags.reduce((byte, flag, bit) => byte | (flag ? 1 << bit : 0), 0),
  );
}

/** A safe integer of either sign. */
function writeSigned(writer: Writer, value: number): void {
  if (value >= 0) writeVarint(writer, value);
  else writeVarint64(writer, BigInt(value));
}

function readSigned(reader: Reader): number {
  const value = Number(BigInt.asIntN(64, readVarint64(reader)));
  if (!Number.isSafeInteger(value)) reader.failed = true;
  return value;
}

function readKey(reader: Reader): Bytes {
  return fromBytes(readRun(reader));
}

function readList<T>(reader: Reader, item: (reader: Reader) => T): readonly T[] {
  const count = readVarint(reader);
  const list: T[] = [];
  while (list.length < count && !reader.failed) list.push(item(reader));
  return list;
}
