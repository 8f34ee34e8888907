// The bytes of the operations on keys: commands of their own, or parts of a transaction.

import type {
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
} from "../../api/request.ts";
import { COMPARE_RESULTS, SORT_ORDERS, SORT_TARGETS } from "../../api/request.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import {
  readByte,
  readList,
  readRun,
  readVarint64,
  writeByte,
  writeByteString,
  writeList,
  writeRun,
  writeVarint64,
} from "../../lib/binary.ts";
import { readKey, readSigned, writeFlags, writeSigned } from "./command-fields.ts";

/** The first byte of each; those of other commands lie above. */
const TAG = { put: 1, delete_range: 2, txn: 3, range: 4, empty: 5 } as const;
const COMPARE_TARGETS = ["version", "create", "mod", "value", "lease", "invalid"] as const;
/** Deeper nesting is refused by the wire long before: this only bounds what hostile bytes can
 *  ask. */
const DEPTH_MAX = 128;

export function writeOperation(writer: Writer, operation: RequestOp): void {
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

export function readOperation(reader: Reader, depth: number): RequestOp {
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
  const value = readRun(reader);
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
  writeList(writer, txn.compare, writeCompare);
  writeList(writer, txn.success, writeOperation);
  writeList(writer, txn.failure, writeOperation);
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
  if (kind === "value") return { kind, operand: readRun(reader) };
  if (kind === "lease") return { kind, operand: BigInt.asIntN(64, readVarint64(reader)) };
  if (kind === "invalid") return { kind };
  return { kind, operand: readSigned(reader) };
}
