import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, ClusterId, Index, KvReader, KvWrite, NodeId, Result } from "../contract.ts";
import {
  COMPARE_RESULTS,
  type Compare,
  type KvRequest,
  type KvResponse,
  type RequestOp,
  type TxnRequest,
} from "../api/request.ts";
import { fewEnds, fewKeys, fewRanges, rarely } from "../../scenarios/campaign/arbitrary-ranges.ts";
import { rangeOf } from "../api/testing.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { confirm, createOverlay, overlaid, pushWrites } from "../kv/overlay.ts";
import { entries } from "../lib/ordered-map.ts";
import { type Answer, createModel, execute } from "./array-model.ts";
import { range } from "./range/range.ts";
import { type Mvcc, restoreMvcc } from "./store.ts";
import { answerOf, beginReading, continueReading } from "./txn/reading.ts";
import { applyKv } from "./txn/txn.ts";

const SEED = 20260905;
const FILL = { clusterId: 7n as ClusterId, memberId: 8n as NodeId, raftTerm: 9 };

const bytes = fc.constantFrom("", "x", "y", "xy").map((text) => new TextEncoder().encode(text));
const put = fc.record({
  kind: fc.constant("put" as const),
  key: fewKeys,
  value: bytes,
  lease: fc.oneof({ weight: 12, arbitrary: fc.constant(0n) }, fc.constant(-5n)),
  prevKv: fc.boolean(),
  ignoreValue: rarely,
  ignoreLease: rarely,
});
const deleteRange = fc.record({
  kind: fc.constant("delete_range" as const),
  key: fewKeys,
  rangeEnd: fewEnds,
  prevKv: fc.boolean(),
});
const operand = fc.integer({ min: -1, max: 8 });
const compare: fc.Arbitrary<Compare> = fc.record({
  key: fewKeys,
  rangeEnd: fewEnds,
  result: fc.constantFrom(...COMPARE_RESULTS, "invalid" as const),
  target: fc.oneof(
    fc.record({ kind: fc.constantFrom("version", "create", "mod"), operand }),
    fc.record({ kind: fc.constant("value" as const), operand: bytes }),
    fc.record({ kind: fc.constant("lease" as const), operand: fc.bigInt({ min: -1n, max: 1n }) }),
    fc.record({ kind: fc.constant("invalid" as const) }),
  ),
});
function txnOver(operation: fc.Arbitrary<RequestOp>): fc.Arbitrary<TxnRequest> {
  const operations = fc.array(operation, { maxLength: 4 });
  const compares = fc.array(compare, { maxLength: 2 });
  const kind = fc.constant("txn" as const);
  return fc.record({ kind, compare: compares, success: operations, failure: operations });
}
const empty = fc.constant({ kind: "empty" as const });
const leaf = fc.oneof(
  { weight: 3, arbitrary: fewRanges },
  { weight: 5, arbitrary: put },
  { weight: 2, arbitrary: deleteRange },
);
const most = { weight: 30, arbitrary: leaf };
const inner = txnOver(fc.oneof(most, { weight: 1, arbitrary: empty }));
const txn = txnOver(
  fc.oneof(most, { weight: 8, arbitrary: inner }, { weight: 1, arbitrary: empty }),
);
const request = fc.oneof(leaf, leaf, txn);
const step = fc.record({ request, land: fc.boolean(), settle: fc.boolean() });
const stepOfPut = fc.record({ request: put, land: fc.boolean(), settle: fc.boolean() });
const story = fc.tuple(
  fc.array(stepOfPut, { maxLength: 9, size: "max" }), // something to read
  fc.array(step, { maxLength: 20, size: "max" }),
);

describe("the store", () => {
  it("answers every request as a list of all its past states would", () => {
    const property = fc.property(story, (parts) => {
      const model = createModel();
      const reader = createMemoryKv();
      let mvcc = restoreMvcc(reader);
      let overlay = createOverlay();
      let waiting: (readonly KvWrite[])[] = [];
      let issued = 0;
      for (const { request: asked, land, settle } of parts.flat()) {
        deepFreeze(mvcc);
        const view = overlaid(overlay, reader);
        const { mvcc: next, writes, answer } = perform(mvcc, view, asked);
        expect(answer).toEqual(execute(model, asked));
        mvcc = next;
        expect(mvcc.revision).toBe(model.states.length - 1);
        issued++;
        overlay = pushWrites(overlay, issued as Index, writes);
        waiting = [...waiting, writes];
        if (land) reader.perform(waiting.shift() ?? []);
        if (settle) overlay = confirm(overlay, (issued - waiting.length) as Index, Infinity);
      }
      const view = overlaid(overlay, reader);
      expectHistory(mvcc, view, model.states);
      expect(contents(restoreMvcc(view))).toEqual(contents(mvcc));
    });
    fc.assert(property, { seed: SEED, numRuns: 250 });
  });
});

/** One request as a node would serve it, and the answer in the model's words. */
function perform(
  mvcc: Mvcc,
  view: KvReader,
  asked: KvRequest,
): { mvcc: Mvcc; writes: readonly KvWrite[]; answer: Answer | string } {
  if (asked.kind === "range") {
    const found = range(mvcc, view, asked);
    const header = { revision: mvcc.revision };
    const answer = found.ok ? { kind: "range", ...header, ...found.value } : found.error.name;
    return { mvcc, writes: [], answer };
  }
  const applied = applyKv(mvcc, view, asked, FILL, () => false);
  const { result } = applied;
  if (asked.kind === "txn" && [...asked.success, ...asked.failure].every(isRange)) {
    expect(readWhole(mvcc, view, asked)).toEqual(result);
  }
  if (!result.ok) {
    expect(applied).toMatchObject({ mvcc, writes: [] });
    return { ...applied, answer: result.error.name };
  }
  expect(result.value.header).toMatchObject(FILL);
  expect(applied.writes.length > 0).toBe(applied.mvcc.revision > mvcc.revision);
  return { ...applied, answer: plain(result.value) };
}

function readWhole(mvcc: Mvcc, view: KvReader, asked: TxnRequest): Result<KvResponse> {
  const begun = beginReading(mvcc, asked);
  if (!begun.ok) return begun;
  const budget = { rows: Infinity, bytes: Infinity };
  const { reading, parts, error } = continueReading(begun.value, view, budget);
  if (error !== null) return { ok: false, error };
  return { ok: true, value: answerOf(reading, parts, FILL) };
}

function isRange(operation: RequestOp): boolean {
  return operation.kind === "range";
}

function plain(response: KvResponse): Answer {
  const { header, ...rest } = response;
  if (rest.kind !== "txn") return { ...rest, revision: header.revision };
  const responses = rest.responses.map((inside) => {
    expect(inside.header).toMatchObject({ clusterId: 0n, memberId: 0n, raftTerm: 0 });
    return plain(inside);
  });
  return { ...rest, revision: header.revision, responses };
}

function expectHistory(mvcc: Mvcc, view: KvReader, states: readonly unknown[]): void {
  for (let at = 1; at < states.length; at++) {
    const everything = rangeOf("\0", { rangeEnd: "\0" as Bytes, revision: at });
    const found = range(mvcc, view, everything);
    expect(found.ok && found.value.kvs).toEqual(states[at]);
  }
}

/** An index but for the shape of its trees. */
function contents({ revision: newest, index }: Mvcc): unknown {
  const lists = [index.live, index.dead].map((side) =>
    [...entries(side)].map(([each, { newest: version, older }]) => {
      return { each, version, older: older === null ? [] : [...entries(older)] };
    }),
  );
  return { newest, lists };
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  if (value instanceof Uint8Array) return;
  Object.freeze(value);
  for (const inside of Object.values(value)) deepFreeze(inside);
}
