// What each call needs: every way to a key through every kind of request.

import { describe, expect, it } from "vitest";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { AuthChange } from "../api/request-auth.ts";
import type { Compare, Request, RequestOp } from "../api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf, watchOf } from "../api/testing.ts";
import type { Bytes, Index, LeaseId } from "../contract.ts";
import { attachAll, createLessor, grant } from "../lease/lessor.ts";
import { EMPTY } from "../lib/bytes.ts";
import { applyChange } from "./change.ts";
import { refusalAtDoor, refusalOf } from "./permit.ts";
import type { Auth } from "./store.ts";
import { createAuth } from "./store.ts";
import type { Caller } from "./tokens.ts";
import { NO_CALLER } from "./tokens.ts";

const [MINE, THEIRS] = [5n as LeaseId, 6n as LeaseId];
const AUTH = storeOf([
  user("root"),
  user("alice"),
  { kind: "role_add", name: key("r") },
  allow(0, "read", "readz"),
  allow(1, "write", "writez"),
  allow(2, "both", "bothz"),
  { kind: "user_grant_role", name: key("alice"), role: key("r") },
  { kind: "user_grant_role", name: key("root"), role: key("root") },
  { kind: "auth_enable" },
]);
const LESSOR = attachAll(grant(grant(createLessor(), MINE, 9), THEIRS, 9), [
  [key("write1"), MINE],
  [key("other"), THEIRS],
]);
const ALICE: Caller = { user: key("alice"), revision: AUTH.revision };
const ROOT: Caller = { user: key("root"), revision: AUTH.revision };
const ALLOWED: readonly Request[] = [
  rangeOf("read1"),
  rangeOf("read1", { rangeEnd: key("read9") }),
  putOf("write1", ""),
  putOf("both1", "", { prevKv: true }),
  putOf("write1", "", { lease: MINE }),
  putOf("write1", "", { lease: 99n }),
  deleteOf("write1", "write9"),
  deleteOf("both1", "both9", true),
  txnOf([compareOf("read1")], [putOf("both1", "")], [rangeOf("both1"), { kind: "empty" }]),
  { kind: "watch", ask: watchOf("read", "readz") },
  { kind: "watch", ask: { kind: "progress" } },
  { kind: "lease_revoke", id: MINE },
  { kind: "lease_keep_alive", id: MINE },
  { kind: "lease_time_to_live", id: THEIRS, keys: false },
  { kind: "lease_grant", id: 1n as LeaseId, ttlSeconds: 5 },
  { kind: "user_get", name: key("alice") },
  { kind: "role_get", name: key("r") },
  { kind: "auth_status" },
  { kind: "status" },
  { kind: "member_list", linearizable: true },
];
const DENIED: readonly Request[] = [
  rangeOf("write1"),
  rangeOf("read1", { rangeEnd: key("readzz") }),
  rangeOf("read1", { rangeEnd: "\0" as Bytes }),
  putOf("read1", ""),
  putOf("write1", "", { prevKv: true }),
  putOf("write1", "", { lease: THEIRS }),
  deleteOf("read1"),
  deleteOf("write1", "write9", true),
  txnOf([compareOf("write1")], []),
  txnOf([compareOf("read1", "\0")], []),
  txnOf([], [], [rangeOf("write1")]),
  txnOf([], [putOf("read1", "")]),
  nested(putOf("read1", "")),
  nested(rangeOf("write1")),
  nested(deleteOf("both1", "c")),
  nested(putOf("write1", "", { prevKv: true })),
  nested(txnOf([compareOf("write1")], [])),
  { kind: "watch", ask: watchOf("write1") },
  { kind: "watch", ask: watchOf("read", "\0") },
  { kind: "watch", ask: watchOf("", "\0") },
  { kind: "lease_revoke", id: THEIRS },
  { kind: "lease_keep_alive", id: THEIRS },
  { kind: "lease_time_to_live", id: THEIRS, keys: true },
  { kind: "lease_leases" },
  { kind: "user_get", name: key("root") },
  { kind: "role_get", name: key("root") },
  { kind: "user_list" },
  { kind: "auth_disable" },
  { kind: "user_add", name: key("x"), password: "x", noPassword: false },
  { kind: "compact", revision: 5, physical: false },
  { kind: "hash_kv", revision: 0 },
  { kind: "defragment" },
];

describe("a permission", () => {
  it.each(ALLOWED)("is there for $kind where the keys are the caller's", (request) => {
    expect(asked(ALICE, request)).toBeNull();
  });

  it.each(DENIED)("is missing for $kind where they are not", (request) => {
    expect(asked(ALICE, request)).toEqual(ERRORS.PermissionDenied);
    expect(asked(ROOT, request)).toBeNull();
  });

  it("is nobody's who does not say who they are", () => {
    const free = ["auth_status"];
    for (const request of [...ALLOWED, ...DENIED]) {
      const isFree =
        free.includes(request.kind) || (request.kind === "watch" && isProgress(request));
      const expected = isFree ? null : ERRORS.UserEmpty;
      const refusal = refusalAtDoor(AUTH, NO_CALLER, request) ?? asked(NO_CALLER, request);
      expect([request, refusal]).toEqual([request, expected]);
    }
  });

  it("is asked for again where users have changed since the caller was let in", () => {
    const before = { ...ALICE, revision: AUTH.revision - 1 };
    expect(asked(before, rangeOf("read1"))).toEqual(ERRORS.AuthOldRevision);
    const root = { ...ROOT, revision: AUTH.revision - 1 };
    expect(asked(root, putOf("read1", ""))).toEqual(ERRORS.AuthOldRevision);
  });

  it("is everybody's while nobody is asked", () => {
    const off = { ...AUTH, enabled: false };
    for (const request of DENIED) {
      expect(refusalAtDoor(off, NO_CALLER, request)).toBeNull();
      expect(refusalOf(off, LESSOR, NO_CALLER, request)).toBeNull();
    }
  });

  it("is nobody's who is no more", () => {
    const gone: Caller = { user: key("gone"), revision: AUTH.revision };
    expect(asked(gone, rangeOf("read1"))).toEqual(ERRORS.PermissionDenied);
    expect(asked(gone, { kind: "user_list" })).toEqual(ERRORS.UserNotFound);
  });
});

function asked(caller: Caller, request: Request): ApiError | null {
  return refusalOf(AUTH, LESSOR, caller, request);
}

function nested(operation: RequestOp): Request {
  return txnOf([], [], [txnOf([], [txnOf([], [], [operation])])]);
}

function compareOf(from: string, end = ""): Compare {
  const target = { kind: "version", operand: 0 } as const;
  return { key: key(from), rangeEnd: key(end), result: "equal", target };
}

function isProgress(request: Extract<Request, { kind: "watch" }>): boolean {
  return request.ask.kind === "progress";
}

function user(name: string): AuthChange {
  return { kind: "user_add", name: key(name), hash: EMPTY, noPassword: false };
}

function allow(type: number, from: string, to: string): AuthChange {
  const permission = { type, key: key(from), rangeEnd: key(to) };
  return { kind: "role_grant_permission", name: key("r"), permission };
}

function storeOf(changes: readonly AuthChange[]): Auth {
  return changes.reduce((auth, change) => {
    const changed = applyChange(auth, change, 1 as Index);
    if (!changed.ok) throw new Error(changed.error.message);
    return changed.value.auth;
  }, createAuth());
}
