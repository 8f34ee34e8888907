import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sorted } from "./sorted-entries.ts";
import { entriesFrom, findEntry, withEntry } from "./sorted-entries.ts";

type Entry = Readonly<{ key: string; nth: number }>;

describe("Entries in runs", () => {
  it("are what a sorted list would hold, however many came", () => {
    const key = fc.integer({ min: 0, max: 2000 }).map((number) => `k${number}`);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3000, size: "max" }), key, (keys, from) => {
        const model = new Map<string, Entry>();
        let runs: Sorted<Entry> = [];
        for (const [nth, each] of keys.entries()) {
          const entry = { key: each, nth };
          model.set(each, entry);
          runs = withEntry(runs, entry);
        }
        const all = [...model.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
        expect([...entriesFrom(runs, "")]).toEqual(all);
        expect([...entriesFrom(runs, from)]).toEqual(all.filter((entry) => entry.key >= from));
        expect(findEntry(runs, from)).toEqual(model.get(from) ?? null);
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  it("stay as they were when others are added", () => {
    const few = withEntry<Entry>([], { key: "a", nth: 1 });
    withEntry(few, { key: "a", nth: 2 });
    expect(findEntry(few, "a")).toEqual({ key: "a", nth: 1 });
  });
});
