// Ranges in pieces: put together they are the range at the revision at which they began, whatever
// is written meanwhile and however slowly they are taken.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deleteOf, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import type { RangeRequest, Request, Response } from "../../api/request.ts";
import type { RangeStreamResponse } from "../../api/request-stream.ts";
import type { Bytes, CallId, Effect, Input, Millis } from "../../contract.ts";
import type { LoneNode } from "../../testing/lone-node.ts";
import { startLoneNode } from "../../testing/lone-node.ts";
import { describeEffect } from "../../transcript/transcript.ts";

const STREAM = 1 as CallId;
const CALL = 2 as CallId;
const NEVER = Number.MAX_SAFE_INTEGER as Millis;
const BIG = "v".repeat(900); // a request may be twenty times as large

const rangeArbitrary = fc.record({
  from: fc.nat({ max: 50 }),
  to: fc.constantFrom("", "k30", "k60", "\0"),
  limit: fc.constantFrom(-1, 0, 1, 9, 10, 11, 25, 1000),
  revision: fc.constantFrom(0, 0, 4),
  countOnly: fc.boolean(),
  keysOnly: fc.boolean(),
  serializable: fc.boolean(),
  sortOrder: fc.constantFrom("none" as const, "ascend" as const),
});
const meanwhile = fc.oneof(
  fc.record({ kind: fc.constant("credit" as const), items: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant("put" as const), at: fc.nat({ max: 99 }) }),
  fc.record({ kind: fc.constant("delete" as const), at: fc.nat({ max: 99 }) }),
);

describe("a range in pieces", () => {
  it("is the range, put together", () => {
    const property = fc.property(
      rangeArbitrary,
      fc.array(meanwhile, { maxLength: 30 }),
      ({ from, to, ...more }, events) => {
        const node = filled();
        const request = rangeOf(keyOf(from), { ...more, rangeEnd: to as Bytes });
        const expected = answerTo(node, request);
        const told = [...node.take(open(request))];
        for (const event of events) {
          if (event.kind === "credit") told.push(...node.take(credit(event.items)));
          else if (event.kind === "put") answerTo(node, putOf(keyOf(event.at), "new"));
          else answerTo(node, deleteOf(keyOf(event.at)));
        }
        while (told.at(-1)?.kind !== "call.end") told.push(...node.take(credit(1)));
        expect(told.pop()).toEqual({ kind: "call.end", call: STREAM, error: null });
        expect({ ...together(told), kind: "range" }).toEqual(expected);
      },
    );
    fc.assert(property, { seed: 20261121, numRuns: 60 });
  });

  it("waits for its client once a request's worth is on its way", () => {
    const node = filled();
    const first = piecesOf(node.take(open(rangeOf("\0", { rangeEnd: "\0" as Bytes }))));
    expect(first.map(({ kvs }) => kvs.length)).toEqual([10, 20, 20, 20, 20]);
    expect(piecesOf(node.take({ kind: "tick", now: node.now }))).toEqual([]);
    expect(piecesOf(node.take(credit(1)))).toEqual([]);
    expect(piecesOf(node.take(credit(1))).map(({ kvs }) => kvs.length)).toEqual([10]);
  });

  it("ends when what it reads is compacted, or its client leaves or runs out of time", () => {
    const all = rangeOf("\0", { rangeEnd: "\0" as Bytes });
    const compacted = filled();
    compacted.take(open(all));
    answerTo(compacted, putOf("k0", "new"));
    answerTo(compacted, { kind: "compact", revision: 7, physical: true });
    expect(compacted.take(credit(2)).map((effect) => describeEffect(effect, String))).toEqual([
      "end 1 etcdserver: mvcc: required revision has been compacted",
    ]);

    const left = filled();
    left.take(open(all));
    left.take({ kind: "call.cancel", call: STREAM });
    expect(left.take(credit(2))).toEqual([]);

    const late = filled();
    late.take(open(all, (late.now + 100) as Millis));
    expect(late.take({ kind: "tick", now: (late.now + 100) as Millis })).toMatchObject([
      { kind: "call.end", error: { name: "DeadlineExceeded" } },
    ]);
  });

  it.each([
    [{ sortOrder: "descend" }, "RangeStream does not support custom sort orders"],
    [{ sortOrder: "ascend", sortTarget: "mod" }, "RangeStream does not support custom sort orders"],
    [{ maxModRevision: 5 }, "RangeStream does not support revision filters"],
    [{ sortTarget: "invalid" }, "etcdserver: invalid sort option"],
    [{ key: "" as Bytes }, "etcdserver: key is not provided"],
    [{ revision: 500 }, "etcdserver: mvcc: required revision is a future revision"],
  ] as const)("is refused with %j", (more, words) => {
    const told = startLoneNode().take(open(rangeOf("a", { ...more })));
    expect(told).toMatchObject([{ kind: "call.end", error: { message: words } }]);
  });
});

/** A hundred keys, twenty of them at each of the revisions 2 to 6. */
function filled(): LoneNode {
  const node = startLoneNode({ requestBytes: 20_000 });
  for (let at = 0; at < 100; at += 20) {
    const puts = Array.from({ length: 20 }, (_, more) => putOf(keyOf(at + more), BIG));
    answerTo(node, txnOf([], puts));
  }
  return node;
}

function keyOf(at: number): string {
  return `k${at}`;
}

function answerTo(node: LoneNode, request: Request): Response {
  const context = { deadline: NEVER, token: "", requireLeader: false };
  const [answer] = node.take({ kind: "call", call: CALL, request, context });
  if (answer?.kind !== "call.reply" || !answer.result.ok) throw new Error(JSON.stringify(answer));
  return answer.result.value;
}

function open(range: RangeRequest, deadline: Millis = NEVER): Input {
  const context = { deadline, token: "", requireLeader: false };
  return { kind: "call", call: STREAM, request: { kind: "range_stream", range }, context };
}

function credit(items: number): Input {
  return { kind: "call.credit", call: STREAM, items };
}

function piecesOf(told: readonly Effect[]): readonly RangeStreamResponse[] {
  return told.flatMap((effect) =>
    effect.kind === "call.push" && effect.response.kind === "range_stream" ? [effect.response] : [],
  );
}

/** As a client merges them. */
function together(told: readonly Effect[]): object {
  const pieces = piecesOf(told);
  const { isLast, kvs, ...last } = pieces.at(-1) as RangeStreamResponse;
  expect(isLast).toBe(true);
  expect(pieces.filter((piece) => piece.isLast)).toHaveLength(1);
  return { ...last, kvs: [...pieces.slice(0, -1).flatMap((piece) => piece.kvs), ...kvs] };
}
