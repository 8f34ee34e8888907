// The Lock and the Election service.

import type { Bytes, LeaseId } from "../../contract.ts";
import type {
  CampaignRequest,
  LeaderKey,
  LockRequest,
  ProclaimRequest,
  ResignRequest,
} from "../../api/request-concurrency.ts";
import { deleteOf, key, rangeOf, value } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { at, begin, call, caseOf, hear, say } from "./case.ts";

const leaseOf = (id: number): CaseStep =>
  call(
    { kind: "lease_grant", id: BigInt(id) as LeaseId, ttlSeconds: 600 },
    `lease_grant @1 id=${id} ttlSeconds=600`,
  );
const lock = (name: string, lease: number): LockRequest => {
  return { kind: "lock", name: key(name), lease: BigInt(lease) as LeaseId };
};
const unlock = (name: string) => ({ kind: "unlock", key: key(name) }) as const;
const campaign = (name: string, lease: number, text: string): CampaignRequest => {
  return { kind: "campaign", name: key(name), lease: BigInt(lease) as LeaseId, value: value(text) };
};
const leaderOf = (name: string) => ({ kind: "leader", name: key(name) }) as const;
const observe = (name: string) => ({ kind: "observe", name: key(name) }) as const;
const lead = (lease: number, revision: number): LeaderKey => {
  const name = `e/${lease.toString(16)}`;
  return { name: key("e"), key: key(name), revision, lease: BigInt(lease) as LeaseId };
};
const proclaim = (leader: LeaderKey | null, text: string): ProclaimRequest => {
  return { kind: "proclaim", leader, value: value(text) };
};
const resign = (leader: LeaderKey | null): ResignRequest => ({ kind: "resign", leader });

const LOCKS: readonly Case[] = [
  caseOf(
    "a lock is a key on a lease, and whoever has the lease has it still",
    leaseOf(10),
    call(lock("m", 10), "lock @2 key=m/a"),
    call(rangeOf("m/a"), "range @2 count=1", "  kvs: m/a= create=2 mod=2 version=1 lease=10"),
    call(lock("m", 10), "lock @2 key=m/a"),
    call(unlock("m/a"), "unlock @3"),
    call(unlock("m/a"), "unlock @3"),
    call(rangeOf("m/a"), "range @3"),
  ),
  caseOf(
    "who comes second waits for who came first",
    leaseOf(10),
    leaseOf(11),
    call(lock("m", 10), "lock @2 key=m/a"),
    begin("second", lock("m", 11)),
    call(lock("other", 11), "lock @* key=other/b"),
    call(unlock("m/a"), "unlock @5"),
    hear("second", "lock @5 key=m/b"),
  ),
  caseOf(
    "the end of a lease is the end of its lock",
    leaseOf(10),
    leaseOf(11),
    call(lock("m", 10), "lock @2 key=m/a"),
    at(1, begin("second", lock("m", 11))),
    call({ kind: "lease_revoke", id: 10n as LeaseId }, "lease_revoke @*"),
    hear("second", "lock @4 key=m/b"),
  ),
  caseOf(
    "without a lease the server grants one",
    call(lock("m", 0), "lock @2 key=m/*"),
    call(rangeOf("m/", { rangeEnd: "m0" as Bytes, countOnly: true }), "range @2 count=1"),
  ),
  caseOf(
    "a lock needs a lease that exists",
    call(lock("m", 10), "error 2: etcdserver: requested lease not found"),
    call(rangeOf("m/a"), "range @1"),
  ),
];

const ELECTIONS: readonly Case[] = [
  caseOf(
    "who leads proclaims until it resigns",
    leaseOf(10),
    call(campaign("e", 10, "one"), "campaign @2", "  leader: name=e key=e/a revision=2 lease=10"),
    call(leaderOf("e"), "leader @2", "  kv: e/a=one create=2 mod=2 version=1 lease=10"),
    call(proclaim(lead(10, 2), "two"), "proclaim @3"),
    call(leaderOf("e"), "leader @3", "  kv: e/a=two create=2 mod=3 version=2 lease=10"),
    call(resign(lead(10, 2)), "resign @4"),
    call(leaderOf("e"), "error 2: election: no leader"),
    call(resign(lead(10, 2)), "resign @4"),
    call(proclaim(lead(10, 2), "three"), "error 2: election: not leader"),
  ),
  caseOf(
    "who campaigns again has a new value, and the same lead",
    leaseOf(10),
    call(campaign("e", 10, "one"), "campaign @2", "  leader: name=e key=e/a revision=2 lease=10"),
    call(campaign("e", 10, "two"), "campaign @2", "  leader: name=e key=e/a revision=2 lease=10"),
    call(leaderOf("e"), "leader @3", "  kv: e/a=two create=2 mod=3 version=2 lease=10"),
  ),
  caseOf(
    "the next leads when the first is gone",
    leaseOf(10),
    leaseOf(11),
    call(campaign("e", 10, "one"), "campaign @2", "  leader: name=e key=e/a revision=2 lease=10"),
    begin("second", campaign("e", 11, "two")),
    call(campaign("x", 11, ""), "campaign @*", "  leader: name=x key=x/b revision=* lease=11"),
    call(deleteOf("e/a"), "delete_range @5 deleted=1"),
    hear("second", "campaign @*", "  leader: name=e key=e/b revision=<made> lease=11"),
    call(leaderOf("e"), "leader @5", "  kv: e/b=two create=<made> mod=<made> version=1 lease=11"),
  ),
  caseOf(
    "who observes hears of every leader and what it proclaims",
    leaseOf(10),
    call(campaign("e", 10, "one"), "campaign @2", "  leader: name=e key=e/a revision=2 lease=10"),
    say("o", observe("e")),
    hear("o", "observe @2", "  kv: e/a=one create=2 mod=2 version=1 lease=10"),
    call(proclaim(lead(10, 2), "two"), "proclaim @3"),
    hear("o", "observe @3", "  kv: e/a=two create=2 mod=3 version=2 lease=10"),
  ),
  caseOf(
    "to proclaim and to resign one must say who leads",
    call(proclaim(null, "one"), 'error 2: "leader" field must be provided'),
    call(resign(null), 'error 2: "leader" field must be provided'),
    call(leaderOf("e"), "error 2: election: no leader"),
    call(campaign("e", 10, "one"), "error 2: etcdserver: requested lease not found"),
  ),
];

export const CONCURRENCY_CASES: readonly Case[] = [...LOCKS, ...ELECTIONS];
