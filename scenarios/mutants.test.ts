// The oracles, proven: every planted bug is caught by the oracle that it names.

import { describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { plantAndHunt, substituted } from "./planting.ts";

const TIMEOUT_MS = 120_000;

describe("a planted bug", () => {
  it.for(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    "%s is caught by its oracle",
    { timeout: TIMEOUT_MS },
    async ([, mutant]) => {
      const hunted = await plantAndHunt(mutant);
      expect(hunted, mutant.bug).toMatchObject({ oracle: mutant.oracle });
    },
  );

  it("is not seen where there is none", { timeout: TIMEOUT_MS }, async () => {
    const [mutant] = MUTANTS;
    if (mutant === undefined) throw new Error("there are no mutants");
    const control = { ...mutant, name: "control", replace: mutant.find, seeds: [1, 10] } as const;
    expect(await plantAndHunt(control)).toMatchObject({ oracle: "none", tried: 10 });
  });

  it("that no longer fits the code is out of date, not caught", () => {
    const mutant = MUTANTS[0];
    if (mutant === undefined) throw new Error("there are no mutants");
    expect(() => substituted(mutant, "")).toThrow("out of date: its text occurs 0 times");
    expect(() => substituted(mutant, mutant.find.repeat(2))).toThrow("occurs 2 times");
    expect(substituted(mutant, `a ${mutant.find} b`)).toBe(`a ${mutant.replace} b`);
  });
});
