// An answer that was made in parts has the bytes of one that was made at once.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyValue, RangeResponse, Response } from "../../../core/api/request.ts";
import type { Bytes, ClusterId, NodeId } from "../../../core/contract.ts";
import { addPart, type AnswerPart, encodeInParts, NO_PARTS } from "./answer-parts.ts";
import { encodeResponse } from "./methods.ts";

const SEED = 20261130;

const counter = fc.integer({ min: 0, max: 2 ** 40 });
const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key: fc.constantFrom("a", "key", "k".repeat(200)) as fc.Arbitrary<Bytes>,
  createRevision: counter,
  modRevision: counter,
  version: counter,
  value: fc.uint8Array({ maxLength: 200 }),
  lease: fc.bigInt({ min: -1n, max: 2n ** 62n }),
});
const header = fc.record({
  clusterId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) as fc.Arbitrary<ClusterId>,
  memberId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) as fc.Arbitrary<NodeId>,
  revision: counter,
  raftTerm: counter,
});
const range: fc.Arbitrary<RangeResponse> = fc.record({
  kind: fc.constant("range" as const),
  header,
  kvs: fc.array(keyValue, { maxLength: 6 }),
  more: fc.boolean(),
  count: counter,
});
const txn = fc.record({
  kind: fc.constant("txn" as const),
  header,
  succeeded: fc.boolean(),
  responses: fc.array(range, { maxLength: 4 }),
});

describe("an answer in parts", () => {
  it("has the bytes of the answer in one go, for a range and for ranges in a transaction", () => {
    const cuts = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 8 });
    const property = fc.property(
      fc.oneof(range, txn),
      cuts,
      fc.boolean(),
      (answer, sizes, begun) => {
        const [parts, rest] = cut(answer, sizes);
        const void1: AnswerPart = { operation: 1, kvs: [KEY_VALUE], isFirst: true };
        const all = begun ? [void1, ...parts] : parts;
        const pieces = encodeInParts(rest, all.reduce(addPart, NO_PARTS));
        expect(Buffer.concat(pieces)).toEqual(Buffer.from(encodeResponse(answer)));
      },
    );
    fc.assert(property, { seed: SEED });
  });
});

const KEY_VALUE: KeyValue = {
  key: "void" as Bytes,
  createRevision: 1,
  modRevision: 1,
  version: 1,
  value: new Uint8Array(0),
  lease: 0n,
};

/** The parts, of these sizes in turn, and what is left for the reply. */
function cut(
  answer: Response & { kind: "range" | "txn" },
  sizes: readonly number[],
): [AnswerPart[], Response] {
  const parts: AnswerPart[] = [{ operation: 0, kvs: [], isFirst: true }];
  const cutRange = (whole: RangeResponse, operation: number): RangeResponse => {
    let { kvs } = whole;
    for (const size of sizes) {
      parts.push({ operation, kvs: kvs.slice(0, size), isFirst: false });
      kvs = kvs.slice(size);
    }
    return { ...whole, kvs };
  };
  if (answer.kind === "range") return [parts, cutRange(answer, 0)];
  const responses = answer.responses.map((each, at) =>
    each.kind === "range" ? cutRange(each, at) : each,
  );
  return [parts, { ...answer, responses }];
}
