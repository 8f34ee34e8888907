// Put, and what a range shows of it.

import type { Bytes, LeaseId } from "../../contract.ts";
import { putOf, rangeOf } from "../../api/testing.ts";
import type { Case } from "./case.ts";
import { call, caseOf } from "./case.ts";
import * as words from "./words.ts";

const LEASE = 77n as LeaseId;
const grant = call(
  { kind: "lease_grant", id: LEASE, ttlSeconds: 600 },
  "lease_grant @1 id=77 ttlSeconds=600",
);

export const PUT_CASES: readonly Case[] = [
  caseOf(
    "every put makes a revision, and a version of its key",
    call(putOf("a", "1"), "put @2"),
    call(putOf("b", "1"), "put @3"),
    call(putOf("a", "1"), "put @4"),
    call(rangeOf("a"), "range @4 count=1", "  kvs: a=1 create=2 mod=4 version=2"),
    call(rangeOf("b"), "range @4 count=1", "  kvs: b=1 create=3 mod=3 version=1"),
  ),
  caseOf(
    "a put tells what was there before, if it is asked to",
    call(putOf("a", "1", { prevKv: true }), "put @2"),
    call(putOf("a", "2", { prevKv: true }), "put @3", "  prevKv: a=1 create=2 mod=2 version=1"),
    call(putOf("a", "3"), "put @4"),
    call(putOf("a", "", { prevKv: true }), "put @5", "  prevKv: a=3 create=2 mod=4 version=3"),
    call(putOf("a", "5", { prevKv: true }), "put @6", "  prevKv: a= create=2 mod=5 version=4"),
  ),
  caseOf(
    "keys and values are bytes, and a value may be empty",
    call(putOf("", "", { key: "\0\xff" as Bytes, value: new Uint8Array([0, 128]) }), "put @2"),
    call(
      rangeOf("", { key: "\0\xff" as Bytes }),
      "range @2 count=1",
      "  kvs: \\x00\\xff=\\x00\\x80 create=2 mod=2 version=1",
    ),
    call(putOf("ü", ""), "put @3"),
    call(rangeOf("ü"), "range @3 count=1", "  kvs: \\xc3\\xbc= create=3 mod=3 version=1"),
  ),
  caseOf(
    "a put needs a key",
    call(putOf("", "1"), words.EMPTY_KEY),
    call(putOf("a", "1"), "put @2"),
  ),
  caseOf(
    "ignore_value keeps the value and changes the rest",
    call(putOf("a", "", { ignoreValue: true }), words.KEY_NOT_FOUND),
    grant,
    call(putOf("a", "1"), "put @2"),
    call(putOf("a", "2", { ignoreValue: true }), words.VALUE_PROVIDED),
    call(putOf("a", "", { ignoreValue: true, lease: LEASE }), "put @3"),
    call(rangeOf("a"), "range @3 count=1", "  kvs: a=1 create=2 mod=3 version=2 lease=77"),
  ),
  caseOf(
    "ignore_lease keeps the lease and changes the rest",
    call(putOf("a", "1", { ignoreLease: true }), words.KEY_NOT_FOUND),
    grant,
    call(putOf("a", "1", { lease: LEASE }), "put @2"),
    call(putOf("a", "2", { lease: LEASE, ignoreLease: true }), words.LEASE_PROVIDED),
    call(putOf("a", "2", { ignoreLease: true }), "put @3"),
    call(rangeOf("a"), "range @3 count=1", "  kvs: a=2 create=2 mod=3 version=2 lease=77"),
    call(putOf("a", "", { ignoreLease: true, ignoreValue: true }), "put @4"),
    call(rangeOf("a"), "range @4 count=1", "  kvs: a=2 create=2 mod=4 version=3 lease=77"),
  ),
  caseOf(
    "a put without its lease takes the key off it, and one with another moves it",
    grant,
    call(
      { kind: "lease_grant", id: 78n as LeaseId, ttlSeconds: 600 },
      "lease_grant @1 id=78 ttlSeconds=600",
    ),
    call(putOf("a", "1", { lease: LEASE }), "put @2"),
    call(putOf("b", "1", { lease: LEASE }), "put @3"),
    call(putOf("a", "2"), "put @4"),
    call(putOf("b", "2", { lease: 78n }), "put @5"),
    call({ kind: "lease_revoke", id: LEASE }, "lease_revoke @5"),
    call(
      rangeOf("a", { rangeEnd: "c" as Bytes }),
      "range @5 count=2",
      "  kvs: a=2 create=2 mod=4 version=2",
      "  kvs: b=2 create=3 mod=5 version=2 lease=78",
    ),
  ),
  caseOf(
    "a put on a lease that does not exist changes nothing",
    call(putOf("a", "1", { lease: 5n }), words.LEASE_NOT_FOUND),
    call(rangeOf("a"), "range @1"),
  ),
  caseOf(
    "a request may be as large as its limit, and no larger",
    call(putOf("a", "", { value: new Uint8Array(1_572_000) }), "put @2"),
    call(
      rangeOf("a", { keysOnly: true }),
      "range @2 count=1",
      "  kvs: a= create=2 mod=2 version=1",
    ),
    call(putOf("a", "", { value: new Uint8Array(1_572_864) }), words.TOO_LARGE),
    call(rangeOf("a", { countOnly: true }), "range @2 count=1"),
  ),
];
