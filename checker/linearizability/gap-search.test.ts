// Long histories with many writes of unknown outcome, which a search without guidance never
// decides. Steps are counted, not seconds: the numbers are the same on every machine.

import { describe, expect, it } from "vitest";
import type { KvRequest } from "../../core/api/request.ts";
import { flawOfOrder } from "../verdict/certificate.ts";
import type { Operation } from "../history.ts";
import { checkRevisionOrder } from "./revision-order.ts";
import { compareMod, enact, put, range, remove, txn } from "../testing.ts";
import type { Draft } from "../testing.ts";

const CALLS = 600;

/** A stream of small numbers, the same for the same seed. */
function createDraw(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
}

function draft(at: number, draw: (limit: number) => number, unknownPercent: number): Draft {
  const key = `k${draw(5)}`;
  const requests: readonly KvRequest[] = [
    put(key, `v${at}`, { prevKv: draw(4) === 0 }),
    put(key, `v${at}`),
    range(key),
    range("k", { rangeEnd: "l" as never }),
    remove(key),
    txn([compareMod(key, draw(at + 1))], [put(key, `t${at}`)], [range(key)]),
  ];
  const request = requests[draw(requests.length)] as KvRequest;
  const isUnknown = draw(100) < unknownPercent;
  const fate = !isUnknown ? "ok" : draw(2) === 0 ? "unknown_done" : "unknown_never";
  return { request, call: 3 * at, length: 5 + draw(30), point: draw(3), fate, age: 0 };
}

function history(seed: number, unknownPercent: number): readonly Operation[] {
  const draw = createDraw(seed);
  return enact(Array.from({ length: CALLS }, (_, at) => draft(at, draw, unknownPercent)));
}

describe("A history with many writes of unknown outcome", () => {
  it.for([0, 5, 10, 20])("is decided with %i percent of them", (unknownPercent) => {
    for (const seed of [1, 2, 3, 4]) {
      const operations = history(seed, unknownPercent);
      const verdict = checkRevisionOrder(operations, 100_000);
      if (verdict.verdict !== "ok") return expect.unreachable(JSON.stringify(verdict));
      expect(flawOfOrder(operations, verdict.order)).toBeNull();
    }
  });

  it("is undecided when the budget is too small, and says how far the judge came", () => {
    const verdict = checkRevisionOrder(history(1, 10), 200);
    expect(verdict).toMatchObject({ verdict: "unknown", steps: expect.any(Number) as number });
    expect("stoppedAt" in verdict && verdict.stoppedAt).toMatch(
      /^revision \d+ of \d+, \d+ revisions guessed from \d+ writes of unknown outcome$/,
    );
  });
});
