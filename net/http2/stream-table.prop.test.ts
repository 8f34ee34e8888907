// The table of streams against a Map.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamTable } from "./stream-table.ts";

describe("the table of streams", () => {
  it("holds what a map would hold, whatever comes and goes", () => {
    const id = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 100_000 })).map((n) => 2 * n + 1);
    const act = fc.tuple(fc.constantFrom("add", "add", "delete", "delete", "clear"), id);
    const acts = fc.array(act, { maxLength: 300, size: "max" });
    fc.assert(
      fc.property(acts, (script) => {
        const table = new StreamTable<number>();
        const map = new Map<number, number>();
        for (const [kind, each] of script) {
          if (kind === "clear" && each % 16 === 1) {
            table.clear();
            map.clear();
          } else if (kind === "add" && !map.has(each)) {
            table.add(each, -each);
            map.set(each, -each);
          } else if (kind === "delete") {
            table.delete(each);
            map.delete(each);
          }
          expect(table.get(each)).toBe(map.get(each) ?? null);
        }
        expect(table.size).toBe(map.size);
        for (const [key, value] of map) expect(table.get(key)).toBe(value);
        expect(new Set(table.values())).toEqual(new Set(map.values()));
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it("finds a stream that has lived through millions of others", () => {
    const table = new StreamTable<string>();
    table.add(1, "old");
    for (let id = 3; id < 200_000; id += 2) {
      table.add(id, "new");
      if (id > 41) table.delete(id - 40);
    }
    expect(table.get(1)).toBe("old");
    expect(table.size).toBe(21);
  });
});
