// The union of what was granted, against looking at every key.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Permission } from "../api/request-auth.ts";
import type { Bytes } from "../contract.ts";
import { EMPTY } from "../lib/bytes.ts";
import { allows, isGrantable, rightsOf } from "./rights.ts";

const LETTERS = ["\0", "a", "b", "\xff"];
const KEYS: readonly Bytes[] = wordsOf(3);
const wordArbitrary = fc.constantFrom(...wordsOf(2));
const end = fc.oneof(fc.constantFrom(EMPTY, "\0" as Bytes), wordArbitrary);
const permission: fc.Arbitrary<Permission> = fc
  .record({ type: fc.constantFrom(0, 1, 2, 7), key: wordArbitrary, rangeEnd: end })
  .filter(isGrantable);

describe("what a user may do", () => {
  it("is what some permission allows, key by key", () => {
    const property = fc.property(
      fc.array(permission, { maxLength: 5 }),
      wordArbitrary,
      end,
      (list, k, e) => {
        const rights = rightsOf(list);
        for (const [access, type] of [
          ["read", 0],
          ["write", 1],
        ] as const) {
          const granted = list.filter((each) => each.type === type || each.type === 2);
          const asked = KEYS.filter((each) => holds({ key: k, rangeEnd: e }, each));
          if (asked.length === 0) continue; // an empty range: nothing can be read or written
          const expected = asked.every((each) => granted.some((range) => holds(range, each)));
          expect(allows(rights, access, k, e)).toBe(expected);
        }
      },
    );
    fc.assert(property, { seed: 20261121, numRuns: 2000 });
  });

  it("an open end is not contained in a bounded range, whatever its first key", () => {
    const rights = rightsOf([{ type: 0, key: "a" as Bytes, rangeEnd: "z" as Bytes }]);
    expect(allows(rights, "read", "a" as Bytes, "\0" as Bytes)).toBe(false);
    expect(allows(rights, "read", "a" as Bytes, "z" as Bytes)).toBe(true);
    expect(allows(rights, "read", "b" as Bytes, EMPTY)).toBe(true);
    expect(allows(rights, "write", "b" as Bytes, EMPTY)).toBe(false);
  });

  it("a range that ends before it begins cannot be granted, nor can no key at all", () => {
    expect([canGrant("a", ""), canGrant("a", "b"), canGrant("a", "\0")]).toEqual([
      true,
      true,
      true,
    ]);
    expect([canGrant("b", "a"), canGrant("a", "a"), canGrant("", "\0")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

function canGrant(from: string, to: string): boolean {
  return isGrantable({ type: 0, key: from as Bytes, rangeEnd: to as Bytes });
}

/** What lies between the longest of these words and the next is like the longest. */
function wordsOf(length: number): readonly Bytes[] {
  let words: string[] = [""];
  for (let at = 0; at < length; at++) {
    words = [...words, ...words.flatMap((word) => LETTERS.map((letter) => word + letter))];
  }
  return [...new Set(words)].filter((word) => word !== "").toSorted() as Bytes[];
}

function holds(range: Pick<Permission, "key" | "rangeEnd">, key: Bytes): boolean {
  if (range.rangeEnd === "") return key === range.key;
  return key >= range.key && (range.rangeEnd === "\0" || key < range.rangeEnd);
}
