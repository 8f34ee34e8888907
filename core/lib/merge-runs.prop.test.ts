import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeRuns } from "./merge-runs.ts";

type Item = Readonly<{ order: number; run: number }>;

describe("many sorted runs", () => {
  it("are one sorted sequence, taken a few at a time, and equal ones in the order of the runs", () => {
    const runs = fc.array(fc.array(fc.nat({ max: 6 }), { maxLength: 9 }), { maxLength: 9 });
    const property = fc.property(runs, fc.integer({ min: 1, max: 5 }), (numbers, few) => {
      const sorted = numbers.map((orders, run) =>
        orders.toSorted((a, b) => a - b).map((order): Item => ({ order, run })),
      );
      const at = sorted.map(() => 0);
      const taken: Item[] = [];
      for (let before = -1; before < taken.length;) {
        before = taken.length;
        for (const item of mergeRuns(sorted, at, (a, b) => a.order - b.order)) {
          taken.push(item);
          if (taken.length === before + few) break;
        }
      }
      expect(taken).toEqual(sorted.flat().toSorted((a, b) => a.order - b.order));
    });
    fc.assert(property, { seed: 20261130 });
  });
});
