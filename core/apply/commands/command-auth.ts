// The bytes of changes of the auth store.

import type { AuthChange, Permission } from "../../api/request-auth.ts";
import type { Bytes } from "../../contract.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import { readByte, readVarint, writeByte, writeByteString, writeVarint } from "../../lib/binary.ts";
import { EMPTY } from "../../lib/bytes.ts";
import { readKey, readSigned, writeFlags, writeSigned } from "./command-fields.ts";
import type { Origin } from "./command.ts";

export type AuthCommand = Readonly<{ kind: "auth"; origin: Origin; change: AuthChange }>;

const TAG: Readonly<Record<AuthChange["kind"], number>> = {
  auth_enable: 20,
  auth_disable: 21,
  user_add: 22,
  user_delete: 23,
  user_change_password: 24,
  user_grant_role: 25,
  user_revoke_role: 26,
  role_add: 27,
  role_delete: 28,
  role_grant_permission: 29,
  role_revoke_permission: 30,
  authenticate: 31,
};
const KIND_BY_TAG: Readonly<Record<number, AuthChange["kind"]>> = Object.fromEntries(
  Object.entries(TAG).map(([kind, tag]) => [tag, kind as AuthChange["kind"]]),
);

export function isAuthTag(tag: number | undefined): boolean {
  return tag !== undefined && KIND_BY_TAG[tag] !== undefined;
}

export function writeAuthChange(writer: Writer, change: AuthChange): void {
  writeByte(writer, TAG[change.kind]);
  switch (change.kind) {
    case "auth_enable":
    case "auth_disable":
      return;
    case "user_add":
      writeByteString(writer, change.name);
      writeByteString(writer, change.hash ?? EMPTY);
      return writeFlags(writer, change.noPassword, change.hash !== null);
    case "user_change_password":
      writeByteString(writer, change.name);
      writeByteString(writer, change.hash ?? EMPTY);
      return writeFlags(writer, change.hash !== null);
    case "user_delete":
    case "role_add":
    case "role_delete":
      return writeByteString(writer, change.name);
    case "user_grant_role":
    case "user_revoke_role":
      writeByteString(writer, change.name);
      return writeByteString(writer, change.role);
    case "role_grant_permission":
      writeByteString(writer, change.name);
      return writePermission(writer, change.permission);
    case "role_revoke_permission":
      writeByteString(writer, change.name);
      writeByteString(writer, change.key);
      return writeByteString(writer, change.rangeEnd);
    case "authenticate":
      writeByteString(writer, change.name);
      writeByteString(writer, change.prefix);
      return writeVarint(writer, change.checkedRevision);
  }
}

/** The reader stands at a tag of this file. */
export function readAuthChange(reader: Reader): AuthChange | null {
  const kind = KIND_BY_TAG[readByte(reader)];
  if (kind === undefined) return null;
  switch (kind) {
    case "auth_enable":
    case "auth_disable":
      return { kind };
    case "user_add": {
      const [name, hash, flags] = [readKey(reader), readKey(reader), readByte(reader)];
      return { kind, name, hash: given(hash, (flags & 2) !== 0), noPassword: (flags & 1) !== 0 };
    }
    case "user_change_password": {
      const [name, hash, flags] = [readKey(reader), readKey(reader), readByte(reader)];
      return { kind, name, hash: given(hash, (flags & 1) !== 0) };
    }
    case "user_delete":
    case "role_add":
    case "role_delete":
      return { kind, name: readKey(reader) };
    case "user_grant_role":
    case "user_revoke_role":
      return { kind, name: readKey(reader), role: readKey(reader) };
    case "role_grant_permission":
      return { kind, name: readKey(reader), permission: readPermission(reader) };
    case "role_revoke_permission":
      return { kind, name: readKey(reader), key: readKey(reader), rangeEnd: readKey(reader) };
    case "authenticate": {
      const [name, prefix] = [readKey(reader), readKey(reader)];
      return { kind, name, prefix, checkedRevision: readVarint(reader) };
    }
  }
}

function given(hash: Bytes, isGiven: boolean): Bytes | null {
  return isGiven ? hash : null;
}

function writePermission(writer: Writer, permission: Permission | null): void {
  writeFlags(writer, permission !== null);
  if (permission === null) return;
  writeSigned(writer, permission.type);
  writeByteString(writer, permission.key);
  writeByteString(writer, permission.rangeEnd);
}

function readPermission(reader: Reader): Permission | null {
  if (readByte(reader) === 0) return null;
  const type = readSigned(reader);
  if (type !== (type | 0)) reader.failed = true; // an enum of protobuf has 32 bits
  return { type, key: readKey(reader), rangeEnd: readKey(reader) };
}
