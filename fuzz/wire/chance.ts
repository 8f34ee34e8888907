// Chance of a round: a function of the seed and of which round it is, so that any of them can be
// done again without the others.

import { createPrng, next } from "../../core/lib/prng.ts";

export type Dice = Readonly<{
  below: (limit: number) => number;
  one: (inHowMany: number) => boolean;
  pick: <T>(choices: readonly T[]) => T;
}>;

export function createDice(seed: number, round: number): Dice {
  let prng = createPrng((BigInt(seed) << 32n) | BigInt(round));
  const below = (limit: number): number => {
    const [value, rest] = next(prng);
    prng = rest;
    return value % limit;
  };
  return {
    below,
    one: (inHowMany) => below(inHowMany) === 0,
    pick: (choices) => choices[below(choices.length)] as never,
  };
}
