// Leases: granted, attached to keys, asked about, kept alive, revoked, and run out.

import type { Bytes, LeaseId } from "../../contract.ts";
import type { LeaseGrantRequest, LeaseTimeToLiveRequest } from "../../api/request.ts";
import { deleteOf, putOf, rangeOf, watchOf } from "../../api/testing.ts";
import type { Case, Known } from "./case.ts";
import { ask, at, call, caseOf, close, hear, say } from "./case.ts";
import * as words from "./words.ts";

const grant = (id: number, ttlSeconds = 600): LeaseGrantRequest => {
  return { kind: "lease_grant", id: BigInt(id) as LeaseId, ttlSeconds };
};
const revoke = (id: number) => ({ kind: "lease_revoke", id: BigInt(id) as LeaseId }) as const;
const keepAlive = (id: number) => {
  return { kind: "lease_keep_alive", id: BigInt(id) as LeaseId } as const;
};
const left = (id: number, keys = false): LeaseTimeToLiveRequest => {
  return { kind: "lease_time_to_live", id: BigInt(id) as LeaseId, keys };
};
const LEASES = { kind: "lease_leases" } as const;
const idIn = (known: Known): LeaseId => BigInt(known("lease")) as LeaseId;
/** The ends of what an id may be. */
const EDGES: readonly (readonly [id: LeaseId, key: string])[] = [
  [-1n as LeaseId, "foo"],
  [((1n << 63n) - 1n) as LeaseId, "bar"],
  [-(1n << 63n) as LeaseId, "hello"],
];
const ANSWER = "..."; // whatever it says
const ALL = { rangeEnd: "\0" as Bytes };

export const LEASE_CASES: readonly Case[] = [
  caseOf(
    "a lease is granted under the id that the client chose, and makes no revision",
    call(grant(7, 600), "lease_grant @1 id=7 ttlSeconds=600"),
    call(grant(7, 600), words.LEASE_EXISTS),
    call(LEASES, "lease_leases @1 leases=[7]"),
    call(revoke(7), "lease_revoke @1"),
    call(grant(7, 600), "lease_grant @1 id=7 ttlSeconds=600"),
  ),
  caseOf(
    "the leader lists first what runs out first",
    call(grant(7, 600), "lease_grant @1 id=7 ttlSeconds=600"),
    call(grant(9, 60), "lease_grant @1 id=9 ttlSeconds=60"),
    call(grant(8, 6000), "lease_grant @1 id=8 ttlSeconds=6000"),
    call(LEASES, "lease_leases @1 leases=[9,7,8]"),
  ),
  caseOf(
    "the server chooses an id if the client does not",
    call(grant(0, 600), "lease_grant @1 id=<lease> ttlSeconds=600"),
    call(
      (known) => ({ kind: "lease_time_to_live", id: idIn(known), keys: false }),
      "lease_time_to_live @1 id=<lease> ttlSeconds=* grantedTtlSeconds=600",
    ),
    call(LEASES, "lease_leases @1 leases=[<lease>]"),
  ),
  caseOf(
    "the time of a lease is at least what the servers can keep, at most 9000000000 seconds",
    call(grant(1, 1), "lease_grant @1 id=1 ttlSeconds=2"),
    call(grant(2, 0), "lease_grant @1 id=2 ttlSeconds=2"),
    call(grant(3, -5), "lease_grant @1 id=3 ttlSeconds=2"),
    call(grant(4, 9_000_000_000), "lease_grant @1 id=4 ttlSeconds=9000000000"),
    call(grant(5, 9_000_000_001), words.TTL_TOO_LARGE),
    call(grant(4, 9_000_000_001), words.TTL_TOO_LARGE),
  ),
  caseOf(
    "a revoked lease takes its keys with it, in one revision",
    call(grant(7), "lease_grant @1 id=7 ttlSeconds=600"),
    call(putOf("b", "1", { lease: 7n }), "put @2"),
    call(putOf("a", "1", { lease: 7n }), "put @3"),
    call(putOf("c", "1"), "put @4"),
    call(revoke(7), "lease_revoke @5"),
    call(rangeOf("\0", ALL), "range @5 count=1", "  kvs: c=1 create=4 mod=4 version=1"),
    call(revoke(7), words.LEASE_NOT_FOUND),
  ),
  caseOf(
    "any number but zero is an id, and its keys go with it",
    ...EDGES.flatMap(([id, key], nth) => [
      call({ ...grant(1), id }, `lease_grant @${2 * nth + 1} id=${id} ttlSeconds=600`),
      call(putOf(key, "1", { lease: id }), `put @${2 * nth + 2}`),
      call({ ...left(1, true), id }, ANSWER),
      call({ kind: "lease_revoke", id }, `lease_revoke @${2 * nth + 3}`),
      call(rangeOf(key), `range @${2 * nth + 3}`),
    ]),
  ),
  caseOf(
    "a key that was moved to another lease stays when the first one ends",
    call(grant(7), "lease_grant @1 id=7 ttlSeconds=600"),
    call(grant(8), "lease_grant @1 id=8 ttlSeconds=600"),
    call(putOf("a", "1", { lease: 7n }), "put @2"),
    call(putOf("a", "1", { lease: 8n }), "put @3"),
    call(revoke(7), "lease_revoke @3"),
    call(rangeOf("a"), "range @3 count=1", "  kvs: a=1 create=2 mod=3 version=2 lease=8"),
    call(revoke(8), "lease_revoke @4"),
    call(rangeOf("a"), "range @4"),
  ),
  caseOf(
    "a lease tells what is left of it and what hangs on it",
    call(grant(7), "lease_grant @1 id=7 ttlSeconds=600"),
    call(left(7, true), "lease_time_to_live @1 id=7 ttlSeconds=* grantedTtlSeconds=600"),
    call(putOf("a", "1", { lease: 7n }), "put @2"),
    call(left(7), "lease_time_to_live @2 id=7 ttlSeconds=* grantedTtlSeconds=600"),
    call(left(7, true), "lease_time_to_live @2 id=7 ttlSeconds=* grantedTtlSeconds=600 keys=[a]"),
    call(deleteOf("a"), "delete_range @3 deleted=1"),
    call(left(7, true), "lease_time_to_live @3 id=7 ttlSeconds=* grantedTtlSeconds=600"),
    call(revoke(7), "lease_revoke @3"),
  ),
  caseOf(
    "a lease that does not exist has -1 seconds left, which is no error",
    call(left(8), "lease_time_to_live @1 id=8 ttlSeconds=-1"),
    call(left(8, true), "lease_time_to_live @1 id=8 ttlSeconds=-1"),
  ),
  caseOf(
    "keeping alive gives a lease its whole time again, at any member",
    call(grant(7), "lease_grant @1 id=7 ttlSeconds=600"),
    say("k", keepAlive(7)),
    hear("k", "lease_keep_alive @1 id=7 ttlSeconds=600"),
    at(1, call(rangeOf("a"), "range @1")),
    at(1, say("l", keepAlive(7))),
    hear("l", "lease_keep_alive @1 id=7 ttlSeconds=600"),
    say("k", keepAlive(7)),
    hear("k", "lease_keep_alive @1 id=7 ttlSeconds=600"),
  ),
  caseOf(
    "who keeps alive what does not exist hears 0 seconds, which is no error",
    say("k", keepAlive(8)),
    hear("k", "lease_keep_alive @1 id=8"),
    call(grant(7), "lease_grant @1 id=7 ttlSeconds=600"),
    say("k", keepAlive(7)),
    hear("k", "lease_keep_alive @1 id=7 ttlSeconds=600"),
    close("k"),
    hear("k", "end"),
    at(1, say("last", keepAlive(7))),
    close("last"), // perhaps before the leader has answered
    hear("last", "lease_keep_alive @1 id=7 ttlSeconds=600"),
    hear("last", "end"),
  ),
  caseOf(
    "a lease runs out, and its keys with it, in one revision",
    call(grant(7, 2), "lease_grant @1 id=7 ttlSeconds=2"),
    call(putOf("a", "1", { lease: 7n }), "put @2"),
    call(putOf("b", "1", { lease: 7n }), "put @3"),
    call(putOf("c", "1"), "put @4"),
    ask("w", watchOf("a")),
    hear("w", "watch @4 created"),
    hear("w", "watch @5", "  events: delete", "    kv: a= mod=5"),
    call(rangeOf("\0", ALL), "range @5 count=1", "  kvs: c=1 create=4 mod=4 version=1"),
    call(left(7), "lease_time_to_live @5 id=7 ttlSeconds=-1"),
    call(revoke(7), words.LEASE_NOT_FOUND),
    call(LEASES, "lease_leases @5"),
  ),
];
