import { describe, expect, it } from "vitest";
import type { KvRequest, RequestOp } from "../../api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import { validate } from "./validate.ts";

const LIMIT = 4;

describe("what etcd refuses before consensus", () => {
  it.each<readonly [string, KvRequest, string]>([
    ["a range without a key", rangeOf(""), "EmptyKey"],
    ["an unknown sort order", rangeOf("a", { sortOrder: "invalid" }), "InvalidSortOption"],
    ["an unknown sort target", rangeOf("a", { sortTarget: "invalid" }), "InvalidSortOption"],
    ["a put without a key", putOf("", "v"), "EmptyKey"],
    ["a value beside ignore_value", putOf("a", "v", { ignoreValue: true }), "ValueProvided"],
    [
      "a lease beside ignore_lease",
      putOf("a", "", { lease: 1n, ignoreLease: true }),
      "LeaseProvided",
    ],
    ["a delete without a key", deleteOf(""), "EmptyKey"],
    ["an operation without a variant", txnOf([], [{ kind: "empty" }]), "KeyNotFound"],
    ["an empty key in a nested branch", txnOf([], [], [txnOf([], [putOf("", "")])]), "EmptyKey"],
    ["too many operations", txnOf([], puts(5)), "TooManyOps"],
    [
      "too many operations by nesting",
      txnOf([], [...puts(2), txnOf([], puts(2, "b"))]),
      "TooManyOps",
    ],
    ["one key put twice", txnOf([], [putOf("a", "1"), putOf("a", "2")]), "DuplicateKey"],
    ["a key put and deleted", txnOf([], [deleteOf("a", "c"), putOf("b", "")]), "DuplicateKey"],
    [
      "the same in the other branch",
      txnOf([], [], [putOf("b", ""), deleteOf("b")]),
      "DuplicateKey",
    ],
    ["a key put outside and inside", txnOf([], [putOf("a", ""), nested("a", "b")]), "DuplicateKey"],
  ])("refuses %s", (_, request, name) => {
    expect(validate(request, LIMIT)?.name).toBe(name);
  });

  it.each<readonly [string, KvRequest]>([
    ["a plain put", putOf("a", "v")],
    ["ignore_value without a value", putOf("a", "", { ignoreValue: true })],
    ["two deletes that overlap", txnOf([], [deleteOf("a", "c"), deleteOf("b")])],
    ["one key put in both branches", txnOf([], [putOf("a", "")], [putOf("a", "")])],
    ["one key put in both branches of a nested transaction", txnOf([], [nested("a", "a")])],
    [
      "a put beside an open-ended delete, as etcd does",
      txnOf([], [deleteOf("a", "\0"), putOf("b", "")]),
    ],
  ])("allows %s", (_, request) => {
    expect(validate(request, LIMIT)).toBeNull();
  });

  it("takes a compare without a key for an empty key", () => {
    const compare = {
      key: key(""),
      rangeEnd: key(""),
      result: "equal",
      target: { kind: "version", operand: 0 },
    } as const;
    expect(validate(txnOf([compare], []), LIMIT)?.name).toBe("EmptyKey");
  });
});

function puts(count: number, prefix = "a"): readonly RequestOp[] {
  return Array.from({ length: count }, (_, n) => putOf(`${prefix}${n}`, ""));
}

function nested(then: string, otherwise: string): RequestOp {
  return txnOf([], [putOf(then, "")], [putOf(otherwise, "")]);
}
