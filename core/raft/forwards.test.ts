// Each forwarded number once, within bounded memory.

import { describe, expect, it } from "vitest";
import type { NodeId } from "../contract.ts";
import { firstSequence, remember, type SeenForwards } from "./forwards.ts";

const TWO = 2n as NodeId;
const THREE = 3n as NodeId;

describe("the memory of forwarded proposals", () => {
  it("accepts each number once, in any order", () => {
    expect(accepted(TWO, [5, 3, 5, 4, 3, 6])).toEqual([5, 3, 4, 6]);
  });

  it("keeps nodes and streams apart", () => {
    let seen: readonly SeenForwards[] = [];
    for (const [from, stream] of [
      [TWO, 1],
      [THREE, 1],
      [TWO, 0],
    ] as const) {
      const after = remember(seen, from, firstSequence(stream));
      expect(after).not.toBe(null);
      seen = after ?? [];
    }
    expect(remember(seen, TWO, firstSequence(1))).toBe(null);
  });

  it("is bounded: what is too old to be told from a double is refused", () => {
    const numbers = Array.from({ length: 1000 }, (_, at) => at);
    let seen: readonly SeenForwards[] = [];
    for (const number of numbers) seen = remember(seen, TWO, number) ?? [];
    expect(seen).toHaveLength(1);
    expect(seen[0]?.above.length).toBeLessThanOrEqual(128);
    expect(numbers.every((number) => remember(seen, TWO, number) === null)).toBe(true);
  });

  it("forgets the oldest stream of a node that restarts again and again", () => {
    let seen: readonly SeenForwards[] = [];
    for (let stream = 0; stream < 20; stream++) {
      seen = remember(seen, TWO, firstSequence(stream)) ?? [];
    }
    expect(seen.map((one) => one.stream)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it("counts on from one stream into the next", () => {
    const last = firstSequence(8) - 1;
    expect(accepted(TWO, [last, last + 1, last, last + 1])).toEqual([last, last + 1]);
    expect(Number.isSafeInteger(firstSequence(2 ** 32))).toBe(true);
  });
});

function accepted(from: NodeId, numbers: readonly number[]): number[] {
  let seen: readonly SeenForwards[] = [];
  return numbers.filter((number) => {
    const after = remember(seen, from, number);
    seen = after ?? seen;
    return after !== null;
  });
}
