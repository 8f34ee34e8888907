// Range, with every option, and in etcd's odd corners.

import type { Bytes, LeaseId } from "../../contract.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { at, call, caseOf, since } from "./case.ts";
import * as words from "./words.ts";

const ABOVE = "\0" as Bytes; // as an end: no end
const end = (text: string): Bytes => text as Bytes;

/** Five keys: revisions 2 to 7, versions 1 but for b, values against the order of the keys. */
const FIVE: readonly CaseStep[] = [
  call(putOf("c", "3"), "put @2"),
  call(putOf("b", "x"), "put @3"),
  call(putOf("a", "5"), "put @4"),
  call(putOf("e", "1"), "put @5"),
  call(putOf("d", "2"), "put @6"),
  call(putOf("b", "4"), "put @7"),
];
const A = "  kvs: a=5 create=4 mod=4 version=1";
const B = "  kvs: b=4 create=3 mod=7 version=2";
const C = "  kvs: c=3 create=2 mod=2 version=1";
const D = "  kvs: d=2 create=6 mod=6 version=1";
const E = "  kvs: e=1 create=5 mod=5 version=1";
const ALL = { rangeEnd: ABOVE };

export const RANGE_CASES: readonly Case[] = [
  caseOf(
    "a range is a key, an interval, a prefix, all from a key on, or everything",
    ...FIVE,
    call(rangeOf("b"), "range @7 count=1", B),
    call(rangeOf("nothing"), "range @7"),
    call(rangeOf("b", { rangeEnd: end("d") }), "range @7 count=2", B, C),
    call(rangeOf("d", { rangeEnd: ABOVE }), "range @7 count=2", D, E),
    call(rangeOf("\0", { rangeEnd: ABOVE }), "range @7 count=5", A, B, C, D, E),
    call(rangeOf("f", { rangeEnd: ABOVE }), "range @7"),
  ),
  caseOf(
    "an interval that ends where it begins, or before, is empty",
    ...FIVE,
    call(rangeOf("b", { rangeEnd: end("b") }), "range @7"),
    call(rangeOf("c", { rangeEnd: end("a") }), "range @7"),
  ),
  caseOf(
    "a range needs a key",
    call(rangeOf(""), words.EMPTY_KEY),
    call(rangeOf("", { rangeEnd: ABOVE }), words.EMPTY_KEY),
  ),
  caseOf(
    "a limit cuts, and says so; the count is of all",
    ...FIVE,
    call(rangeOf("a", { ...ALL, limit: 2 }), "range @7 more count=5", A, B),
    call(rangeOf("a", { ...ALL, limit: 5 }), "range @7 count=5", A, B, C, D, E),
    call(rangeOf("a", { ...ALL, limit: 6 }), "range @7 count=5", A, B, C, D, E),
    call(rangeOf("d", { ...ALL, limit: -1 }), "range @7 count=2", D, E),
  ),
  caseOf(
    "keys_only leaves the values out, count_only everything",
    ...FIVE,
    call(
      rangeOf("d", { ...ALL, keysOnly: true }),
      "range @7 count=2",
      "  kvs: d= create=6 mod=6 version=1",
      "  kvs: e= create=5 mod=5 version=1",
    ),
    call(rangeOf("a", { ...ALL, countOnly: true }), "range @7 count=5"),
    call(rangeOf("a", { ...ALL, countOnly: true, limit: 2 }), "range @7 count=5"),
    call(rangeOf("x", { countOnly: true }), "range @7"),
  ),
  since(
    "3.7", // before, the lease was told, too
    caseOf(
      "a key without its value has no lease, but where values are looked at to sort by them",
      call(
        { kind: "lease_grant", id: 7n as LeaseId, ttlSeconds: 600 },
        "lease_grant @1 id=7 ttlSeconds=600",
      ),
      call(putOf("a", "1", { lease: 7n }), "put @2"),
      call(rangeOf("a"), "range @2 count=1", "  kvs: a=1 create=2 mod=2 version=1 lease=7"),
      call(
        rangeOf("a", { keysOnly: true }),
        "range @2 count=1",
        "  kvs: a= create=2 mod=2 version=1",
      ),
      call(
        rangeOf("a", { keysOnly: true, sortTarget: "value" }),
        "range @2 count=1",
        "  kvs: a= create=2 mod=2 version=1 lease=7",
      ),
      call(
        txnOf([], [rangeOf("a", { keysOnly: true })]),
        "txn @2 succeeded",
        "  responses: range ~2 count=1",
        "    kvs: a= create=2 mod=2 version=1",
      ),
    ),
  ),
  caseOf(
    "any order by any target",
    ...FIVE,
    call(rangeOf("a", { ...ALL, sortOrder: "ascend" }), "range @7 count=5", A, B, C, D, E),
    call(rangeOf("a", { ...ALL, sortOrder: "descend" }), "range @7 count=5", E, D, C, B, A),
    call(
      rangeOf("a", { ...ALL, sortOrder: "ascend", sortTarget: "create" }),
      "range @7 count=5",
      C,
      B,
      A,
      E,
      D,
    ),
    call(
      rangeOf("a", { ...ALL, sortOrder: "descend", sortTarget: "mod" }),
      "range @7 count=5",
      B,
      D,
      E,
      A,
      C,
    ),
    call(
      rangeOf("a", { ...ALL, sortOrder: "ascend", sortTarget: "value" }),
      "range @7 count=5",
      E,
      D,
      C,
      B,
      A,
    ),
    call(
      rangeOf("a", { rangeEnd: end("c"), sortOrder: "descend", sortTarget: "version" }),
      "range @7 count=2",
      B,
      A,
    ),
  ),
  caseOf(
    "a limit with an order cuts what is sorted",
    ...FIVE,
    call(rangeOf("a", { ...ALL, limit: 2, sortOrder: "descend" }), "range @7 more count=5", E, D),
    call(
      rangeOf("a", { ...ALL, limit: 1, sortOrder: "ascend", sortTarget: "value" }),
      "range @7 more count=5",
      E,
    ),
  ),
  caseOf(
    "a target without an order sorts upwards, but only what the limit let through and one more",
    ...FIVE,
    call(rangeOf("a", { ...ALL, sortTarget: "mod" }), "range @7 count=5", C, A, E, D, B),
    call(rangeOf("a", { ...ALL, sortTarget: "mod", limit: 2 }), "range @7 more count=5", C, A),
    call(rangeOf("a", { ...ALL, sortTarget: "value", limit: 1 }), "range @7 more count=5", B),
  ),
  since(
    "3.5",
    caseOf(
      "an order or a target that does not exist is refused",
      call(rangeOf("a", { sortOrder: "invalid" }), words.INVALID_SORT),
      call(rangeOf("a", { sortTarget: "invalid" }), words.INVALID_SORT),
    ),
  ),
  caseOf(
    "the four filters take what lies between them; the count does not care",
    ...FIVE,
    call(rangeOf("a", { ...ALL, minModRevision: 6 }), "range @7 count=5", B, D),
    call(rangeOf("a", { ...ALL, maxModRevision: 4 }), "range @7 count=5", A, C),
    call(rangeOf("a", { ...ALL, minCreateRevision: 5 }), "range @7 count=5", D, E),
    call(rangeOf("a", { ...ALL, maxCreateRevision: 3 }), "range @7 count=5", B, C),
    call(
      rangeOf("a", { ...ALL, minCreateRevision: 3, maxModRevision: 5 }),
      "range @7 count=5",
      A,
      E,
    ),
  ),
  caseOf(
    "a filter comes before the limit",
    ...FIVE,
    call(rangeOf("a", { ...ALL, minModRevision: 4, limit: 2 }), "range @7 more count=5", A, B),
    call(rangeOf("a", { ...ALL, minModRevision: 6, limit: 2 }), "range @7 count=5", B, D),
  ),
  caseOf(
    "a range may look at the past, not at the future",
    ...FIVE,
    call(deleteOf("a"), "delete_range @8 deleted=1"),
    call(rangeOf("a", { revision: 3 }), "range @8"),
    call(rangeOf("a", { revision: 7 }), "range @8 count=1", A),
    call(rangeOf("a", { revision: 8 }), "range @8"),
    call(rangeOf("b", { revision: 6 }), "range @8 count=1", "  kvs: b=x create=3 mod=3 version=1"),
    call(rangeOf("b", { revision: -1 }), "range @8 count=1", B),
    call(
      rangeOf("a", { ...ALL, revision: 3, limit: 1 }),
      "range @8 more count=2",
      "  kvs: b=x create=3 mod=3 version=1",
    ),
    call(rangeOf("a", { revision: 9 }), words.FUTURE),
    call(rangeOf("a", { revision: Number.MAX_SAFE_INTEGER }), words.FUTURE),
    call(rangeOf("a", { revision: 9, serializable: true }), words.FUTURE),
  ),
  caseOf(
    "what any member wrote, every member reads",
    at(1, call(putOf("a", "1"), "put @2")),
    at(2, call(rangeOf("a"), "range @2 count=1", "  kvs: a=1 create=2 mod=2 version=1")),
    at(0, call(rangeOf("a"), "range @2 count=1", "  kvs: a=1 create=2 mod=2 version=1")),
    at(0, call(putOf("a", "2"), "put @3")),
    at(1, call(rangeOf("a"), "range @3 count=1", "  kvs: a=2 create=2 mod=3 version=2")),
  ),
  caseOf(
    "a serializable range shows what the member itself has applied",
    call(putOf("a", "1"), "put @2"),
    call(
      rangeOf("a", { serializable: true }),
      "range @2 count=1",
      "  kvs: a=1 create=2 mod=2 version=1",
    ),
  ),
];
