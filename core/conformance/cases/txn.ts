// Txn: compares, branches, nesting, and what is refused before anything happens.

import type { Bytes } from "../../contract.ts";
import type { Compare, CompareResult, CompareTarget, RequestOp } from "../../api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf, value } from "../../api/testing.ts";
import type { Case } from "./case.ts";
import { at, call, caseOf, since } from "./case.ts";
import * as words from "./words.ts";

type Word = "=" | "!=" | ">" | "<";
const RESULTS: Readonly<Record<Word, CompareResult>> = {
  "=": "equal",
  "!=": "not_equal",
  ">": "greater",
  "<": "less",
};

/** `when("a", "version", "=", 0)` */
function when(
  from: string,
  kind: "version" | "create" | "mod",
  result: Word,
  operand: number,
  rangeEnd = "",
): Compare {
  return compare(from, result, { kind, operand }, rangeEnd);
}

function whenValue(from: string, result: Word, text: string, rangeEnd = ""): Compare {
  return compare(from, result, { kind: "value", operand: value(text) }, rangeEnd);
}

function whenLease(from: string, result: Word, operand: bigint): Compare {
  return compare(from, result, { kind: "lease", operand }, "");
}

function compare(from: string, result: Word, target: CompareTarget, rangeEnd: string): Compare {
  return { key: key(from), rangeEnd: key(rangeEnd), result: RESULTS[result], target };
}

/** A transaction that only tells whether the compares hold. */
function holds(...compares: readonly Compare[]): ReturnType<typeof txnOf> {
  return txnOf(compares, [rangeOf("none")], [rangeOf("none")]);
}

const YES = (revision: number): readonly string[] => [
  `txn @${revision} succeeded`,
  `  responses: range ~${revision}`,
];
const NO = (revision: number): readonly string[] => [
  `txn @${revision}`,
  `  responses: range ~${revision}`,
];
const many = (count: number): readonly RequestOp[] =>
  Array.from({ length: count }, (_, n) => putOf(`k${n}`, ""));

const COMPARES: readonly Case[] = [
  caseOf(
    "compares of versions and revisions",
    call(putOf("a", "1"), "put @2"),
    call(putOf("a", "2"), "put @3"),
    call(holds(when("a", "version", "=", 2)), ...YES(3)),
    call(holds(when("a", "version", "!=", 2)), ...NO(3)),
    call(holds(when("a", "version", ">", 1)), ...YES(3)),
    call(holds(when("a", "version", "<", 2)), ...NO(3)),
    call(holds(when("a", "create", "=", 2)), ...YES(3)),
    call(holds(when("a", "create", ">", 2)), ...NO(3)),
    call(holds(when("a", "mod", "=", 3)), ...YES(3)),
    call(holds(when("a", "mod", "<", 3)), ...NO(3)),
    call(holds(when("a", "mod", ">", 2)), ...YES(3)),
  ),
  caseOf(
    "compares of values are of bytes",
    call(putOf("a", "10"), "put @2"),
    call(holds(whenValue("a", "=", "10")), ...YES(2)),
    call(holds(whenValue("a", "<", "9")), ...YES(2)),
    call(holds(whenValue("a", ">", "1")), ...YES(2)),
    call(holds(whenValue("a", "!=", "10")), ...NO(2)),
    call(holds(whenValue("a", "=", "")), ...NO(2)),
  ),
  caseOf(
    "compares of leases",
    call(
      { kind: "lease_grant", id: 7n as never, ttlSeconds: 600 },
      "lease_grant @1 id=7 ttlSeconds=600",
    ),
    call(putOf("a", "1", { lease: 7n }), "put @2"),
    call(putOf("b", "1"), "put @3"),
    call(holds(whenLease("a", "=", 7n)), ...YES(3)),
    call(holds(whenLease("a", ">", 8n)), ...NO(3)),
    call(holds(whenLease("b", "=", 0n)), ...YES(3)),
    call(holds(whenLease("x", "=", 0n)), ...YES(3)),
  ),
  caseOf(
    "a key that is missing counts as zero, but no compare of its value holds",
    call(holds(when("x", "version", "=", 0)), ...YES(1)),
    call(holds(when("x", "create", "=", 0)), ...YES(1)),
    call(holds(when("x", "mod", "<", 1)), ...YES(1)),
    call(holds(whenValue("x", "=", "")), ...NO(1)),
    call(holds(whenValue("x", "!=", "1")), ...NO(1)),
  ),
  caseOf(
    "a compare of an interval must hold for every key in it",
    call(putOf("a", "1"), "put @2"),
    call(putOf("b", "1"), "put @3"),
    call(putOf("b", "2"), "put @4"),
    call(holds(when("a", "version", ">", 0, "c")), ...YES(4)),
    call(holds(when("a", "version", "=", 1, "c")), ...NO(4)),
    call(holds(whenValue("a", "!=", "3", "\0")), ...YES(4)),
    call(holds(whenValue("a", "=", "1", "\0")), ...NO(4)),
    call(holds(when("x", "version", "=", 0, "z")), ...YES(4)),
    call(holds(when("x", "version", ">", 0, "z")), ...NO(4)),
    call(holds(whenValue("x", "!=", "1", "z")), ...NO(4)),
  ),
  caseOf(
    "all compares must hold, and none always does",
    call(putOf("a", "1"), "put @2"),
    call(holds(), ...YES(2)),
    call(holds(when("a", "version", "=", 1), when("b", "version", "=", 0)), ...YES(2)),
    call(holds(when("a", "version", "=", 1), when("b", "version", "=", 1)), ...NO(2)),
  ),
  caseOf(
    "a compare needs a key",
    call(holds(when("", "version", "=", 0)), words.EMPTY_KEY),
    call(holds(when("", "version", "=", 0, "\0")), words.EMPTY_KEY),
  ),
];

const BRANCHES: readonly Case[] = [
  caseOf(
    "one branch or the other runs, in order and as one revision",
    call(
      txnOf([when("a", "version", "=", 0)], [putOf("a", "1"), putOf("b", "1")], [deleteOf("a")]),
      "txn @2 succeeded",
      "  responses: put ~2",
      "  responses: put ~2",
    ),
    call(
      txnOf([when("a", "version", "=", 0)], [putOf("a", "1")], [deleteOf("a"), putOf("c", "1")]),
      "txn @3",
      "  responses: delete_range ~3 deleted=1",
      "  responses: put ~3",
    ),
    call(
      rangeOf("\0", { rangeEnd: "\0" as Bytes }),
      "range @3 count=2",
      "  kvs: b=1 create=2 mod=2 version=1",
      "  kvs: c=1 create=3 mod=3 version=1",
    ),
  ),
  caseOf(
    "a range sees what came before it in its branch",
    call(putOf("a", "1"), "put @2"),
    call(
      txnOf([], [rangeOf("a"), putOf("a", "2", { prevKv: true }), rangeOf("a")]),
      "txn @3 succeeded",
      "  responses: range ~2 count=1",
      "    kvs: a=1 create=2 mod=2 version=1",
      "  responses: put ~3",
      "    prevKv: a=1 create=2 mod=2 version=1",
      "  responses: range ~3 count=1",
      "    kvs: a=2 create=2 mod=3 version=2",
    ),
  ),
  caseOf(
    "a transaction that changes nothing makes no revision",
    call(putOf("a", "1"), "put @2"),
    call(
      txnOf([], [deleteOf("x"), rangeOf("x")]),
      "txn @2 succeeded",
      "  responses: delete_range ~2",
      "  responses: range ~2",
    ),
    call(txnOf([], []), "txn @2 succeeded"),
    call(txnOf([when("a", "version", "=", 0)], [putOf("b", "1")]), "txn @2"),
    call(putOf("b", "1"), "put @3"),
  ),
  caseOf(
    "a range in a transaction may look at the past, and has every option",
    call(putOf("a", "1"), "put @2"),
    call(putOf("a", "2"), "put @3"),
    call(
      txnOf([], [rangeOf("a", { revision: 2 }), rangeOf("a", { countOnly: true })]),
      "txn @3 succeeded",
      "  responses: range ~3 count=1",
      "    kvs: a=1 create=2 mod=2 version=1",
      "  responses: range ~3 count=1",
    ),
    call(txnOf([], [rangeOf("a", { revision: 4 })]), words.FUTURE),
  ),
  since(
    "3.7", // before, members that owed nobody an answer did write
    caseOf(
      "a transaction that cannot read what it wants writes nothing, on no member",
      call(putOf("a", "1"), "put @2"),
      call(putOf("a", "2"), "put @3"),
      call(txnOf([], [putOf("b", "1"), rangeOf("a", { revision: 4 })]), words.FUTURE),
      call({ kind: "compact", revision: 3, physical: false }, "compact @3"),
      call(txnOf([], [putOf("c", ""), rangeOf("a", { revision: 2 })]), words.COMPACTED),
      call(rangeOf("b", { rangeEnd: "d" as Bytes }), "range @3"),
      at(1, call(rangeOf("b", { rangeEnd: "d" as Bytes }), "range @3")),
    ),
  ),
  caseOf(
    "what a put would be refused for, a transaction is refused for as a whole",
    call(txnOf([], [putOf("a", "1"), putOf("b", "1", { lease: 9n })]), words.LEASE_NOT_FOUND),
    call(txnOf([], [putOf("a", "1"), putOf("b", "", { ignoreValue: true })]), words.KEY_NOT_FOUND),
    call(txnOf([], [putOf("b", "1", { ignoreValue: true })]), words.VALUE_PROVIDED),
    call(txnOf([], [putOf("b", "1", { ignoreLease: true, lease: 1n })]), words.LEASE_PROVIDED),
    call(rangeOf("\0", { rangeEnd: "\0" as Bytes, countOnly: true }), "range @1"),
  ),
  since(
    "3.7", // before, a transaction looked for the key first
    caseOf(
      "a put looks for its lease before it looks for its key",
      call(putOf("a", "", { ignoreValue: true, lease: 9n }), words.LEASE_NOT_FOUND),
      call(txnOf([], [putOf("a", "", { ignoreValue: true, lease: 9n })]), words.LEASE_NOT_FOUND),
    ),
  ),
  caseOf(
    "what is refused in the branch that does not run refuses nothing",
    call(
      txnOf([], [putOf("a", "1")], [putOf("b", "1", { lease: 9n })]),
      "txn @2 succeeded",
      "  responses: put ~2",
    ),
    call(txnOf([when("a", "version", "=", 0)], [putOf("c", "", { ignoreValue: true })]), "txn @2"),
  ),
  caseOf(
    "deletions may overlap, and each tells what is left for it",
    call(putOf("a", "1"), "put @2"),
    call(putOf("b", "1"), "put @3"),
    call(
      txnOf([], [deleteOf("a", "", true), deleteOf("a", "c", true), deleteOf("a")]),
      "txn @4 succeeded",
      "  responses: delete_range ~4 deleted=1",
      "    prevKvs: a=1 create=2 mod=2 version=1",
      "  responses: delete_range ~4 deleted=1",
      "    prevKvs: b=1 create=3 mod=3 version=1",
      "  responses: delete_range ~4",
    ),
  ),
];

const REFUSALS: readonly Case[] = [
  caseOf(
    "every operation needs a key, in both branches",
    call(txnOf([], [rangeOf("")]), words.EMPTY_KEY),
    call(txnOf([], [], [putOf("", "")]), words.EMPTY_KEY),
    call(txnOf([], [deleteOf("")]), words.EMPTY_KEY),
    call(txnOf([], [{ kind: "empty" }]), words.KEY_NOT_FOUND),
  ),
  caseOf(
    "at most 128 operations, of each kind",
    call(txnOf([], many(129)), words.TOO_MANY_OPS),
    call(txnOf([], [], many(129)), words.TOO_MANY_OPS),
    call(
      holds(...Array.from({ length: 129 }, () => when("a", "version", "=", 0))),
      words.TOO_MANY_OPS,
    ),
    call(
      txnOf(
        Array.from({ length: 128 }, () => when("a", "version", "=", 1)),
        many(128),
        many(128),
      ),
      "txn @2",
      ...many(128).map(() => "  responses: put ~2"),
    ),
  ),
  caseOf(
    "nesting leaves as many operations as the outside has not used",
    call(txnOf([], [txnOf([], many(127))]), ...nestedPuts(127)),
    call(txnOf([], [txnOf([], many(128))]), words.TOO_MANY_OPS),
    call(txnOf([], [putOf("x", ""), txnOf([], many(127))]), words.TOO_MANY_OPS),
  ),
  caseOf(
    "no key is put twice, nor put and deleted, on one way through",
    call(txnOf([], [putOf("a", "1"), putOf("a", "2")]), words.DUPLICATE_KEY),
    call(txnOf([], [], [putOf("a", "1"), putOf("a", "1")]), words.DUPLICATE_KEY),
    call(txnOf([], [putOf("a", "1"), deleteOf("a")]), words.DUPLICATE_KEY),
    call(txnOf([], [deleteOf("a", "c"), putOf("b", "1")]), words.DUPLICATE_KEY),
    call(txnOf([], [putOf("a", "1"), txnOf([], [putOf("a", "2")])]), words.DUPLICATE_KEY),
    call(txnOf([], [txnOf([], [], [deleteOf("a")]), putOf("a", "1")]), words.DUPLICATE_KEY),
    call(rangeOf("a"), "range @1"),
  ),
  caseOf(
    "the two branches of a nested transaction may put the same key",
    call(
      txnOf([], [txnOf([], [putOf("a", "1")], [putOf("a", "2")])]),
      "txn @2 succeeded",
      "  responses: txn succeeded",
      "    responses: put ~2",
    ),
    call(
      txnOf([], [putOf("a", "3")], [putOf("a", "4")]),
      "txn @3 succeeded",
      "  responses: put ~3",
    ),
  ),
];

const NESTING: readonly Case[] = [
  caseOf(
    "nested compares see what was there before the whole",
    call(
      txnOf(
        [],
        [putOf("a", "1"), txnOf([when("a", "version", "=", 0)], [putOf("b", "yes")], [])],
        [],
      ),
      "txn @2 succeeded",
      "  responses: put ~2",
      "  responses: txn succeeded",
      "    responses: put ~2",
    ),
    call(rangeOf("b"), "range @2 count=1", "  kvs: b=yes create=2 mod=2 version=1"),
  ),
];

function nestedPuts(count: number): readonly string[] {
  const inner = Array.from({ length: count }, () => "    responses: put ~2");
  return ["txn @2 succeeded", "  responses: txn succeeded", ...inner];
}

export const TXN_CASES: readonly Case[] = [...COMPARES, ...BRANCHES, ...REFUSALS, ...NESTING];
