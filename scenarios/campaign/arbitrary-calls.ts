// Every call that a client may make, well-formed, at sizes up to the limits. Names are few, so that
// one call meets what another left behind. A table by kind: what is missing does not compile.

import fc from "fast-check";
import type { Request, RequestOp, TxnRequest } from "../../core/api/request.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "../../core/api/testing.ts";
import { NAME_BYTES_MAX } from "../../core/auth/records.ts";
import type { Bytes, LeaseId, NodeId } from "../../core/contract.ts";
import * as commands from "./arbitrary-commands.ts";

/** What a member that is called accepts. */
export type CallLimits = Readonly<{ requestBytes: number; transactionOperations: number }>;
type Makers = Readonly<{
  [K in Request["kind"]]: fc.Arbitrary<Extract<Request, Readonly<{ kind: K }>>>;
}>;

export const PASSWORD = "secret";
const LEASES = [1n, 2n] as LeaseId[];
/** Around a request: what a message of so many bytes has room for is a little less. */
const EDGE_BYTES = 100;

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("root", "u", "r") },
  fc.integer({ min: NAME_BYTES_MAX - 1, max: NAME_BYTES_MAX + 1 }).map((n) => "n".repeat(n)),
  fc.integer({ min: NAME_BYTES_MAX, max: 2 * NAME_BYTES_MAX }).map((n) => "n".repeat(n)),
) as fc.Arbitrary<Bytes>;
const password = fc.constantFrom(PASSWORD, PASSWORD, "", "other");
const lease = fc.constantFrom(...LEASES, 0n as LeaseId, -1n as LeaseId);
const revision = fc.oneof(fc.integer({ min: -1, max: 30 }), fc.constant(Number.MAX_SAFE_INTEGER));
const member = fc.constantFrom(1n, 2n, 0n) as fc.Arbitrary<NodeId>;
const urls = fc.constantFrom(["http://a:1"], ["http://a:1", "http://b:2"], [], ["no url"]);
const text = fc.constantFrom("", "etcdserverpb.KV", "x".repeat(100));

/** `limits` are those of the member; the largest of its calls are a little too large for it. */
export function anyCall(limits: CallLimits): fc.Arbitrary<Request> {
  const makers = makersOf(limits);
  const usual = Object.values(makers) as fc.Arbitrary<Request>[];
  const { put, delete_range, txn, lease_revoke, user_add, role_add } = makers;
  const more = [put, put, txn, txn, delete_range, lease_revoke, user_add, role_add];
  return fc.oneof(...usual, ...more);
}

/** Whoever makes them first has users, roles, leases and a token. */
export const INTRODUCTION: readonly Request[] = [
  ...LEASES.map((id): Request => ({ kind: "lease_grant", id, ttlSeconds: 600 })),
  { kind: "user_add", name: "root" as Bytes, password: PASSWORD, noPassword: false },
  { kind: "user_grant_role", name: "root" as Bytes, role: "root" as Bytes },
  { kind: "auth_enable" },
  { kind: "authenticate", name: "root" as Bytes, password: PASSWORD },
];

const just = <K extends Request["kind"]>(kind: K) => fc.record({ kind: fc.constant(kind) });
const named = <K extends string>(kind: K) => fc.record({ kind: fc.constant(kind), name });
const withLease = <K extends string>(kind: K) => fc.record({ kind: fc.constant(kind), id: lease });
const withRole = <K extends string>(kind: K) =>
  fc.record({ kind: fc.constant(kind), name, role: name });

function makersOf(limits: CallLimits): Makers {
  const { makers, key, value } = kvMakersOf(limits);
  return {
    ...makers,
    ...authMakersOf(key),
    ...LEASES_AND_MEMBERS,
    ...serviceMakersOf(key, value),
  };
}

function authMakersOf(key: fc.Arbitrary<Bytes>) {
  return {
    auth_enable: just("auth_enable"),
    auth_disable: just("auth_disable"),
    auth_status: just("auth_status"),
    user_get: named("user_get"),
    user_list: just("user_list"),
    role_get: named("role_get"),
    role_list: just("role_list"),
    authenticate: fc.record({ kind: fc.constant("authenticate"), name, password }),
    user_add: fc.record({
      kind: fc.constant("user_add"),
      name,
      password,
      noPassword: fc.boolean(),
    }),
    user_change_password: fc.record({
      kind: fc.constant("user_change_password"),
      name,
      password,
      hashedPassword: fc.constantFrom("", "aGFzaA==", "no base64"),
    }),
    user_delete: named("user_delete"),
    role_add: named("role_add"),
    role_delete: named("role_delete"),
    user_grant_role: withRole("user_grant_role"),
    user_revoke_role: withRole("user_revoke_role"),
    role_grant_permission: fc.record({
      kind: fc.constant("role_grant_permission"),
      name,
      permission: fc.option(fc.record({ type: fc.nat(3), key, rangeEnd: key })),
    }),
    role_revoke_permission: fc.record({
      kind: fc.constant("role_revoke_permission"),
      name,
      key,
      rangeEnd: key,
    }),
  };
}

const LEASES_AND_MEMBERS = {
  lease_grant: fc.record({
    kind: fc.constant("lease_grant"),
    id: lease,
    ttlSeconds: fc.constantFrom(0, 1, 600, 9_000_000_000, 9_000_000_001, -1),
  }),
  lease_revoke: withLease("lease_revoke"),
  lease_leases: just("lease_leases"),
  lease_time_to_live: fc.record({
    kind: fc.constant("lease_time_to_live"),
    id: lease,
    keys: fc.boolean(),
  }),
  lease_keep_alive: withLease("lease_keep_alive"),
  // A voter that is not there would be half of them all: only learners are added.
  member_add: fc.record({
    kind: fc.constant("member_add"),
    peerUrls: urls,
    isLearner: fc.constant(true),
  }),
  member_remove: fc.record({ kind: fc.constant("member_remove"), id: member }),
  member_update: fc.record({ kind: fc.constant("member_update"), id: member, peerUrls: urls }),
  member_promote: fc.record({ kind: fc.constant("member_promote"), id: member }),
  member_list: fc.record({ kind: fc.constant("member_list"), linearizable: fc.boolean() }),
};

function serviceMakersOf(key: fc.Arbitrary<Bytes>, value: fc.Arbitrary<Uint8Array>) {
  const leader = fc.option(fc.record({ name: key, key, revision, lease }));
  return {
    status: just("status"),
    hash: just("hash"),
    defragment: just("defragment"),
    hash_kv: fc.record({ kind: fc.constant("hash_kv"), revision }),
    move_leader: fc.record({ kind: fc.constant("move_leader"), targetId: member }),
    alarm: fc.record({
      kind: fc.constant("alarm"),
      action: fc.constantFrom("get", "activate", "deactivate", "deactivate", "unknown"),
      memberId: member,
      alarm: fc.constantFrom("none", "no_space", "corrupt", "unknown"),
    }),
    downgrade: fc.record({
      kind: fc.constant("downgrade"),
      action: fc.constantFrom("validate", "enable", "cancel", "unknown"),
      version: fc.constantFrom("3.6", "3.6.0", "3.5", "", "3.7.0"),
    }),
    snapshot: just("snapshot"),
    lock: fc.record({ kind: fc.constant("lock"), name: key, lease }),
    unlock: fc.record({ kind: fc.constant("unlock"), key }),
    campaign: fc.record({ kind: fc.constant("campaign"), name: key, lease, value }),
    proclaim: fc.record({ kind: fc.constant("proclaim"), leader, value }),
    leader: fc.record({ kind: fc.constant("leader"), name: key }),
    resign: fc.record({ kind: fc.constant("resign"), leader }),
    observe: fc.record({ kind: fc.constant("observe"), name: key }),
    health_check: fc.record({ kind: fc.constant("health_check"), service: text }),
    health_watch: fc.record({ kind: fc.constant("health_watch"), service: text }),
    health_list: just("health_list"),
  };
}

function kvMakersOf({ requestBytes, transactionOperations }: CallLimits) {
  const large = fc.integer({ min: requestBytes - EDGE_BYTES, max: requestBytes + EDGE_BYTES });
  const length = fc.oneof(
    { weight: 9, arbitrary: fc.nat(20) },
    { weight: 1, arbitrary: large },
    { weight: 1, arbitrary: fc.nat(requestBytes) },
  );
  const key = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom("", "a", "b", "k/", "k0", "\xff") },
    length.map((n) => "k".repeat(n)),
  ) as fc.Arbitrary<Bytes>;
  const value = length.map((n) => new Uint8Array(n).fill(n));
  const put = fc
    .record({ base: commands.put, value, key, id: lease })
    .map(({ base, id, ...more }) => ({ ...base, ...more, lease: base.lease === 0n ? 0n : id }));
  const range = fc.oneof(
    commands.range,
    fc.constant(rangeOf("\0", { rangeEnd: "\0" as Bytes })),
    fc.record({ base: commands.range, key }).map(({ base, ...more }) => ({ ...base, ...more })),
  );
  const deletion = fc.oneof(commands.deleteRange, fc.constant(deleteOf("k", "l", true)));
  const makers = {
    put,
    range,
    range_stream: fc.record({ kind: fc.constant("range_stream" as const), range }),
    delete_range: deletion,
    compact: fc.oneof(
      commands.compact,
      revision.map((at) => compaction(at)),
    ),
    txn: fc.oneof(commands.txn, wideTxn(transactionOperations)),
    watch: fc.record({
      kind: fc.constant("watch" as const),
      ask: fc.oneof(
        fc.record({
          kind: fc.constant("create" as const),
          key,
          rangeEnd: key,
          startRevision: revision,
          progressNotify: fc.boolean(),
          noPut: fc.boolean(),
          noDelete: fc.boolean(),
          prevKv: fc.boolean(),
          watchId: lease,
          fragment: fc.boolean(),
        }),
        fc.record({ kind: fc.constantFrom("progress" as const, "nothing" as const) }),
        fc.record({ kind: fc.constant("cancel" as const), watchId: lease }),
      ),
    }),
  };
  return { key, value, makers };
}

function compaction(at: number) {
  return { kind: "compact" as const, revision: at, physical: at % 2 === 0 };
}

/** As wide and as deep as they may be together, or by one more. */
function wideTxn(operations: number): fc.Arbitrary<TxnRequest> {
  const drawn = { share: fc.integer({ min: 1, max: 4 }), over: fc.nat(1), id: lease };
  return fc
    .record({ ...drawn, deletes: fc.boolean(), deep: fc.boolean() })
    .map(({ share, over, id, deletes, deep }) => {
      const width = Math.ceil(operations / share) + (share === 1 ? over : 0);
      const leaves = Array.from({ length: width }, (_, at): RequestOp =>
        deletes && at % 2 === 1
          ? deleteOf(`d/${at}`, `d/${at}~`, true)
          : putOf(`k/${at}`, "v", { lease: id === -1n ? 0n : id, prevKv: true }),
      );
      const depth = deep ? operations - width + over : 0;
      let txn = txnOf([], leaves, leaves.slice(0, 1));
      for (let at = 0; at < depth; at++) txn = txnOf([], [txn], []);
      return txn;
    });
}
