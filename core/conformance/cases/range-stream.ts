// RangeStream: a range in pieces, of which the last says how it ended.

import type { Bytes } from "../../contract.ts";
import type { RangeStreamRequest } from "../../api/request-stream.ts";
import type { RangeRequest } from "../../api/request.ts";
import { putOf, rangeOf } from "../../api/testing.ts";
import type { Case, CaseStep } from "./case.ts";
import { call, caseOf, hear, say, since } from "./case.ts";
import * as words from "./words.ts";

const stream = (
  from: string,
  more: Partial<Omit<RangeRequest, "kind">> = {},
): RangeStreamRequest => {
  return { kind: "range_stream", range: rangeOf(from, { rangeEnd: "\0" as Bytes, ...more }) };
};
const THREE: readonly CaseStep[] = [
  call(putOf("a", "1"), "put @2"),
  call(putOf("b", "2"), "put @3"),
  call(putOf("c", "3"), "put @4"),
];
const A = "  kvs: a=1 create=2 mod=2 version=1";
const B = "  kvs: b=2 create=3 mod=3 version=1";
const C = "  kvs: c=3 create=4 mod=4 version=1";

const CASES: readonly Case[] = [
  caseOf(
    "a range in pieces ends with its header and its count",
    ...THREE,
    say("r", stream("a")),
    hear("r", "range_stream @4 isLast count=3", A, B, C),
    hear("r", "end"),
  ),
  caseOf(
    "a range in pieces takes limits, the past, and the options of a range",
    ...THREE,
    say("limit", stream("a", { limit: 2 })),
    hear("limit", "range_stream @4 isLast more count=3", A, B),
    say("past", stream("a", { revision: 3 })),
    hear("past", "range_stream @4 isLast count=2", A, B),
    say("count", stream("a", { countOnly: true })),
    hear("count", "range_stream @4 isLast count=3"),
    say("keys", stream("c", { keysOnly: true })),
    hear("keys", "range_stream @4 isLast count=1", "  kvs: c= create=4 mod=4 version=1"),
    say("none", stream("d")),
    hear("none", "range_stream @4 isLast"),
  ),
  caseOf(
    "a range in pieces is refused as a range is, and if it is to be sorted or filtered",
    ...THREE,
    say("empty", stream("")),
    hear("empty", words.EMPTY_KEY),
    say("future", stream("a", { revision: 9 })),
    hear("future", words.FUTURE),
    say("sorted", stream("a", { sortOrder: "descend" })),
    hear("sorted", "error 12: RangeStream does not support custom sort orders"),
    say("filtered", stream("a", { minModRevision: 1 })),
    hear("filtered", "error 12: RangeStream does not support revision filters"),
  ),
];

export const RANGE_STREAM_CASES: readonly Case[] = CASES.map((test) => since("3.7", test));
