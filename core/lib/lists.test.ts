import { describe, expect, it } from "vitest";
import { atLeast, atMost, pushAll } from "./lists.ts";

const LONG = Array.from({ length: 300_000 }, (_, at) => at);

describe("a list that is too long for the arguments of a call", () => {
  it("is added to another one", () => {
    expect(() => [0].push(...LONG)).toThrow(RangeError);
    const list = [-1];
    pushAll(list, LONG);
    expect([list.length, list[0], list.at(-1)]).toEqual([300_001, -1, 299_999]);
  });

  it("has a greatest and a least number", () => {
    expect([atLeast(0, LONG), atMost(5, LONG)]).toEqual([299_999, 0]);
    expect([atLeast(7, []), atMost(7, []), atLeast(7, [3]), atMost(7, [9])]).toEqual([7, 7, 7, 7]);
  });
});
