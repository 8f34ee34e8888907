// What each call needs of its caller, beyond keys: leases, which are as their keys are; what
// concerns all; and how permissions add up.

import type { Bytes, LeaseId, NodeId } from "../../contract.ts";
import type { LockRequest } from "../../api/request-concurrency.ts";
import type { UnaryRequest } from "../../api/request.ts";
import { deleteOf, key, putOf, rangeOf, watchOf } from "../../api/testing.ts";
import { addUser, authenticate, DISABLED, ENABLED, give, permit, role, WITH_USER } from "./auth.ts";
import type { Case, CaseStep } from "./case.ts";
import { as, ask, call, caseOf, hear, say, since } from "./case.ts";
import * as words from "./words.ts";

/** The user can neither read nor write c, which hangs on this lease. */
const THEIRS = 7n as LeaseId;
/** On which b hangs, which the user may read and write. */
const OWN = 8n as LeaseId;

const WITH_LEASES: readonly CaseStep[] = [
  ...WITH_USER,
  ...[THEIRS, OWN].map((id) =>
    as(
      "user",
      call({ kind: "lease_grant", id, ttlSeconds: 600 }, `lease_grant @1 id=${id} ttlSeconds=600`),
    ),
  ),
  as("root", call(putOf("c", "1", { lease: THEIRS }), "put @2")),
  as("user", call(putOf("b", "1", { lease: OWN }), "put @3")),
];
const GONE: readonly CaseStep[] = [
  as("root", call({ kind: "lease_revoke", id: THEIRS }, "lease_revoke @*")),
  ...DISABLED,
];

const left = (id: LeaseId, keys: boolean): UnaryRequest => {
  return { kind: "lease_time_to_live", id, keys };
};
const NO_BYTES = new Uint8Array(0);
const LEFT = "lease_time_to_live @3 id=8 ttlSeconds=* grantedTtlSeconds=600";
const MADE_EMPTY = as("root", call(deleteOf("c"), "delete_range @5 deleted=1"));

const LEASES: readonly Case[] = [
  caseOf(
    "a lease is ended by whoever may write all its keys, and takes keys of nobody else",
    ...WITH_LEASES,
    as("user", call(putOf("b", "1", { lease: THEIRS }), words.DENIED)),
    as("user", call({ kind: "lease_revoke", id: THEIRS }, words.DENIED)),
    as("user", call({ kind: "lease_revoke", id: OWN }, "lease_revoke @4")),
    as("user", call(rangeOf("b"), "range @4")),
    MADE_EMPTY,
    as("user", call({ kind: "lease_revoke", id: THEIRS }, "lease_revoke @5")),
    ...DISABLED,
  ),
  since(
    "3.7", // before, whoever had a token could
    caseOf(
      "a lease is looked into by whoever may read all its keys, and kept by whoever may write them",
      ...WITH_LEASES,
      as("user", call(left(OWN, true), `${LEFT} keys=[b]`)),
      as("user", call(left(THEIRS, true), words.DENIED)),
      as("user", call(left(THEIRS, false), LEFT.replace("8", "7"))),
      as("user", call({ kind: "lease_leases" }, words.DENIED)),
      as("root", call({ kind: "lease_leases" }, "lease_leases @3 leases=[7,8]")),
      as("user", say("own", { kind: "lease_keep_alive", id: OWN })),
      hear("own", "lease_keep_alive @3 id=8 ttlSeconds=600"),
      as("user", say("theirs", { kind: "lease_keep_alive", id: THEIRS })),
      hear("theirs", words.DENIED),
      as("user", say("none", { kind: "lease_keep_alive", id: 9n as LeaseId })),
      hear("none", "lease_keep_alive @3 id=9"),
      ...GONE,
    ),
  ),
  since(
    "3.7",
    caseOf(
      "about leases, too, one must say who asks",
      ...WITH_LEASES,
      call({ kind: "lease_grant", id: 9n as LeaseId, ttlSeconds: 60 }, words.USER_EMPTY),
      call({ kind: "lease_revoke", id: OWN }, words.USER_EMPTY),
      call({ kind: "lease_revoke", id: 9n as LeaseId }, words.USER_EMPTY),
      call(left(OWN, false), words.USER_EMPTY),
      call({ kind: "lease_leases" }, words.USER_EMPTY),
      say("k", { kind: "lease_keep_alive", id: OWN }),
      hear("k", words.USER_EMPTY),
      ...GONE,
    ),
  ),
];

const ROOTS_OWN: readonly UnaryRequest[] = [
  { kind: "compact", revision: 1, physical: false },
  { kind: "hash" },
  { kind: "hash_kv", revision: 0 },
  { kind: "defragment" },
  { kind: "move_leader", targetId: 5n as NodeId },
  { kind: "downgrade", action: "validate", version: "" },
  { kind: "alarm", action: "activate", memberId: 5n as NodeId, alarm: "no_space" },
  { kind: "alarm", action: "deactivate", memberId: 5n as NodeId, alarm: "no_space" },
  { kind: "member_add", peerUrls: ["http://127.0.0.1:9"], isLearner: true },
  { kind: "member_remove", id: 5n as NodeId },
  { kind: "member_update", id: 5n as NodeId, peerUrls: [] },
  { kind: "member_promote", id: 5n as NodeId },
  { kind: "role_list" },
  { kind: "user_list" },
];
const ANYBODYS: readonly UnaryRequest[] = [
  { kind: "status" },
  { kind: "alarm", action: "get", memberId: 0n as NodeId, alarm: "none" },
  { kind: "member_list", linearizable: true },
  { kind: "member_list", linearizable: false },
];

const SERVICES: readonly Case[] = [
  since(
    "3.7", // before, some of it was anybody's
    caseOf(
      "what concerns all is root's, and what shows how all are is every user's",
      ...WITH_USER,
      ...ROOTS_OWN.map((request) => call(request, words.USER_EMPTY)),
      ...ROOTS_OWN.map((request) => as("user", call(request, words.DENIED))),
      ...ANYBODYS.map((request) => call(request, words.USER_EMPTY)),
      ...ANYBODYS.map((request) => as("user", call(request, "..."))),
      call({ kind: "auth_status" }, "auth_status @1 enabled authRevision=*"),
      say("nobody", { kind: "snapshot" }),
      hear("nobody", words.USER_EMPTY),
      as("user", say("user", { kind: "snapshot" })),
      hear("user", words.DENIED),
      ...DISABLED,
    ),
  ),
  caseOf(
    "a watch of nobody's is refused in the words that a call would hear",
    ...ENABLED,
    ask("w", watchOf("a")),
    hear(
      "w",
      "watch @1 canceled created watchId=-1" +
        " cancelReason=rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
    ),
    ...DISABLED,
  ),
];

/** On the same stream, once the user is gone. */
const FORGOTTEN = caseOf(
  "a watch by a token that is worth nothing any more is refused in those words, too",
  ...WITH_USER,
  as("user", ask("w", watchOf("a"))),
  hear("w", "watch @1 created"),
  as("root", call({ kind: "user_delete", name: key("u") }, "user_delete @1")),
  ask("w", watchOf("a")),
  hear(
    "w",
    "watch @1 canceled created watchId=-1" +
      " cancelReason=rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
  ),
  ...DISABLED,
);

const lock = (name: string, lease: LeaseId): LockRequest => {
  return { kind: "lock", name: key(name), lease };
};
const NOBODYS = "error 2: etcdserver: user name is empty";

/** Told by etcd's own client, which has words and no codes. */
const LOCKS = caseOf(
  "locks and elections need what their keys need",
  ...WITH_LEASES,
  as("root", call(permit("r", "READWRITE", "l/", "l0"), "role_grant_permission @3")),
  call(lock("l", OWN), NOBODYS),
  call({ kind: "unlock", key: key("l/8") }, NOBODYS),
  call({ kind: "leader", name: key("l") }, NOBODYS),
  call({ kind: "campaign", name: key("l"), lease: OWN, value: NO_BYTES }, NOBODYS),
  say("o", { kind: "observe", name: key("l") }),
  hear("o", "end"),
  as("user", call(lock("z", OWN), "error 2: etcdserver: permission denied")),
  as("user", call(lock("l", OWN), "lock @4 key=l/8")),
  as("user", call({ kind: "unlock", key: key("l/8") }, "unlock @5")),
  ...GONE,
);

const GRANTS: readonly Case[] = [
  caseOf(
    "ranges that touch are one, and one may have no end",
    ...WITH_USER,
    as("root", call(permit("r", "READ", "c", "e"), "role_grant_permission @1")),
    as("user", call(rangeOf("a", { rangeEnd: key("e") }), "range @1")),
    as("user", call(rangeOf("b", { rangeEnd: key("d") }), "range @1")),
    as("user", call(rangeOf("a", { rangeEnd: key("ea") }), words.DENIED)),
    as("root", call(permit("r", "READ", "x", "\0"), "role_grant_permission @1")),
    as("user", call(rangeOf("x", { rangeEnd: "\0" as Bytes }), "range @1")),
    as("user", call(rangeOf("y", { rangeEnd: "z" as Bytes }), "range @1")),
    as("user", call(rangeOf("w", { rangeEnd: "\0" as Bytes }), words.DENIED)),
    ...DISABLED,
  ),
  since(
    "3.6",
    caseOf(
      "the role of root may do everything, whatever was granted to it",
      call(role("role_add", "root"), "role_add @1"),
      call(permit("root", "READ", "a"), "role_grant_permission @1"),
      call(role("role_get", "root"), "role_get @1", "  permissions: type=2 rangeEnd=\\x00"),
    ),
  ),
  since(
    "3.5", // before, any range was granted
    caseOf(
      "a permission needs a key, and an end behind it, whatever the role",
      call(permit("none", "READ", ""), words.INVALID_AUTH_MANAGEMENT),
      call(permit("none", "READ", "b", "a"), words.INVALID_AUTH_MANAGEMENT),
      call(permit("none", "READ", "b", "b"), words.INVALID_AUTH_MANAGEMENT),
      call(permit("none", "READ", "b", "\0"), words.ROLE_NOT_FOUND),
      call(
        { kind: "role_grant_permission", name: key("none"), permission: null },
        words.PERMISSION_NOT_GIVEN,
      ),
    ),
  ),
  caseOf(
    "a user without a password cannot show one, whatever it is changed to",
    call({ kind: "user_add", name: key("u"), password: "x", noPassword: true }, "user_add @1"),
    ...ENABLED,
    call(authenticate("u", "x"), words.NO_PASSWORD_USER),
    as(
      "root",
      call(
        { kind: "user_change_password", name: key("u"), password: "y", hashedPassword: "" },
        "user_change_password @1",
      ),
    ),
    call(authenticate("u", "y"), words.NO_PASSWORD_USER),
    ...DISABLED,
    call(authenticate("u", "y"), words.AUTH_NOT_ENABLED),
  ),
  caseOf(
    "a role of root's needs no such role, and any other does",
    call(addUser("u", "x"), "user_add @1"),
    call(give("root", "u"), "user_grant_role @1"),
    call(give("other", "u"), words.ROLE_NOT_FOUND),
    call({ kind: "user_get", name: key("u") }, "user_get @1 roles=[root]"),
  ),
];

export const PERMISSION_CASES: readonly Case[] = [
  ...LEASES,
  ...SERVICES,
  FORGOTTEN,
  LOCKS,
  ...GRANTS,
];
