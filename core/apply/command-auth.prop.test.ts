// Changes of the auth store through their bytes, in an envelope with their caller.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuthChange } from "../api/request-auth.ts";
import type { Bytes, CallId, NodeId } from "../contract.ts";
import { decodeCommand, encodeCommand } from "./command.ts";

const SEED = 20261121;

const name = fc.uint8Array({ maxLength: 8 }).map((raw) => String.fromCharCode(...raw) as Bytes);
const hash = fc.option(name);
const permission = fc.option(
  fc.record({ type: fc.integer({ min: -1, max: 3 }), key: name, rangeEnd: name }),
);
const change: fc.Arbitrary<AuthChange> = fc.oneof(
  fc.record({ kind: fc.constantFrom("auth_enable", "auth_disable") }),
  fc.record({ kind: fc.constant("user_add"), name, hash, noPassword: fc.boolean() }),
  fc.record({ kind: fc.constant("user_change_password"), name, hash }),
  fc.record({ kind: fc.constantFrom("user_delete", "role_add", "role_delete"), name }),
  fc.record({ kind: fc.constantFrom("user_grant_role", "user_revoke_role"), name, role: name }),
  fc.record({ kind: fc.constant("role_grant_permission"), name, permission }),
  fc.record({ kind: fc.constant("role_revoke_permission"), name, key: name, rangeEnd: name }),
  fc.record({
    kind: fc.constant("authenticate"),
    name,
    prefix: name,
    checkedRevision: fc.maxSafeNat(),
  }),
);
const envelope = fc.record({
  command: fc.record({
    kind: fc.constant("auth" as const),
    origin: fc.record({
      node: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) as fc.Arbitrary<NodeId>,
      life: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      call: fc.maxSafeNat() as fc.Arbitrary<CallId>,
    }),
    change,
  }),
  caller: fc.record({ user: name, revision: fc.maxSafeNat() }),
});

describe("the bytes of a change of the auth store", () => {
  it("come back as they went, with who wants it", () => {
    fc.assert(
      fc.property(envelope, (given) => {
        expect(decodeCommand(encodeCommand(given.command, given.caller))).toEqual(given);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("are refused when anything is cut off or added", () => {
    fc.assert(
      fc.property(envelope, fc.nat(), (given, cut) => {
        const encoded = encodeCommand(given.command, given.caller);
        expect(decodeCommand(encoded.subarray(0, cut % encoded.length))).toBeNull();
        expect(decodeCommand(new Uint8Array([...encoded, 0]))).toBeNull();
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
