// What is replicated, and its bytes: the data of a log entry.
//
// Every replica must read the same command from the same bytes for ever, so the layout is told by
// its first byte, and a command that cannot be read is a no-op on every replica alike: a bad
// entry must never be able to crash a member.

import type { Bytes, CallId, LeaseId, NodeId } from "../../contract.ts";
import type {
  CompactRequest,
  DeleteRangeRequest,
  PutRequest,
  TxnRequest,
} from "../../api/request.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import { MARKS } from "../../lib/entry-mark.ts";
import {
  atEnd,
  createReader,
  encoded,
  readByte,
  readFixed64,
  readList,
  readText,
  readVarint,
  readVarint64,
  writeByte,
  writeByteString,
  writeFixed64,
  writeList,
  writeText,
  writeVarint,
  writeVarint64,
} from "../../lib/binary.ts";
import type { Caller } from "../../auth/tokens.ts";
import { NO_CALLER } from "../../auth/tokens.ts";
import type { AuthCommand } from "./command-auth.ts";
import { isAuthTag, readAuthChange, writeAuthChange } from "./command-auth.ts";
import { readKey, readSigned, writeFlags, writeSigned } from "./command-fields.ts";
import type { CheckpointCommand } from "./command-checkpoint.ts";
import { CHECKPOINT_TAG, readCheckpoint, writeCheckpoint } from "./command-checkpoint.ts";
import type { MaintenanceCommand } from "./command-maintenance.ts";
import { MAINTENANCE_TAG, readMaintenance, writeMaintenance } from "./command-maintenance.ts";
import type { MembershipCommand } from "./command-membership.ts";
import {
  isMembershipCommand,
  readMembershipCommand,
  writeMembershipCommand,
} from "./command-membership.ts";
import { readOperation, writeOperation } from "./command-operation.ts";

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
  | MaintenanceCommand
  | CheckpointCommand
  | AuthCommand
  | MembershipCommand
>;
/** A command, and who wants it: permission is asked for when it is applied. */
export type Envelope = Readonly<{ command: Command; caller: Caller }>;
export type WriteRequest = PutRequest | DeleteRangeRequest | TxnRequest | CompactRequest;

/** 1 to 5 are the operations on keys. */
const TAG = {
  publish: 6,
  compact: 7,
  compact_step: 8,
  lease_grant: 9,
  lease_revoke: 10,
} as const;
export function encodeCommand(command: Command, caller: Caller = NO_CALLER): Uint8Array {
  return encoded((writer) => {
    const mark = markOf(command, caller);
    writeByte(writer, mark);
    writeFixed64(writer, command.origin.node);
    writeFixed64(writer, command.origin.life);
    writeVarint(writer, command.origin.call);
    if (mark === MARKS.caller) {
      writeByteString(writer, caller.user);
      writeVarint(writer, caller.revision);
    }
    writeBody(writer, command);
  });
}

/** Null: these bytes are no command of this version. */
export function decodeCommand(data: Uint8Array): Envelope | null {
  const reader = createReader(data);
  const mark = readByte(reader);
  if (mark !== MARKS.nobody && mark !== MARKS.caller && mark !== MARKS.change) return null;
  const node = readFixed64(reader) as NodeId;
  const life = readFixed64(reader);
  const origin: Origin = { node, life, call: readVarint(reader) as CallId };
  const caller = mark === MARKS.caller ? readCaller(reader) : NO_CALLER;
  const isChange = mark === MARKS.change;
  const command = isChange ? readMembershipCommand(reader, origin) : readBody(reader, origin);
  return reader.failed || !atEnd(reader) || command === null ? null : { command, caller };
}

/** Whether a change of members is permitted was asked before it was proposed, as in etcd. */
function markOf(command: Command, caller: Caller): number {
  if (isMembershipCommand(command)) return MARKS.change;
  return caller.user === "" && caller.revision === 0 ? MARKS.nobody : MARKS.caller;
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
      return writeList(writer, command.clientUrls, writeText);
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
    case "alarm":
    case "downgrade":
      return writeMaintenance(writer, command);
    case "lease_checkpoint":
      return writeCheckpoint(writer, command);
    case "auth":
      return writeAuthChange(writer, command.change);
    default:
      return writeMembershipCommand(writer, command);
  }
}

function readBody(reader: Reader, origin: Origin): Command | null {
  const tag = reader.bytes[reader.at];
  switch (tag) {
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
    case MAINTENANCE_TAG.alarm:
    case MAINTENANCE_TAG.downgrade:
      return readMaintenance(reader, origin);
    case CHECKPOINT_TAG:
      return readCheckpoint(reader, origin);
    default:
      return isAuthTag(tag) ? readAuth(reader, origin) : readWrite(reader, origin);
  }
}

function readWrite(reader: Reader, origin: Origin): Command | null {
  const request = readOperation(reader, 0);
  if (request.kind === "range" || request.kind === "empty") return null; // they are not writes
  return { kind: "kv", origin, request };
}

function readAuth(reader: Reader, origin: Origin): Command | null {
  const change = readAuthChange(reader);
  return change === null ? null : { kind: "auth", origin, change };
}

function readCaller(reader: Reader): Caller {
  return { user: readKey(reader), revision: readVarint(reader) };
}

function readLease(reader: Reader): LeaseId {
  return BigInt.asIntN(64, readVarint64(reader)) as LeaseId;
}
