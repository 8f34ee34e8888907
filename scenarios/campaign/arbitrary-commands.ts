// Every command that a log may hold: those that members propose, and those that only a hostile
// leader could. Keys, leases, members and names are few, so that one command meets what another
// left behind, but for some that are anything at all.

import fc from "fast-check";
import type {
  CompactRequest,
  Compare,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../core/api/request.ts";
import { COMPARE_RESULTS, SORT_ORDERS, SORT_TARGETS } from "../../core/api/request.ts";
import type { AuthChange } from "../../core/api/request-auth.ts";
import type { Command, Envelope } from "../../core/apply/commands/command.ts";
import { isMembershipCommand } from "../../core/apply/commands/command-membership.ts";
import { NAME_BYTES_MAX } from "../../core/auth/records.ts";
import { NO_CALLER } from "../../core/auth/tokens.ts";
import type { Bytes, CallId, LeaseId, NodeId } from "../../core/contract.ts";
import { fromBytes } from "../../core/lib/bytes.ts";
import { VERSION_NUMBER_MAX } from "../../core/lib/version.ts";

const anything = fc.uint8Array({ maxLength: 12 }).map(fromBytes);
const key = mostly(fc.constantFrom("", "a", "ab", "b", "\xff"), anything) as fc.Arbitrary<Bytes>;
const lease = mostly(
  fc.constantFrom(0n, 1n, 2n),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
) as fc.Arbitrary<LeaseId>;
const counter = mostly(fc.integer({ min: -2, max: 9 }), fc.maxSafeInteger());
const natural = mostly(fc.nat({ max: 9 }), fc.maxSafeNat());
const word64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const member = mostly(fc.constantFrom(2n, 3n, 4n, 5n), word64) as fc.Arbitrary<NodeId>;
const value = fc.uint8Array({ maxLength: 20 });

export const range: fc.Arbitrary<RangeRequest> = fc.record({
  kind: fc.constant("range"),
  key,
  rangeEnd: key,
  limit: counter,
  revision: counter,
  sortOrder: fc.constantFrom(...SORT_ORDERS, "invalid" as const),
  sortTarget: fc.constantFrom(...SORT_TARGETS, "invalid" as const),
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: counter,
  maxModRevision: counter,
  minCreateRevision: counter,
  maxCreateRevision: counter,
});
export const put: fc.Arbitrary<PutRequest> = fc.record({
  kind: fc.constant("put" as const),
  key,
  value,
  lease,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
export const deleteRange: fc.Arbitrary<DeleteRangeRequest> = fc.record({
  kind: fc.constant("delete_range" as const),
  key,
  rangeEnd: key,
  prevKv: fc.boolean(),
});
const target: fc.Arbitrary<CompareTarget> = fc.oneof(
  fc.record({ kind: fc.constantFrom("version", "create", "mod"), operand: counter }),
  fc.record({ kind: fc.constant("value"), operand: value }),
  fc.record({ kind: fc.constant("lease"), operand: lease }),
  fc.record({ kind: fc.constant("invalid") }),
);
const compare: fc.Arbitrary<Compare> = fc.record({
  key,
  rangeEnd: key,
  result: fc.constantFrom(...COMPARE_RESULTS, "invalid" as const),
  target,
});
export const txn: fc.Arbitrary<TxnRequest> = fc.letrec<{ txn: TxnRequest; operation: RequestOp }>(
  (tie) => ({
    operation: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      put,
      deleteRange,
      range,
      fc.constant<RequestOp>({ kind: "empty" }),
      tie("txn"),
    ),
    txn: fc.record({
      kind: fc.constant("txn"),
      compare: fc.array(compare, { maxLength: 3 }),
      success: fc.array(tie("operation"), { maxLength: 4 }),
      failure: fc.array(tie("operation"), { maxLength: 4 }),
    }),
  }),
).txn;
export const compact: fc.Arbitrary<CompactRequest> = fc.record({
  kind: fc.constant("compact" as const),
  revision: counter,
  physical: fc.boolean(),
});

const origin = fc.record({
  node: member,
  life: word64,
  call: fc.maxSafeNat().map((id) => id as CallId),
});
const version = fc.record({
  major: mostly(fc.constant(3), fc.nat({ max: VERSION_NUMBER_MAX })),
  minor: mostly(fc.nat({ max: 7 }), fc.nat({ max: VERSION_NUMBER_MAX })),
});
const text = fc.string({ unit: "binary", maxLength: 9 });
const urls = fc.array(fc.oneof(fc.webUrl(), text), { maxLength: 3 });

const name = mostly(
  fc.constantFrom("", "root", "r", "u"),
  fc.oneof(
    anything,
    fc.integer({ min: NAME_BYTES_MAX - 1, max: NAME_BYTES_MAX + 1 }).map((n) => "n".repeat(n)),
    fc.constant("\xff".repeat(100_000)),
  ),
) as fc.Arbitrary<Bytes>;
const hash = fc.option(anything);
const permission = fc.option(
  fc.record({ type: fc.integer({ min: -1, max: 3 }), key, rangeEnd: key }),
);
export const authChange: fc.Arbitrary<AuthChange> = fc.oneof(
  fc.record({ kind: fc.constantFrom("auth_enable", "auth_disable") }),
  fc.record({ kind: fc.constant("user_add"), name, hash, noPassword: fc.boolean() }),
  fc.record({ kind: fc.constant("user_change_password"), name, hash }),
  fc.record({ kind: fc.constantFrom("user_delete", "role_add", "role_delete"), name }),
  fc.record({ kind: fc.constantFrom("user_grant_role", "user_revoke_role"), name, role: name }),
  fc.record({ kind: fc.constant("role_grant_permission"), name, permission }),
  fc.record({ kind: fc.constant("role_revoke_permission"), name, key, rangeEnd: key }),
  fc.record({
    kind: fc.constant("authenticate"),
    name,
    prefix: anything,
    checkedRevision: natural,
  }),
);

const plainCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("kv"),
      origin,
      request: fc.oneof(put, deleteRange, txn, compact),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("auth"), origin, change: authChange }) },
  fc.record({ kind: fc.constant("compact_step"), origin, next: anything, rows: natural }),
  fc.record({ kind: fc.constant("publish"), origin, name: text, clientUrls: urls }),
  fc.record({ kind: fc.constant("lease_grant"), origin, lease, ttlSeconds: natural }),
  fc.record({ kind: fc.constant("lease_revoke"), origin, lease }),
  fc.record({
    kind: fc.constant("lease_checkpoint"),
    origin,
    checkpoints: fc.array(fc.record({ id: lease, remainingSeconds: natural }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("downgrade"), origin, own: version, target: fc.option(version) }),
  fc.record({
    kind: fc.constant("alarm"),
    origin,
    raised: fc.boolean(),
    alarm: fc.record({ memberId: member, alarm: fc.constantFrom("no_space", "corrupt") }),
  }),
);
const change: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("member_add"),
    origin,
    member,
    peerUrls: urls,
    isLearner: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("member_update"), origin, member, peerUrls: urls }),
  fc.record({ kind: fc.constantFrom("member_remove", "member_promote"), origin, member }),
);

/** With who wants it: of a change of members nobody is told, for it has been permitted already. */
export const anyCommand: fc.Arbitrary<Envelope> = fc
  .record({
    command: mostly(plainCommand, change),
    caller: mostly(fc.constant(NO_CALLER), fc.record({ user: name, revision: natural })),
  })
  .map(({ command, caller }) => ({
    command,
    caller: isMembershipCommand(command) ? NO_CALLER : caller,
  }));

function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: other });
}
