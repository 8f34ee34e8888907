import { expect, it } from "vitest";
import { roundOf } from "./rounds.ts";

const SEED = 20261130;

it("what is said depends on no token", () => {
  const [off, on] = ["", "root.1"].map((token) =>
    Array.from({ length: 50 }, (_, at) => roundOf(SEED, at, 3, token).text),
  );
  expect(on).toEqual(off);
});

it("a round is the same whenever it is made, and most kinds of calls are in some of them", () => {
  const texts = Array.from({ length: 300 }, (_, at) => roundOf(SEED, at, 3, ""));
  expect(texts[17]).toEqual(roundOf(SEED, 17, 3, ""));
  const kinds = new Set(texts.flatMap(({ text }) => text.split(/[* ]+/)));
  expect(kinds.size).toBeGreaterThan(50);
});
