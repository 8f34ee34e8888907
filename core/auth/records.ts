// The rows of the table "auth". Their values are etcd's own bytes: authpb.User and authpb.Role, a
// byte for whether checks are on, eight for the revision.

import type { Bytes, KvWrite } from "../contract.ts";
import type { Permission } from "../api/request-auth.ts";
import { STORE_KEY_BYTES_MAX, STORE_VALUE_BYTES_MAX } from "../kv/limits.ts";
import { assert } from "../lib/assert.ts";
import type { Reader, Writer } from "../lib/binary.ts";
import {
  atEnd,
  createReader,
  encoded,
  readByte,
  readRaw,
  readRun,
  readVarint,
  readVarint64,
  writeByte,
  writeByteString,
  writeRun,
  writeVarint64,
} from "../lib/binary.ts";
import { EMPTY, fromBytes } from "../lib/bytes.ts";
import type { Role, User } from "./store.ts";

export type AuthRecord = Readonly<
  | { kind: "enabled"; enabled: boolean }
  | { kind: "revision"; revision: number }
  | { kind: "user"; user: User }
  | { kind: "role"; role: Role }
>;

/** Of the name of a user or a role: a row's key must hold it. etcd takes names up to 32 kB, and
 *  ends, at every start again, over a longer one. */
export const NAME_BYTES_MAX = 1024;
/** Of what is granted to one user or one role: every change writes all of it. */
export const GRANTS_BYTES_MAX: number = 8 * 1024 * 1024;

const ENABLED = "authEnabled" as Bytes;
const REVISION = "authRevision" as Bytes;
/** What the keys of users and of roles begin with; their names follow. */
export const USER = "user/";
export const ROLE = "role/";
assert(USER.length + NAME_BYTES_MAX <= STORE_KEY_BYTES_MAX, "a row's key holds any name");
assert(ROLE.length + NAME_BYTES_MAX <= STORE_KEY_BYTES_MAX, "a row's key holds any name");
assert(2 * GRANTS_BYTES_MAX <= STORE_VALUE_BYTES_MAX, "a row holds all that may be granted");

/** Field numbers and wire types of authpb.User, UserAddOptions, Role and Permission. */
const USER_TAG = { name: 10, password: 18, role: 26, options: 34 } as const;
const OPTIONS_TAG = { noPassword: 8 } as const;
const ROLE_TAG = { name: 10, permission: 18 } as const;
const PERMISSION_TAG = { type: 8, key: 18, rangeEnd: 26 } as const;

export function putEnabled(enabled: boolean): KvWrite {
  return put(ENABLED, Uint8Array.of(enabled ? 1 : 0));
}

export function putRevision(revision: number): KvWrite {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, BigInt(revision));
  return put(REVISION, value);
}

export function putUser(user: User): KvWrite {
  return put((USER + user.name) as Bytes, encodeUser(user));
}

export function deleteUser(name: Bytes): KvWrite {
  return { kind: "delete", table: "auth", key: (USER + name) as Bytes };
}

export function putRole(role: Role): KvWrite {
  return put((ROLE + role.name) as Bytes, encodeRole(role));
}

export function deleteRole(name: Bytes): KvWrite {
  return { kind: "delete", table: "auth", key: (ROLE + name) as Bytes };
}

/** Null: no row of this table. */
export function readRecord(key: Bytes, value: Uint8Array): AuthRecord | null {
  if (key === ENABLED) return { kind: "enabled", enabled: value[0] === 1 };
  if (key === REVISION && value.length === 8) {
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    return { kind: "revision", revision: Number(view.getBigUint64(0)) };
  }
  const reader = createReader(value);
  if (key.startsWith(USER)) {
    const user = readUser(reader);
    return reader.failed ? null : { kind: "user", user };
  }
  if (!key.startsWith(ROLE)) return null;
  const role = readRole(reader);
  return reader.failed ? null : { kind: "role", role };
}

function put(key: Bytes, value: Uint8Array): KvWrite {
  return { kind: "put", table: "auth", key, value };
}

function encodeUser({ name, hash, noPassword, roles }: User): Uint8Array {
  return encoded((writer) => {
    writeField(writer, USER_TAG.name, name);
    writeField(writer, USER_TAG.password, hash);
    for (const role of roles) {
      writeByte(writer, USER_TAG.role);
      writeByteString(writer, role);
    }
    writeByte(writer, USER_TAG.options);
    writeRun(writer, noPassword ? Uint8Array.of(OPTIONS_TAG.noPassword, 1) : new Uint8Array(0));
  });
}

function readUser(reader: Reader): User {
  let [name, hash] = [EMPTY, EMPTY];
  let noPassword = false;
  const roles: Bytes[] = [];
  while (!atEnd(reader)) {
    const tag = readByte(reader);
    if (tag === USER_TAG.name) name = fromBytes(readRun(reader));
    else if (tag === USER_TAG.password) hash = fromBytes(readRun(reader));
    else if (tag === USER_TAG.role) roles.push(fromBytes(readRun(reader)));
    else if (tag === USER_TAG.options) noPassword = readRun(reader)[1] === 1;
    else reader.failed = true;
  }
  return { name, hash, noPassword, roles };
}

function encodeRole({ name, permissions }: Role): Uint8Array {
  return encoded((writer) => {
    writeField(writer, ROLE_TAG.name, name);
    for (const permission of permissions) {
      writeByte(writer, ROLE_TAG.permission);
      writeRun(writer, encodePermission(permission));
    }
  });
}

function readRole(reader: Reader): Role {
  let name = EMPTY;
  const permissions: Permission[] = [];
  while (!atEnd(reader)) {
    const tag = readByte(reader);
    if (tag === ROLE_TAG.name) name = fromBytes(readRun(reader));
    else if (tag === ROLE_TAG.permission) permissions.push(readPermission(reader));
    else reader.failed = true;
  }
  return { name, permissions };
}

function encodePermission({ type, key, rangeEnd }: Permission): Uint8Array {
  return encoded((writer) => {
    if (type !== 0) {
      writeByte(writer, PERMISSION_TAG.type);
      writeVarint64(writer, BigInt(type));
    }
    writeField(writer, PERMISSION_TAG.key, key);
    writeField(writer, PERMISSION_TAG.rangeEnd, rangeEnd);
  });
}

function readPermission(outer: Reader): Permission {
  const reader = createReader(readRaw(outer, readVarint(outer)));
  let type = 0;
  let [key, rangeEnd] = [EMPTY, EMPTY];
  while (!atEnd(reader)) {
    const tag = readByte(reader);
    if (tag === PERMISSION_TAG.type) type = Number(BigInt.asIntN(32, readVarint64(reader)));
    else if (tag === PERMISSION_TAG.key) key = fromBytes(readRun(reader));
    else if (tag === PERMISSION_TAG.rangeEnd) rangeEnd = fromBytes(readRun(reader));
    else reader.failed = true;
  }
  if (reader.failed) outer.failed = true;
  return { type, key, rangeEnd };
}

function writeField(writer: Writer, tag: number, text: Bytes): void {
  if (text === "") return;
  writeByte(writer, tag);
  writeByteString(writer, text);
}
