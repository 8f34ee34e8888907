// Users, roles and permissions, as every replica has them. Changed by applied entries only
// (change.ts), kept in the table "auth" (records.ts).
//
// The revision counts the changes. What was let in under an older one is asked again: a command
// that was checked before a change must not take effect after it.

import type { Bytes, KvReader } from "../contract.ts";
import type { Permission } from "../api/request-auth.ts";
import { assert } from "../lib/assert.ts";
import { ABOVE_ALL, EMPTY, fromText } from "../lib/bytes.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove, set } from "../lib/ordered-map.ts";
import { readRecord } from "./records.ts";
import type { Rights } from "./rights.ts";
import { rightsOf } from "./rights.ts";

export type Auth = Readonly<{
  enabled: boolean;
  revision: number; // 1 in a new cluster
  users: OrderedMap<Bytes, User>;
  roles: OrderedMap<Bytes, Role>;
  rights: OrderedMap<Bytes, Rights>; // by user: what their roles add up to
}>;
/** Without a hash, no password is right. Roles are ascending; `root` need not exist as one. */
export type User = Readonly<{
  name: Bytes;
  hash: Bytes;
  noPassword: boolean;
  roles: readonly Bytes[];
}>;
export type Role = Readonly<{ name: Bytes; permissions: readonly Permission[] }>; // by key

/** The user, and the role, that may do everything. */
export const ROOT: Bytes = fromText("root");

export function createAuth(): Auth {
  return {
    enabled: false,
    revision: 1,
    users: createOrderedMap(),
    roles: createOrderedMap(),
    rights: createOrderedMap(),
  };
}

/** What a store holds. */
export function restoreAuth(view: KvReader): Auth {
  let auth = createAuth();
  for (const [key, value] of view.scan("auth", EMPTY, ABOVE_ALL)) {
    const record = readRecord(key, value);
    assert(record !== null, `the record ${key} of the auth store cannot be read`);
    switch (record.kind) {
      case "enabled":
        auth = { ...auth, enabled: record.enabled };
        break;
      case "revision":
        auth = { ...auth, revision: record.revision };
        break;
      case "user":
        auth = { ...auth, users: set(auth.users, record.user.name, record.user) };
        break;
      case "role":
        auth = { ...auth, roles: set(auth.roles, record.role.name, record.role) };
        break;
    }
  }
  return refreshed(auth, () => true);
}

export function findUser(auth: Auth, name: Bytes): User | null {
  return get(auth.users, name);
}

export function findRole(auth: Auth, name: Bytes): Role | null {
  return get(auth.roles, name);
}

export function isRoot(user: User): boolean {
  return user.roles.includes(ROOT);
}

export function withUser(auth: Auth, user: User): Auth {
  const users = set(auth.users, user.name, user);
  const rights = set(auth.rights, user.name, rightsOf(permissionsOf(auth, user)));
  return { ...auth, users, rights };
}

export function withoutUser(auth: Auth, name: Bytes): Auth {
  return { ...auth, users: remove(auth.users, name), rights: remove(auth.rights, name) };
}

export function withRole(auth: Auth, role: Role): Auth {
  const changed = { ...auth, roles: set(auth.roles, role.name, role) };
  return refreshed(changed, (user) => user.roles.includes(role.name));
}

/** No user has it any more. */
export function withoutRole(auth: Auth, name: Bytes): Auth {
  return { ...auth, roles: remove(auth.roles, name) };
}

function refreshed(auth: Auth, concerns: (user: User) => boolean): Auth {
  let { rights } = auth;
  for (const [name, user] of entries(auth.users)) {
    if (concerns(user)) rights = set(rights, name, rightsOf(permissionsOf(auth, user)));
  }
  return { ...auth, rights };
}

function permissionsOf(auth: Auth, user: User): readonly Permission[] {
  return user.roles.flatMap((role) => findRole(auth, role)?.permissions ?? []);
}
