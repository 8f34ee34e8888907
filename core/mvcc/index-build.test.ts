import { describe, expect, it } from "vitest";
import type { Bytes } from "../contract.ts";
import { entries } from "../lib/ordered-map.ts";
import { buildKeyIndex } from "./index-build.ts";
import { addVersion, createKeyIndex, historyOf, tombstone, type Version } from "./key-index.ts";

type Written = readonly (readonly [key: Bytes, version: Version])[];

describe("an index of all versions at once", () => {
  it("is the one that grows version by version", () => {
    const written = [
      put("b", 2, 0, 2, 1),
      put("a", 2, 1, 2, 1),
      put("b", 3, 0, 2, 2),
      put("b", 3, 1, 2, 3),
      gone("b", 4, 0),
      gone("c", 5, 0), // its puts went in a compaction
      put("b", 6, 0, 6, 1),
      put("c", 6, 1, 6, 1),
      gone("c", 7, 0),
    ];
    let grown = createKeyIndex();
    for (const [key, version] of written) {
      grown = addVersion(grown, key, historyOf(grown, key), version);
    }
    const built = buildKeyIndex(written);
    for (const part of ["live", "dead"] as const) {
      expect(plain(built[part])).toEqual(plain(grown[part]));
    }
    expect([built.live.size, built.dead.size]).toEqual([2, 1]);
  });

  it("refuses what could not have been written", () => {
    const twice: Written = [put("a", 3, 0, 3, 1), put("a", 3, 0, 3, 2)];
    expect(() => buildKeyIndex(twice)).toThrow("version 3.0 after version 3.0");
    const deadTwice: Written = [gone("a", 3, 0), gone("a", 4, 0)];
    expect(() => buildKeyIndex(deadTwice)).toThrow("a tombstone at 4 for a key that does not");
  });
});

function put(key: string, main: number, sub: number, created: number, version: number) {
  return [key as Bytes, { main, sub, created, version }] as const;
}

function gone(key: string, main: number, sub: number) {
  return [key as Bytes, tombstone(main, sub)] as const;
}

function plain(part: ReturnType<typeof createKeyIndex>["live"]): unknown {
  return [...entries(part)].map(([key, { newest, older }]) => [
    key,
    newest,
    older === null ? null : [...entries(older)],
  ]);
}
