// The interval set against a list.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes } from "../contract.ts";
import type { Interval, IntervalSet } from "./interval-set.ts";
import { insert, NO_INTERVALS, remove, touching } from "./interval-set.ts";

const SEED = 20261101;
const text = fc.string({ unit: fc.constantFrom("a", "b", "\0", "\xff"), maxLength: 3 });
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ from: text, to: text }) },
  { weight: 1, arbitrary: fc.nat({ max: 40 }) },
);

describe("an interval set", () => {
  it("knows which intervals hold a key, as a list does", () => {
    const property = fc.property(
      fc.array(change, { maxLength: 80, size: "max" }),
      fc.array(text, { maxLength: 10 }),
      (changes, keys) => {
        let set: IntervalSet = NO_INTERVALS;
        const list = new Map<number, Interval>();
        changes.forEach((each, number) => {
          if (typeof each === "number") {
            const interval = list.get(each);
            if (interval === undefined) return;
            set = remove(set, interval);
            expect(remove(set, interval)).toBe(set);
            list.delete(each);
          } else {
            const interval = { number, from: each.from as Bytes, to: each.to as Bytes };
            set = insert(set, interval);
            list.set(number, interval);
          }
        });
        for (const key of keys) {
          const holding = [...list.values()].filter(({ from, to }) => from <= key && key < to);
          expect(touching(set, key as Bytes)).toEqual(holding.map(({ number }) => number));
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it("stays shallow when a thousand neighbours come in order, and has one shape", () => {
    const all = Array.from({ length: 1000 }, (_, number) => {
      const from = String.fromCharCode(number >> 8, number & 255) as Bytes;
      return { number, from, to: (from + "\0") as Bytes };
    });
    const forwards = all.reduce<IntervalSet>(insert, NO_INTERVALS);
    const backwards = all.toReversed().reduce<IntervalSet>(insert, NO_INTERVALS);
    expect(depth(forwards)).toBeLessThan(40);
    expect(backwards).toEqual(forwards);
  });
});

function depth(set: IntervalSet): number {
  return set === null ? 0 : 1 + Math.max(depth(set.left), depth(set.right));
}
