// The oracles, proven: a planted bug is caught by the oracle that it names. Here every third, for
// that takes a while; `npm run mutants` hunts them all.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { RULES } from "../../checker/rules.ts";
import { INVARIANTS } from "../../sim/invariants/invariants.ts";
import { MUTANTS } from "./bugs/mutants.ts";
import { ALL_MUTANTS, escapeOf } from "./bugs/rules.ts";
import { createPlanter, substituted } from "./planting.ts";

const ROOT = join(import.meta.dirname, "../..");
const HUNT_TIMEOUT_MS = 120_000;
const SAMPLE = ALL_MUTANTS.filter((_, at) => at % 3 === 0);

const planter = createPlanter();
afterAll(() => planter.close());

describe("a planted bug", () => {
  it.for(SAMPLE)("$name is caught by its oracle", { timeout: HUNT_TIMEOUT_MS }, async (mutant) => {
    const hunted = await planter.hunt(mutant);
    expect(escapeOf(mutant, hunted), `${mutant.bug} ${hunted.message}`).toBeNull();
  });

  it("fits the code", () => {
    for (const mutant of ALL_MUTANTS)
      expect(substituted(mutant, readFileSync(join(ROOT, mutant.file), "utf8"))).not.toBe("");
  });

  it("breaks every rule that there is, each by at least one", () => {
    const broken = new Set(ALL_MUTANTS.flatMap(({ rules }) => rules));
    expect(RULES.filter(({ id }) => !broken.has(id))).toEqual([]);
    expect(new Set(ALL_MUTANTS.map(({ name }) => name)).size).toBe(ALL_MUTANTS.length);
  });

  it("is caught, one or another, by every oracle that watches a run", () => {
    const named = new Set(ALL_MUTANTS.map(({ oracle }) => oracle));
    expect(INVARIANTS.filter(({ id }) => !named.has(id)).map(({ id }) => id)).toEqual([]);
  });

  it("is not seen where there is none", { timeout: HUNT_TIMEOUT_MS }, async () => {
    const [mutant] = MUTANTS;
    if (mutant === undefined) throw new Error("there are no mutants");
    const control = { ...mutant, name: "control", replace: mutant.find, seeds: [1, 10] } as const;
    expect(await planter.hunt(control)).toMatchObject({ oracle: "none", tried: 10 });
  });

  it("that no longer fits the code is out of date, not caught", () => {
    const mutant = MUTANTS[0];
    if (mutant === undefined) throw new Error("there are no mutants");
    expect(() => substituted(mutant, "")).toThrow("out of date: its text occurs 0 times");
    expect(() => substituted(mutant, mutant.find.repeat(2))).toThrow("occurs 2 times");
    expect(substituted(mutant, `a ${mutant.find} b`)).toBe(`a ${mutant.replace} b`);
  });
});
