// The ordered map against a sorted array, and its shape after every change.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { removeAll, setAll } from "./ordered-map-batch.ts";
import {
  countBetween,
  createOrderedMap,
  entries,
  entriesDescending,
  first,
  floorEntry,
  fromSorted,
  get,
  has,
  last,
  remove,
  set,
  type OrderedKey,
  type OrderedMap,
} from "./ordered-map.ts";

const SEED = 20260901;
const numbers = fc.integer({ min: 0, max: 400 });
const strings = fc.string({ unit: fc.constantFrom("a", "b", "\xff"), maxLength: 6 });

type Change<K> = Readonly<{ kind: "set" | "remove"; key: K }>;
function changes<K>(key: fc.Arbitrary<K>): fc.Arbitrary<readonly Change<K>[]> {
  const kind = fc.constantFrom("set" as const, "set" as const, "remove" as const);
  return fc.array(fc.record({ kind, key }), { maxLength: 600, size: "max" });
}

describe("an ordered map", () => {
  for (const [name, key] of [
    ["numbers", numbers],
    ["strings", strings],
  ] as const) {
    it(`of ${name} answers as a sorted array does`, () => {
      const property = fc.property(
        changes<OrderedKey>(key),
        fc.array(fc.tuple<[OrderedKey, OrderedKey]>(key, key), { maxLength: 5 }),
        (steps, ranges) => {
          const { map, model } = built(steps);
          expect([...entries(map)]).toEqual(model);
          expect(first(map)).toEqual(model[0] ?? null);
          expect(last(map)).toEqual(model.at(-1) ?? null);
          for (const [from, to] of ranges) {
            const within = model.filter(([k]) => k >= from && k < to);
            expect([...entries(map, from, to)]).toEqual(within);
            expect([...entriesDescending(map, from, to)]).toEqual(within.toReversed());
            expect(countBetween(map, from, to)).toBe(within.length);
            expect([...entries(map, from)]).toEqual(model.filter(([k]) => k >= from));
            expect(countBetween(map, undefined, to)).toBe(model.filter(([k]) => k < to).length);
            expect(floorEntry(map, from)).toEqual(model.findLast(([k]) => k <= from) ?? null);
            const value = model.find(([k]) => k === from)?.[1] ?? null;
            expect(get(map, from)).toBe(value);
            expect(has(map, from)).toBe(value !== null);
          }
          expect([...entriesDescending(map)]).toEqual(model.toReversed());
        },
      );
      fc.assert(property, { seed: SEED, numRuns: 60 });
    });
  }

  it("keeps its balance, its sizes and its separators, however it was made", () => {
    const property = fc.property(changes(numbers), (steps) => {
      const { map, model } = built(steps);
      expectSound(map);
      expectSound(fromSorted(model));
      expect([...entries(fromSorted(model))]).toEqual(model);
    });
    fc.assert(property, { seed: SEED, numRuns: 60 });
  });

  it("takes many changes at once as one by one, and keeps its balance", () => {
    const keys = fc.uniqueArray(numbers, { maxLength: 300, size: "max" });
    const batch = fc.record({ kind: fc.constantFrom("set", "remove"), keys });
    const property = fc.property(
      changes(numbers),
      fc.array(batch, { maxLength: 5, size: "max" }),
      (steps, batches) => {
        let { map } = built(steps);
        for (const { kind, keys: wanted } of batches) {
          const values = new Map(wanted.map((key) => [key, -key]));
          const one = wanted.reduce(
            (next, key) => (kind === "set" ? set(next, key, -key) : remove(next, key)),
            map,
          );
          map = kind === "set" ? setAll(map, values) : removeAll(map, wanted);
          expect([...entries(map)]).toEqual([...entries(one)]);
          expectSound(map);
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 100 });
  });

  it("loses most of a large range at once, and all of it", () => {
    const full = fromSorted(Array.from({ length: 40_000 }, (_, key) => [key, key] as const));
    const keys = [...entries(full)].map(([key]) => key);
    for (const left of [0, 1, 9, 33, 1000]) {
      const map = removeAll(full, keys.slice(left / 2, keys.length - Math.ceil(left / 2)));
      expectSound(map);
      expect(map.size).toBe(Math.floor(left / 2) + Math.ceil(left / 2));
    }
    const grown = setAll(
      createOrderedMap<number, number>(),
      new Map(keys.map((key) => [key, key])),
    );
    expectSound(grown);
    expect(grown.size).toBe(full.size);
  });

  it("never changes an older version, even a frozen one", () => {
    const property = fc.property(changes(numbers), changes(numbers), (before, after) => {
      const { map, model } = built(before);
      deepFreeze(map);
      built(after, map);
      expect([...entries(map)]).toEqual(model);
    });
    fc.assert(property, { seed: SEED, numRuns: 40 });
  });

  it("shrinks back to nothing through every size", () => {
    let map = fromSorted(Array.from({ length: 3000 }, (_, key) => [key, key] as const));
    for (let step = 0; step < 3000; step++) {
      map = remove(map, (step * 1009) % 3000);
      if (step % 100 === 0) expectSound(map);
    }
    expect(map.size).toBe(0);
    expect(map.root.kind).toBe("leaf");
  });

  it("stays itself when an absent key is removed", () => {
    const map = set(createOrderedMap<number, string>(), 1, "one");
    expect(remove(map, 2)).toBe(map);
  });

  it("refuses entries that do not ascend", () => {
    const repeated = [
      [1, "a"],
      [1, "b"],
    ] as const;
    expect(() => fromSorted(repeated)).toThrow("entry 1 is not above the one before it");
  });
});

/** The map and the model after these changes; values count upwards, so that a stale one shows. */
function built<K extends OrderedKey>(
  steps: readonly Change<K>[],
  start: OrderedMap<K, number> = createOrderedMap(),
): { map: OrderedMap<K, number>; model: [K, number][] } {
  let map = start;
  const model = [...entries(start)].map(([key, value]): [K, number] => [key, value]);
  for (const [at, { kind, key }] of steps.entries()) {
    const found = model.findIndex(([k]) => k >= key);
    const place = found === -1 ? model.length : found;
    const present = model[place]?.[0] === key ? 1 : 0;
    if (kind === "set") model.splice(place, present, [key, at + 1]);
    else model.splice(place, present);
    map = kind === "set" ? set(map, key, at + 1) : remove(map, key);
  }
  return { map, model };
}

function expectSound(map: OrderedMap<number, number>): void {
  expect(map.size).toBe(map.root.size);
  soundDepth(map.root, true);
}

function soundDepth(node: OrderedMap<number, number>["root"], isRoot: boolean): number {
  expect(node.keys.length).toBeLessThanOrEqual(32);
  if (!isRoot) expect(node.keys.length).toBeGreaterThanOrEqual(10);
  if (node.kind === "leaf") {
    expect(node.values.length).toBe(node.keys.length);
    expect(node.size).toBe(node.keys.length);
    return 1;
  }
  expect(node.children.length).toBeGreaterThan(1);
  expect(node.keys).toEqual(node.children.map((child) => child.keys[0]));
  expect(node.size).toBe(node.children.reduce((sum, child) => sum + child.size, 0));
  const depths = node.children.map((child) => soundDepth(child, false));
  expect(depths.every((depth) => depth === depths[0])).toBe(true);
  return 1 + (depths[0] ?? 0);
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
