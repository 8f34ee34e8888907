// Classic violations, one small history each, and what a person is told about them.

import { describe, expect, it } from "vitest";
import type { KvRequest, KvResponse } from "../../core/api/request.ts";
import { flawOfOrder, validityOf } from "../verdict/certificate.ts";
import { evaluate, EMPTY_STORE } from "../model/etcd-model.ts";
import type { EtcdState } from "../model/etcd-model.ts";
import { explain } from "../verdict/explain.ts";
import type { Operation } from "../history.ts";
import { checkRevisionOrder } from "./revision-order.ts";
import { put, range, respond } from "../testing.ts";

const BUDGET = 10_000;
const SECOND = 1_000_000;

type Call = Readonly<{
  request: KvRequest;
  call: number; // seconds
  end: number | null; // null: nobody knows
  state: EtcdState; // what the server looked at
}>;

function history(calls: readonly Call[]): readonly Operation[] {
  return calls.map(({ request, call, end, state }, id) => {
    const base = { id, client: id + 1, input: request, call: call * SECOND };
    if (end === null) return { ...base, return: null, outcome: { kind: "unknown", error: null } };
    const { answer } = evaluate(state, request);
    const output = respond(answer as Parameters<typeof respond>[0]);
    return { ...base, return: end * SECOND, outcome: { kind: "ok", output } };
  });
}

const PUT_X = put("a", "x");
const PUT_Y = put("a", "y");
const AFTER_X = evaluate(EMPTY_STORE, PUT_X).state;
const AFTER_XY = evaluate(AFTER_X, PUT_Y).state;
const OTHER = evaluate(AFTER_X, put("b", "y")).state;

const VIOLATIONS: Readonly<Record<string, readonly Operation[]>> = {
  "a stale read": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: PUT_Y, call: 3, end: 4, state: AFTER_X },
    { request: range("a"), call: 5, end: 6, state: AFTER_X },
  ]),
  "a lost write": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: PUT_Y, call: 3, end: 4, state: AFTER_X },
    { request: range("a"), call: 5, end: 6, state: OTHER },
  ]),
  "a revision given twice": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: PUT_Y, call: 3, end: 4, state: EMPTY_STORE },
  ]),
  "a value that nobody wrote": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: range("a"), call: 3, end: 4, state: evaluate(EMPTY_STORE, put("a", "z")).state },
  ]),
  "a change that nobody made": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: range("a"), call: 3, end: 4, state: AFTER_XY },
  ]),
  "a write of unknown outcome that cannot have been so early": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: range("a"), call: 3, end: 4, state: AFTER_XY },
    { request: PUT_Y, call: 5, end: null, state: AFTER_X },
  ]),
  "a write of unknown outcome that is not what was seen": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: put("a", "z"), call: 2, end: null, state: AFTER_X },
    { request: range("a"), call: 3, end: 4, state: AFTER_XY },
  ]),
  "a revision below the first": history([
    { request: range("a"), call: 1, end: 2, state: { revision: 0, entries: [] } },
  ]),
  "an old previous pair": history([
    { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
    { request: PUT_Y, call: 3, end: 4, state: AFTER_X },
    {
      request: put("a", "z", { prevKv: true }),
      call: 5,
      end: 6,
      state: { ...AFTER_X, revision: 3 },
    },
  ]),
};

describe("A violation", () => {
  it("is found, proven and explained", async () => {
    const texts = Object.entries(VIOLATIONS).map(([name, operations]) => {
      const verdict = checkRevisionOrder(operations, BUDGET);
      if (verdict.verdict !== "illegal") return expect.unreachable(name);
      expect(validityOf(operations, verdict.certificate, BUDGET), name).toBe("valid");
      return `# ${name}\n${explain(operations, verdict)}\n`;
    });
    await expect(texts.join("\n")).toMatchFileSnapshot("testdata/violations.txt");
  });
});

function expectLegal(calls: readonly Call[]): void {
  const operations = history(calls);
  const verdict = checkRevisionOrder(operations, BUDGET);
  if (verdict.verdict !== "ok") return expect.unreachable(explain(operations, verdict));
  expect(flawOfOrder(operations, verdict.order)).toBeNull();
}

describe("No violation", () => {
  it("is an empty history", () => expectLegal([]));

  it("is a write of unknown outcome that happened", () => {
    expectLegal([
      { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
      { request: PUT_Y, call: 2, end: null, state: AFTER_X },
      { request: range("a"), call: 3, end: 4, state: AFTER_XY },
    ]);
  });

  it("is a write of unknown outcome that never happened", () => {
    expectLegal([
      { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
      { request: PUT_Y, call: 2, end: null, state: AFTER_X },
      { request: range("a"), call: 3, end: 4, state: AFTER_X },
    ]);
  });

  it("is a serializable read of any age", () => {
    expectLegal([
      { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
      { request: PUT_Y, call: 3, end: 4, state: AFTER_X },
      { request: range("a", { serializable: true }), call: 5, end: 6, state: AFTER_X },
    ]);
  });

  it("is a read of an old revision, whose header tells the current one", () => {
    expectLegal([
      { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
      { request: PUT_Y, call: 3, end: 4, state: AFTER_X },
      { request: range("a", { revision: 2 }), call: 5, end: 6, state: AFTER_XY },
    ]);
  });

  it("is a call at the very time of another's return", () => {
    expectLegal([
      { request: PUT_X, call: 1, end: 2, state: EMPTY_STORE },
      { request: range("a"), call: 2, end: 3, state: EMPTY_STORE },
    ]);
  });
});

describe("A serializable read", () => {
  it("does not see the future", () => {
    const operations = history([
      { request: range("a", { serializable: true }), call: 1, end: 2, state: AFTER_X },
      { request: PUT_X, call: 3, end: 4, state: EMPTY_STORE },
    ]);
    expect(checkRevisionOrder(operations, BUDGET).verdict).toBe("illegal");
  });
});

describe("The revision of an answer", () => {
  it("may be absurdly high without costing memory", () => {
    const response = respond({ kind: "put", revision: 2 ** 50, prevKv: null });
    const outcome = { kind: "ok", output: response satisfies KvResponse } as const;
    const operation = { id: 0, client: 1, input: PUT_X, call: 0, return: 1, outcome };
    expect(checkRevisionOrder([operation], BUDGET).verdict).toBe("illegal");
  });
});
