// Changes of users and roles: etcd's words against them one by one, and for any sequence of them
// that a store which was written and read again is the same store.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../api/errors.ts";
import type { ErrorName } from "../api/errors.ts";
import type { AuthChange, Permission } from "../api/request-auth.ts";
import { key } from "../api/testing.ts";
import type { Bytes, Index } from "../contract.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { EMPTY } from "../lib/bytes.ts";
import { entries } from "../lib/ordered-map.ts";
import { applyChange } from "./change.ts";
import { GRANTS_BYTES_MAX, NAME_BYTES_MAX } from "./records.ts";
import type { Auth } from "./store.ts";
import { createAuth, restoreAuth } from "./store.ts";

const INDEX = 7 as Index;
const HASH = "hash" as Bytes;
const ROOT = key("root");
const ALICE = key("alice");
const BOB = key("bob");
const READER = key("reader");

const name = fc.constantFrom(ROOT, ALICE, BOB, EMPTY);
const role = fc.constantFrom(ROOT, READER, EMPTY);
const hash = fc.constantFrom(HASH, null);
const keyArbitrary = fc.constantFrom("a", "b", "") as fc.Arbitrary<Bytes>;
const end = fc.constantFrom("", "\0", "b", "c") as fc.Arbitrary<Bytes>;
const permission = fc.record({
  type: fc.integer({ min: -1, max: 3 }),
  key: keyArbitrary,
  rangeEnd: end,
});
const change: fc.Arbitrary<AuthChange> = fc.oneof(
  fc.record({ kind: fc.constantFrom("auth_enable", "auth_disable") }),
  fc.record({ kind: fc.constant("user_add"), name, hash, noPassword: fc.boolean() }),
  fc.record({ kind: fc.constant("user_change_password"), name, hash }),
  fc.record({ kind: fc.constant("user_delete"), name }),
  fc.record({ kind: fc.constantFrom("role_add", "role_delete"), name: role }),
  fc.record({ kind: fc.constantFrom("user_grant_role", "user_revoke_role"), name, role }),
  fc.record({
    kind: fc.constant("role_grant_permission"),
    name: role,
    permission: fc.option(permission),
  }),
  fc.record({
    kind: fc.constant("role_revoke_permission"),
    name: role,
    key: keyArbitrary,
    rangeEnd: end,
  }),
);

describe("a change of users and roles", () => {
  it("is a new revision, or changes nothing; and what it wrote is what it made", () => {
    const property = fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const kv = createMemoryKv();
      let auth = createAuth();
      for (const each of changes) {
        const changed = applyChange(auth, each, INDEX);
        if (!changed.ok) continue;
        const next = changed.value.auth;
        const isNew = next !== auth && each.kind !== "auth_enable";
        expect(next.revision).toBe(auth.revision + (isNew ? 1 : 0));
        kv.perform(changed.value.writes);
        auth = next;
      }
      expect(plain(restoreAuth(kv))).toEqual(plain(auth));
    });
    fc.assert(property, { seed: 20261121, numRuns: 300 });
  });

  it("is refused in etcd's words", () => {
    const auth = after(createAuth(), [
      user(ROOT),
      user(ALICE),
      { kind: "role_add", name: READER },
      { kind: "user_grant_role", name: ROOT, role: ROOT },
      { kind: "auth_enable" },
    ]);
    const refusals: readonly (readonly [AuthChange, ErrorName])[] = [
      [user(ALICE), "UserAlreadyExist"],
      [user(EMPTY), "UserEmpty"],
      [{ kind: "user_add", name: BOB, hash: null, noPassword: false }, "NoPasswordUser"],
      [{ kind: "user_delete", name: BOB }, "UserNotFound"],
      [{ kind: "user_delete", name: ROOT }, "InvalidAuthMgmt"],
      [{ kind: "user_change_password", name: BOB, hash: HASH }, "UserNotFound"],
      [{ kind: "user_grant_role", name: BOB, role: READER }, "UserNotFound"],
      [{ kind: "user_grant_role", name: ALICE, role: BOB }, "RoleNotFound"],
      [{ kind: "user_revoke_role", name: ALICE, role: READER }, "RoleNotGranted"],
      [{ kind: "user_revoke_role", name: ROOT, role: ROOT }, "InvalidAuthMgmt"],
      [{ kind: "role_add", name: READER }, "RoleAlreadyExist"],
      [{ kind: "role_add", name: EMPTY }, "RoleEmpty"],
      [{ kind: "role_add", name: TOO_LONG }, "NameTooLong"],
      [user(TOO_LONG), "NameTooLong"],
      [{ kind: "role_delete", name: ROOT }, "InvalidAuthMgmt"],
      [{ kind: "role_delete", name: BOB }, "RoleNotFound"],
      [{ kind: "role_grant_permission", name: READER, permission: null }, "PermissionNotGiven"],
      [{ kind: "role_revoke_permission", name: READER, ...A }, "PermissionNotGranted"],
      [{ kind: "authenticate", name: BOB, prefix: HASH, checkedRevision: 5 }, "AuthFailed"],
      [{ kind: "authenticate", name: ALICE, prefix: HASH, checkedRevision: 4 }, "AuthOldRevision"],
    ];
    for (const [each, error] of refusals) {
      expect(applyChange(auth, each, INDEX)).toEqual({ ok: false, error: ERRORS[error] });
    }
  });

  it("names nobody whom the store could not keep, and grants no more than a row holds", () => {
    const longest = TOO_LONG.slice(1) as Bytes;
    const kv = createMemoryKv();
    let auth = after(createAuth(), [user(BOB), { kind: "role_add", name: READER }]);
    for (const each of [user(longest), { kind: "role_add", name: longest } as const]) {
      const changed = applyChange(auth, each, INDEX);
      if (!changed.ok) throw new Error(changed.error.message);
      kv.perform(changed.value.writes);
      ({ auth } = changed.value);
    }
    expect([...entries(restoreAuth(kv).roles)].map(([found]) => found)).toEqual([longest]);

    const grant = (text: Bytes): AuthChange => {
      const granted: Permission = { type: 2, key: text, rangeEnd: EMPTY };
      return { kind: "role_grant_permission", name: READER, permission: granted };
    };
    const half = "x".repeat(GRANTS_BYTES_MAX / 2) as Bytes;
    auth = after(auth, [grant(half)]);
    const refused = { ok: false, error: ERRORS.GrantsTooLarge };
    expect(applyChange(auth, grant((half + "y") as Bytes), INDEX)).toEqual(refused);
    expect(applyChange(auth, grant(ALICE), INDEX).ok).toBe(true);
  });

  it("is not turned on without somebody who may turn it off", () => {
    const enable: AuthChange = { kind: "auth_enable" };
    const alone = createAuth();
    expect(applyChange(alone, enable, INDEX)).toMatchObject({ error: ERRORS.RootUserNotExist });
    const user1 = after(alone, [user(ROOT)]);
    expect(applyChange(user1, enable, INDEX)).toMatchObject({ error: ERRORS.RootRoleNotExist });
  });

  it("takes tokens with it: of who changed, or all", () => {
    const auth = after(createAuth(), [
      user(ROOT),
      user(ALICE),
      { kind: "user_grant_role", name: ROOT, role: ROOT },
      { kind: "auth_enable" },
    ]);
    const tokensOf = (each: AuthChange): unknown => {
      const changed = applyChange(auth, each, INDEX);
      return changed.ok ? changed.value.tokens : changed.error;
    };
    const { revision: checkedRevision } = auth;
    const login = { kind: "authenticate", name: ALICE, prefix: "abc" as Bytes, checkedRevision };
    const assigned = { kind: "assigned", token: "abc.7", user: ALICE };
    expect(tokensOf(login as AuthChange)).toEqual(assigned);
    const revoked = { kind: "revoked", user: ALICE };
    expect(tokensOf({ kind: "user_delete", name: ALICE })).toEqual(revoked);
    const passwd: AuthChange = { kind: "user_change_password", name: ALICE, hash: HASH };
    expect(tokensOf(passwd)).toEqual(revoked);
    expect(tokensOf({ kind: "auth_disable" })).toEqual({ kind: "cleared" });
  });
});

const TOO_LONG = "n".repeat(NAME_BYTES_MAX + 1) as Bytes;
const A = { key: "a" as Bytes, rangeEnd: EMPTY };

function user(of: Bytes): AuthChange {
  return { kind: "user_add", name: of, hash: HASH, noPassword: false };
}

function after(auth: Auth, changes: readonly AuthChange[]): Auth {
  return changes.reduce((now, each) => {
    const changed = applyChange(now, each, INDEX);
    if (!changed.ok) throw new Error(changed.error.message);
    return changed.value.auth;
  }, auth);
}

function plain(auth: Auth): unknown {
  const { enabled, revision, users, roles, rights } = auth;
  return [enabled, revision, [...entries(users)], [...entries(roles)], [...entries(rights)]];
}
