import { expect, it } from "vitest";
import { fewest } from "./shrink.ts";

const harms = async (some: readonly number[]): Promise<boolean> =>
  some.includes(7) && some.includes(31);

it("the fewest rounds that do harm together are found", async () => {
  const rounds = Array.from({ length: 40 }, (_, at) => at);
  expect(await fewest(rounds, harms, () => false)).toEqual([7, 31]);
  expect(await fewest(rounds, harms, () => true)).toEqual(rounds);
});
