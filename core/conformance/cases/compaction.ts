// Compaction: what can be read no more, and what stays.

import type { Bytes } from "../../contract.ts";
import type { CompactRequest } from "../../api/request.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { at, call, caseOf } from "./case.ts";
import * as words from "./words.ts";

const compact = (revision: number, physical = false): CompactRequest => {
  return { kind: "compact", revision, physical };
};

/** a: 2, 3, deleted at 5; b: 4, 6. */
const HISTORY: readonly CaseStep[] = [
  call(putOf("a", "1"), "put @2"),
  call(putOf("a", "2"), "put @3"),
  call(putOf("b", "1"), "put @4"),
  call(deleteOf("a"), "delete_range @5 deleted=1"),
  call(putOf("b", "2"), "put @6"),
];
const ALL = { rangeEnd: "\0" as Bytes };

export const COMPACTION_CASES: readonly Case[] = [
  caseOf(
    "what lies before a compaction cannot be read; the revision itself can, and what follows",
    ...HISTORY,
    call(compact(4), "compact @6"),
    call(rangeOf("a", { revision: 3 }), words.COMPACTED),
    call(rangeOf("a", { revision: 3, serializable: true }), words.COMPACTED),
    call(txnOf([], [rangeOf("a", { revision: 2 })]), words.COMPACTED),
    call(
      rangeOf("a", { ...ALL, revision: 4 }),
      "range @6 count=2",
      "  kvs: a=2 create=2 mod=3 version=2",
      "  kvs: b=1 create=4 mod=4 version=1",
    ),
    call(
      rangeOf("a", { ...ALL, revision: 5 }),
      "range @6 count=1",
      "  kvs: b=1 create=4 mod=4 version=1",
    ),
    call(rangeOf("a", ALL), "range @6 count=1", "  kvs: b=2 create=4 mod=6 version=2"),
  ),
  caseOf(
    "a compaction only goes forward, and not beyond the present",
    ...HISTORY,
    call(compact(7), words.FUTURE),
    call(compact(4), "compact @6"),
    call(compact(4), words.COMPACTED),
    call(compact(2), words.COMPACTED),
    call(compact(-1), words.COMPACTED),
    call(compact(6), "compact @6"),
    call(rangeOf("b", { revision: 5 }), words.COMPACTED),
    call(putOf("b", "3"), "put @7"),
  ),
  caseOf(
    "a physical compaction is answered when it is done",
    ...HISTORY,
    call(compact(6, true), "compact @6"),
    call(rangeOf("a", ALL), "range @6 count=1", "  kvs: b=2 create=4 mod=6 version=2"),
    call(compact(6, true), words.COMPACTED),
    call(putOf("a", "3"), "put @7"),
    call(rangeOf("a"), "range @7 count=1", "  kvs: a=3 create=7 mod=7 version=1"),
  ),
  caseOf(
    "a compaction by one member is one of all",
    ...HISTORY,
    at(1, call(rangeOf("a"), "range @6")),
    at(1, call(compact(5), "compact @6")),
    at(2, call(compact(5), words.COMPACTED)),
    call(compact(5), words.COMPACTED),
  ),
];
