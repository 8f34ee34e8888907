// DeleteRange.

import type { Bytes } from "../../contract.ts";
import { deleteOf, putOf, rangeOf } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { call, caseOf } from "./case.ts";
import * as words from "./words.ts";

const THREE: readonly CaseStep[] = [
  call(putOf("b", "1"), "put @2"),
  call(putOf("a", "2"), "put @3"),
  call(putOf("c", "3"), "put @4"),
];

export const DELETE_CASES: readonly Case[] = [
  caseOf(
    "a deletion is one revision, however many keys it takes",
    ...THREE,
    call(deleteOf("a", "c"), "delete_range @5 deleted=2"),
    call(
      rangeOf("\0", { rangeEnd: "\0" as Bytes }),
      "range @5 count=1",
      "  kvs: c=3 create=4 mod=4 version=1",
    ),
  ),
  caseOf(
    "a deletion of nothing makes no revision",
    ...THREE,
    call(deleteOf("x"), "delete_range @4"),
    call(deleteOf("b", "a"), "delete_range @4"),
    call(deleteOf("c", "c"), "delete_range @4"),
  ),
  caseOf(
    "a deletion tells what was there, in the order of the keys",
    ...THREE,
    call(
      deleteOf("\0", "\0", true),
      "delete_range @5 deleted=3",
      "  prevKvs: a=2 create=3 mod=3 version=1",
      "  prevKvs: b=1 create=2 mod=2 version=1",
      "  prevKvs: c=3 create=4 mod=4 version=1",
    ),
    call(deleteOf("\0", "\0", true), "delete_range @5"),
  ),
  caseOf(
    "from a key on, without an end",
    ...THREE,
    call(deleteOf("b", "\0"), "delete_range @5 deleted=2"),
    call(rangeOf("\0", { rangeEnd: "\0" as Bytes, countOnly: true }), "range @5 count=1"),
  ),
  caseOf(
    "a key that comes back begins anew",
    ...THREE,
    call(putOf("a", "3"), "put @5"),
    call(deleteOf("a"), "delete_range @6 deleted=1"),
    call(putOf("a", "4"), "put @7"),
    call(rangeOf("a"), "range @7 count=1", "  kvs: a=4 create=7 mod=7 version=1"),
    call(rangeOf("a", { revision: 5 }), "range @7 count=1", "  kvs: a=3 create=3 mod=5 version=2"),
  ),
  caseOf(
    "a deletion needs a key",
    call(deleteOf(""), words.EMPTY_KEY),
    call(deleteOf("", "\0"), words.EMPTY_KEY),
  ),
];
