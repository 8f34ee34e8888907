// Both engines against the slowest judge of all, on thousands of small histories, legal and spoiled.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEQUENTIAL_ETCD } from "./etcd-sequential.ts";
import { historyOfKeys } from "./history-of-keys.ts";
import type { Operation } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { checkRevisionOrder } from "./revision-order.ts";
import { drafts, enact, isLinearizable, spoil, spoiled } from "./testing.ts";

const BUDGET = 100_000;
const SEED = 20_261;

const spoiledHistories = fc
  .tuple(drafts(7), fc.array(spoil, { minLength: 0, maxLength: 2 }))
  .map(([calls, spoils]) => spoils.reduce<readonly Operation[]>(spoiled, enact(calls)));

describe("Two engines and a brute force", () => {
  it("accept what a correct store answered", () => {
    fc.assert(
      fc.property(drafts(12), (calls) => {
        const history = enact(calls);
        expect(checkRevisionOrder(history, BUDGET).verdict).toBe("ok");
        expect(checkLinearizable(SEQUENTIAL_ETCD, historyOfKeys(history), BUDGET).verdict).toBe("ok");
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("agree on histories with spoiled answers", () => {
    const counts = { ok: 0, illegal: 0 };
    fc.assert(
      fc.property(spoiledHistories, (history) => {
        const keys = historyOfKeys(history);
        const expected = isLinearizable(SEQUENTIAL_ETCD, keys) ? "ok" : "illegal";
        counts[expected]++;
        const general = checkLinearizable(SEQUENTIAL_ETCD, keys, BUDGET);
        expect(general.verdict, "general").toBe(expected);
        const ordered = checkRevisionOrder(history, BUDGET);
        expect(ordered.verdict, "by revision").toBe(expected);
      }),
      { seed: SEED, numRuns: 10_000 },
    );
    console.log(counts);
    expect(Math.min(counts.ok, counts.illegal)).toBeGreaterThan(1000);
  });
});
