// Users, roles and permissions: kept, asked for, and in force once authentication is enabled. Every
// case that enables it disables it again.

import type { Bytes, LeaseId } from "../../contract.ts";
import type { AuthRequest, Permission } from "../../api/request-auth.ts";
import { PERMISSION } from "../../api/request-auth.ts";
import { deleteOf, key, putOf, rangeOf, txnOf, watchOf } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { as, ask, call, caseOf, hear, since } from "./case.ts";
import * as words from "./words.ts";

export const addUser = (name: string, password: string): AuthRequest => {
  return { kind: "user_add", name: key(name), password, noPassword: false };
};
const user = (verb: "user_get" | "user_delete", name: string): AuthRequest => {
  return { kind: verb, name: key(name) };
};
export const role = (verb: "role_add" | "role_get" | "role_delete", name: string): AuthRequest => {
  return { kind: verb, name: key(name) };
};
export const give = (name: string, to: string): AuthRequest => {
  return { kind: "user_grant_role", name: key(to), role: key(name) };
};
const take = (name: string, from: string): AuthRequest => {
  return { kind: "user_revoke_role", name: key(from), role: key(name) };
};
export const permit = (
  name: string,
  type: keyof typeof PERMISSION,
  from: string,
  end = "",
): AuthRequest => {
  const permission: Permission = { type: PERMISSION[type], key: key(from), rangeEnd: key(end) };
  return { kind: "role_grant_permission", name: key(name), permission };
};
const forbid = (name: string, from: string, end = ""): AuthRequest => {
  return { kind: "role_revoke_permission", name: key(name), key: key(from), rangeEnd: key(end) };
};
export const authenticate = (name: string, password: string): AuthRequest => {
  return { kind: "authenticate", name: key(name), password };
};

const STORE: readonly Case[] = [
  caseOf(
    "users are added, have roles, and are deleted",
    call(addUser("u", "secret"), "user_add @1"),
    call(addUser("u", "other"), words.USER_EXISTS),
    call(addUser("", "secret"), words.USER_EMPTY),
    call({ kind: "user_list" }, "user_list @1 users=[u]"),
    call(user("user_get", "u"), "user_get @1"),
    call(give("r", "u"), words.ROLE_NOT_FOUND),
    call(role("role_add", "r"), "role_add @1"),
    call(give("r", "nobody"), words.USER_NOT_FOUND),
    call(give("r", "u"), "user_grant_role @1"),
    call(give("r", "u"), "user_grant_role @1"),
    call(user("user_get", "u"), "user_get @1 roles=[r]"),
    call(take("r", "u"), "user_revoke_role @1"),
    call(take("r", "u"), words.ROLE_NOT_GRANTED),
    call(take("r", "nobody"), words.USER_NOT_FOUND),
    call(user("user_delete", "u"), "user_delete @1"),
    call(user("user_delete", "u"), words.USER_NOT_FOUND),
    call(user("user_get", "u"), words.USER_NOT_FOUND),
    call({ kind: "user_list" }, "user_list @1"),
  ),
  caseOf(
    "roles are added, have permissions, and are deleted from all that had them",
    call(role("role_add", "r"), "role_add @1"),
    call(role("role_add", "r"), words.ROLE_EXISTS),
    call(permit("r", "READ", "b", "d"), "role_grant_permission @1"),
    call(permit("r", "READWRITE", "a"), "role_grant_permission @1"),
    call(permit("nothing", "READ", "a"), words.ROLE_NOT_FOUND),
    call(
      role("role_get", "r"),
      "role_get @1",
      "  permissions: type=2 key=a",
      "  permissions: key=b rangeEnd=d",
    ),
    call(permit("r", "WRITE", "a"), "role_grant_permission @1"),
    call(forbid("r", "b", "d"), "role_revoke_permission @1"),
    call(forbid("r", "b", "d"), words.PERMISSION_NOT_GRANTED),
    call(role("role_get", "r"), "role_get @1", "  permissions: type=1 key=a"),
    call(addUser("u", "secret"), "user_add @1"),
    call(give("r", "u"), "user_grant_role @1"),
    call({ kind: "role_list" }, "role_list @1 roles=[r]"),
    call(role("role_delete", "r"), "role_delete @1"),
    call(role("role_delete", "r"), words.ROLE_NOT_FOUND),
    call(role("role_get", "r"), words.ROLE_NOT_FOUND),
    call(user("user_get", "u"), "user_get @1"),
  ),
  since("3.5", caseOf("a role needs a name", call(role("role_add", ""), words.ROLE_EMPTY))),
];

/** Authentication is enabled, and `root` is a token of root's. */
export const ENABLED: readonly CaseStep[] = [
  call(addUser("root", "secret"), "user_add @*"),
  call(role("role_add", "root"), "role_add @*"),
  call(give("root", "root"), "user_grant_role @*"),
  call({ kind: "auth_enable" }, "auth_enable @*"),
  call(authenticate("root", "secret"), "authenticate @* token=<root>"),
];
export const DISABLED: readonly CaseStep[] = [
  as("root", call({ kind: "auth_disable" }, "auth_disable @*")),
  call(rangeOf("none"), "range @*"),
];

/** And a user who may read from a to c, write w, and both at b. */
export const WITH_USER: readonly CaseStep[] = [
  call(addUser("u", "pass"), "user_add @1"),
  call(role("role_add", "r"), "role_add @1"),
  call(permit("r", "READ", "a", "c"), "role_grant_permission @1"),
  call(permit("r", "WRITE", "w"), "role_grant_permission @1"),
  call(permit("r", "READWRITE", "b"), "role_grant_permission @1"),
  call(give("r", "u"), "user_grant_role @1"),
  ...ENABLED,
  call(authenticate("u", "pass"), "authenticate @1 token=<user>"),
];

const ENFORCED: readonly Case[] = [
  caseOf(
    "authentication needs a root before it is enabled",
    call({ kind: "auth_enable" }, words.ROOT_USER_NOT_FOUND),
    call(addUser("root", "secret"), "user_add @1"),
    call({ kind: "auth_enable" }, words.ROOT_ROLE_NOT_FOUND),
    call(authenticate("root", "secret"), words.AUTH_NOT_ENABLED),
  ),
  caseOf(
    "who shows no token, or a wrong one, is told so",
    ...ENABLED,
    call(rangeOf("a"), words.USER_EMPTY),
    call(putOf("a", "1"), words.USER_EMPTY),
    call(rangeOf("a", { serializable: true }), words.USER_EMPTY),
    call({ kind: "user_list" }, words.USER_EMPTY),
    call(authenticate("root", "wrong"), words.AUTH_FAILED),
    call(authenticate("nobody", "secret"), words.AUTH_FAILED),
    call(authenticate("", ""), words.AUTH_FAILED),
    call({ kind: "member_add", peerUrls: [], isLearner: false }, words.BAD_URLS), // looked at first
    as("root", call(putOf("a", "1"), "put @2")),
    as("root", call(rangeOf("a"), "range @2 count=1", "  kvs: a=1 create=2 mod=2 version=1")),
    as("root", call({ kind: "user_list" }, "user_list @2 users=[root]")),
    ...DISABLED,
    call(rangeOf("a", { countOnly: true }), "range @2 count=1"),
  ),
  caseOf(
    "a user reads what it may read, and writes what it may write",
    ...WITH_USER,
    as("user", call(rangeOf("a"), "range @1")),
    as("user", call(rangeOf("a", { rangeEnd: "c" as Bytes }), "range @1")),
    as("user", call(rangeOf("a", { rangeEnd: "ca" as Bytes }), words.DENIED)),
    as("user", call(rangeOf("c"), words.DENIED)),
    as("user", call(rangeOf("w"), words.DENIED)),
    as("user", call(rangeOf("a", { rangeEnd: "\0" as Bytes }), words.DENIED)),
    as("user", call(putOf("a", "1"), words.DENIED)),
    as("user", call(putOf("w", "1"), "put @2")),
    as("user", call(putOf("w", "1", { prevKv: true }), words.DENIED)),
    as("user", call(putOf("b", "1", { prevKv: true }), "put @3")),
    as("user", call(deleteOf("w", "", true), words.DENIED)),
    as("user", call(deleteOf("w"), "delete_range @4 deleted=1")),
    as("user", call(deleteOf("b", "c"), words.DENIED)),
    ...DISABLED,
  ),
  caseOf(
    "a transaction needs all that its compares and both branches need",
    ...WITH_USER,
    as(
      "user",
      call(
        txnOf([], [rangeOf("a"), putOf("w", "1")]),
        "txn @2 succeeded",
        "  responses: range ~1",
        "  responses: put ~2",
      ),
    ),
    as("user", call(txnOf([], [rangeOf("a")], [putOf("a", "1")]), words.DENIED)),
    as(
      "user",
      call(
        txnOf(
          [
            {
              key: key("c"),
              rangeEnd: key(""),
              result: "equal",
              target: { kind: "version", operand: 0 },
            },
          ],
          [],
        ),
        words.DENIED,
      ),
    ),
    ...DISABLED,
  ),
  since(
    "3.7", // before, nobody looked into it
    caseOf(
      "what is nested in a transaction needs what it needs",
      ...WITH_USER,
      as("user", call(txnOf([], [txnOf([], [rangeOf("c")])]), words.DENIED)),
      as("user", call(txnOf([], [txnOf([], [], [putOf("a", "1")])]), words.DENIED)),
      ...DISABLED,
    ),
  ),
  caseOf(
    "a watch needs to read what it watches",
    ...WITH_USER,
    as("user", ask("w", watchOf("a", "c"))),
    hear("w", "watch @1 created"),
    as("user", ask("w", watchOf("a", "d"))),
    hear(
      "w",
      "watch @1 canceled created watchId=-1" +
        " cancelReason=rpc error: code = PermissionDenied desc = etcdserver: permission denied",
    ),
    ...DISABLED,
  ),
  caseOf(
    "who is not root manages nobody, but may look at itself",
    ...WITH_USER,
    as("user", call(addUser("v", "x"), words.DENIED)),
    as("user", call(role("role_add", "s"), words.DENIED)),
    as("user", call(permit("r", "READ", "z"), words.DENIED)),
    as("user", call({ kind: "auth_disable" }, words.DENIED)),
    as("user", call({ kind: "user_list" }, words.DENIED)),
    as("user", call(user("user_get", "u"), "user_get @1 roles=[r]")),
    as("user", call(user("user_get", "root"), words.DENIED)),
    as(
      "user",
      call(
        role("role_get", "r"),
        "role_get @1",
        "  permissions: key=a rangeEnd=c",
        "  permissions: type=2 key=b",
        "  permissions: type=1 key=w",
      ),
    ),
    as("user", call(role("role_get", "root"), words.DENIED)),
    as(
      "user",
      call(
        { kind: "lease_grant", id: 7n as LeaseId, ttlSeconds: 600 },
        "lease_grant @1 id=7 ttlSeconds=600",
      ),
    ),
    ...DISABLED,
  ),
  since(
    "3.7", // before, whoever had a token could
    caseOf(
      "what concerns all is root's",
      ...WITH_USER,
      as("user", call({ kind: "compact", revision: 1, physical: false }, words.DENIED)),
      as("user", call({ kind: "hash_kv", revision: 0 }, words.DENIED)),
      as("user", call({ kind: "defragment" }, words.DENIED)),
      as("user", call({ kind: "member_list", linearizable: true }, "member_list @", "...")),
      ...DISABLED,
    ),
  ),
  caseOf(
    "what changes about a user holds at once, for the token it has",
    ...WITH_USER,
    as("user", call(rangeOf("c"), words.DENIED)),
    as("root", call(permit("r", "READ", "c"), "role_grant_permission @1")),
    as("user", call(rangeOf("c"), "range @1")),
    as("root", call(take("r", "u"), "user_revoke_role @1")),
    as("user", call(rangeOf("a"), words.DENIED)),
    as("root", call(user("user_delete", "u"), "user_delete @1")),
    as("user", call(rangeOf("a"), words.INVALID_TOKEN)),
    ...DISABLED,
  ),
  caseOf(
    "a new password makes the old one and its tokens worthless",
    ...WITH_USER,
    as(
      "root",
      call(
        { kind: "user_change_password", name: key("u"), password: "new", hashedPassword: "" },
        "user_change_password @1",
      ),
    ),
    as("user", call(rangeOf("a"), words.INVALID_TOKEN)),
    call(authenticate("u", "pass"), words.AUTH_FAILED),
    call(authenticate("u", "new"), "authenticate @1 token=<new>"),
    as("new", call(rangeOf("a"), "range @1")),
    ...DISABLED,
  ),
  caseOf(
    "root stays root while authentication is enabled",
    ...ENABLED,
    as("root", call(user("user_delete", "root"), words.INVALID_AUTH_MANAGEMENT)),
    as("root", call(role("role_delete", "root"), words.INVALID_AUTH_MANAGEMENT)),
    as("root", call(take("root", "root"), words.INVALID_AUTH_MANAGEMENT)),
    ...DISABLED,
  ),
  since(
    "3.5",
    caseOf(
      "whether authentication is enabled can be asked",
      call({ kind: "auth_status" }, "auth_status @1 authRevision=*"),
      ...ENABLED,
      as("root", call({ kind: "auth_status" }, "auth_status @1 enabled authRevision=*")),
      ...DISABLED,
    ),
  ),
];

export const AUTH_CASES: readonly Case[] = [...STORE, ...ENFORCED];
