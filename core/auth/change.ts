// One change of users, roles and permissions, as every replica carries it out: what it does, or
// etcd's word against it, in etcd's order. Source: etcd server/auth/store.go.

import type { Bytes, Index, KvWrite, Result } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { AuthChange, Permission } from "../api/request-auth.ts";
import { entries } from "../lib/ordered-map.ts";
import {
  deleteRole,
  deleteUser,
  GRANTS_BYTES_MAX,
  NAME_BYTES_MAX,
  putEnabled,
  putRevision,
  putRole,
  putUser,
} from "./records.ts";
import { isGrantable } from "./rights.ts";
import type { Auth, Role, User } from "./store.ts";
import {
  findRole,
  findUser,
  isRoot,
  ROOT,
  withoutRole,
  withoutUser,
  withRole,
  withUser,
} from "./store.ts";
import type { TokenChange } from "./tokens.ts";

/** What a grant takes in a row besides its text, at most. */
const GRANT_BYTES = 16;

export type Changed = Readonly<{
  auth: Auth;
  writes: readonly KvWrite[];
  tokens: TokenChange | null;
}>;

/** `index`: of the entry, which makes a token unlike any other. */
export function applyChange(auth: Auth, change: AuthChange, index: Index): Result<Changed> {
  switch (change.kind) {
    case "auth_enable":
      return enable(auth);
    case "auth_disable":
      return ok(auth.enabled ? disable(auth) : unchanged(auth));
    case "authenticate":
      return authenticate(auth, change, index);
    case "user_add":
      return addUser(auth, change);
    case "user_delete":
      return deleteOneUser(auth, change.name);
    case "user_change_password":
      return changePassword(auth, change);
    case "user_grant_role":
      return grantRole(auth, change);
    case "user_revoke_role":
      return revokeRole(auth, change);
    case "role_add":
      return addRole(auth, change.name);
    case "role_delete":
      return deleteOneRole(auth, change.name);
    case "role_grant_permission":
      return grantPermission(auth, change.name, change.permission);
    case "role_revoke_permission":
      return revokePermission(auth, change);
  }
}

/** As in etcd, this is no new revision. */
function enable(auth: Auth): Result<Changed> {
  if (auth.enabled) return ok(unchanged(auth));
  const root = findUser(auth, ROOT);
  if (root === null) return refused(ERRORS.RootUserNotExist);
  if (!isRoot(root)) return refused(ERRORS.RootRoleNotExist);
  const writes = [putEnabled(true), putRevision(auth.revision)];
  return ok({ auth: { ...auth, enabled: true }, writes, tokens: null });
}

function disable(auth: Auth): Changed {
  const disabled = changed({ ...auth, enabled: false }, [putEnabled(false)]);
  return { ...disabled, tokens: { kind: "cleared" } };
}

/** The password was checked before the entry was proposed, against the users of then. */
function authenticate(
  auth: Auth,
  { name, prefix, checkedRevision }: Extract<AuthChange, { kind: "authenticate" }>,
  index: Index,
): Result<Changed> {
  if (!auth.enabled) return refused(ERRORS.AuthNotEnabled);
  const user = findUser(auth, name);
  if (user === null || user.noPassword) return refused(ERRORS.AuthFailed);
  if (checkedRevision !== auth.revision) return refused(ERRORS.AuthOldRevision);
  if (prefix === "") return ok(unchanged(auth));
  const token = `${prefix}.${index}`;
  return ok({ ...unchanged(auth), tokens: { kind: "assigned", token, user: name } });
}

function addUser(
  auth: Auth,
  { name, hash, noPassword }: Extract<AuthChange, { kind: "user_add" }>,
): Result<Changed> {
  if (name === "") return refused(ERRORS.UserEmpty);
  if (name.length > NAME_BYTES_MAX) return refused(ERRORS.NameTooLong);
  if (findUser(auth, name) !== null) return refused(ERRORS.UserAlreadyExist);
  if (!noPassword && hash === null) return refused(ERRORS.NoPasswordUser);
  const kept = noPassword || hash === null ? ("" as Bytes) : hash;
  return ok(changedUser(auth, { name, hash: kept, noPassword, roles: [] }));
}

function deleteOneUser(auth: Auth, name: Bytes): Result<Changed> {
  if (auth.enabled && name === ROOT) return refused(ERRORS.InvalidAuthMgmt);
  if (findUser(auth, name) === null) return refused(ERRORS.UserNotFound);
  const deleted = changed(withoutUser(auth, name), [deleteUser(name)]);
  return ok({ ...deleted, tokens: { kind: "revoked", user: name } });
}

function changePassword(
  auth: Auth,
  { name, hash }: Extract<AuthChange, { kind: "user_change_password" }>,
): Result<Changed> {
  const user = findUser(auth, name);
  if (user === null) return refused(ERRORS.UserNotFound);
  if (!user.noPassword && hash === null) return refused(ERRORS.NoPasswordUser);
  const kept = user.noPassword || hash === null ? ("" as Bytes) : hash;
  const tokens: TokenChange = { kind: "revoked", user: name };
  return ok({ ...changedUser(auth, { ...user, hash: kept }), tokens });
}

/** Root may be granted before there is such a role. A role twice is no change. */
function grantRole(
  auth: Auth,
  { name, role }: Extract<AuthChange, { kind: "user_grant_role" }>,
): Result<Changed> {
  const user = findUser(auth, name);
  if (user === null) return refused(ERRORS.UserNotFound);
  if (role !== ROOT && findRole(auth, role) === null) return refused(ERRORS.RoleNotFound);
  if (user.roles.includes(role)) return ok(unchanged(auth));
  const roles = [...user.roles, role].toSorted(byBytes);
  if (bytesOf(roles) > GRANTS_BYTES_MAX) return refused(ERRORS.GrantsTooLarge);
  return ok(changedUser(auth, { ...user, roles }));
}

function revokeRole(
  auth: Auth,
  { name, role }: Extract<AuthChange, { kind: "user_revoke_role" }>,
): Result<Changed> {
  if (auth.enabled && name === ROOT && role === ROOT) return refused(ERRORS.InvalidAuthMgmt);
  const user = findUser(auth, name);
  if (user === null) return refused(ERRORS.UserNotFound);
  if (!user.roles.includes(role)) return refused(ERRORS.RoleNotGranted);
  return ok(changedUser(auth, withoutRoleOf(user, role)));
}

function addRole(auth: Auth, name: Bytes): Result<Changed> {
  if (name === "") return refused(ERRORS.RoleEmpty);
  if (name.length > NAME_BYTES_MAX) return refused(ERRORS.NameTooLong);
  if (findRole(auth, name) !== null) return refused(ERRORS.RoleAlreadyExist);
  return ok(changedRole(auth, { name, permissions: [] }));
}

/** Whoever had it has it no more. */
function deleteOneRole(auth: Auth, name: Bytes): Result<Changed> {
  if (auth.enabled && name === ROOT) return refused(ERRORS.InvalidAuthMgmt);
  if (findRole(auth, name) === null) return refused(ERRORS.RoleNotFound);
  const writes: KvWrite[] = [deleteRole(name)];
  let next = withoutRole(auth, name);
  for (const [, user] of entries(auth.users)) {
    if (!user.roles.includes(name)) continue;
    const updated = withoutRoleOf(user, name);
    next = withUser(next, updated);
    writes.push(putUser(updated));
  }
  return ok(changed(next, writes));
}

/** As in etcd, a range that follows another one with the same first key is granted a second time
 *  instead of changed. */
function grantPermission(auth: Auth, name: Bytes, permission: Permission | null): Result<Changed> {
  if (permission === null) return refused(ERRORS.PermissionNotGiven);
  if (!isGrantable(permission)) return refused(ERRORS.InvalidAuthMgmt);
  const role = findRole(auth, name);
  if (role === null) return refused(ERRORS.RoleNotFound);
  const at = role.permissions.findIndex(({ key }) => key >= permission.key);
  const known = role.permissions[at];
  const permissions =
    known !== undefined && isSameRange(known, permission)
      ? role.permissions.with(at, permission)
      : [...role.permissions, permission].toSorted((a, b) => byBytes(a.key, b.key));
  const bounds = permissions.flatMap(({ key, rangeEnd }) => [key, rangeEnd]);
  if (bytesOf(bounds) > GRANTS_BYTES_MAX) return refused(ERRORS.GrantsTooLarge);
  return ok(changedRole(auth, { ...role, permissions }));
}

function revokePermission(
  auth: Auth,
  change: Extract<AuthChange, { kind: "role_revoke_permission" }>,
): Result<Changed> {
  const role = findRole(auth, change.name);
  if (role === null) return refused(ERRORS.RoleNotFound);
  const permissions = role.permissions.filter((each) => !isSameRange(each, change));
  if (permissions.length === role.permissions.length) return refused(ERRORS.PermissionNotGranted);
  return ok(changedRole(auth, { ...role, permissions }));
}

type KeyRange = Pick<Permission, "key" | "rangeEnd">;

function bytesOf(texts: readonly Bytes[]): number {
  return texts.reduce((bytes, text) => bytes + GRANT_BYTES + text.length, 0);
}

function isSameRange(a: KeyRange, b: KeyRange): boolean {
  return a.key === b.key && a.rangeEnd === b.rangeEnd;
}

function withoutRoleOf(user: User, role: Bytes): User {
  return { ...user, roles: user.roles.filter((each) => each !== role) };
}

function changedUser(auth: Auth, user: User): Changed {
  return changed(withUser(auth, user), [putUser(user)]);
}

function changedRole(auth: Auth, role: Role): Changed {
  return changed(withRole(auth, role), [putRole(role)]);
}

/** Every change is a revision of its own. */
function changed(auth: Auth, writes: readonly KvWrite[]): Changed {
  const revision = auth.revision + 1;
  return { auth: { ...auth, revision }, writes: [...writes, putRevision(revision)], tokens: null };
}

function unchanged(auth: Auth): Changed {
  return { auth, writes: [], tokens: null };
}

function ok(value: Changed): Result<Changed> {
  return { ok: true, value };
}

function refused(error: ApiError): Result<never> {
  return { ok: false, error };
}

function byBytes(a: Bytes, b: Bytes): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
