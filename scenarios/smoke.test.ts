// Every scenario, until its seeds have seen the trouble that they are about: every promise holds,
// and one seed of each is the same run twice.

import { describe, expect, it } from "vitest";
import { AS_DRAWN } from "../sim/options/sizes.ts";
import { count, createTally, runNth, unseen, WHOLE } from "./campaign/campaign.ts";
import { SCENARIOS, scenarioOf } from "./catalogue/catalogue.ts";
import { judge, JUDGE_ONCE } from "./campaign/judge.ts";
import { optionsOf } from "./catalogue/scenario.ts";

const FIRST_SEED = 14; // from here on the trouble of most scenarios comes soonest
const SEEDS_LEAST = 2;
const SEEDS_MOST = 20; // most runs leave most kinds of trouble out

describe("The promise of", { timeout: 60_000 }, () => {
  it.for(SCENARIOS)("$name holds, and its first seed is the same run twice", (scenario) => {
    const seeds = { firstSeed: FIRST_SEED, seeds: SEEDS_MOST, shard: WHOLE };
    const how = { ...JUDGE_ONCE, twice: false };
    const plan = { ...seeds, scenarios: [scenario], sizes: AS_DRAWN, keepsGoing: false, how };
    const tally = createTally();
    for (let nth = 0; nth < SEEDS_MOST; nth++) {
      const ran = runNth({ ...plan, how: { ...how, twice: nth === 0 } }, nth);
      expect(ran.failure).toBeNull();
      count(tally, plan, ran);
      if (nth + 1 >= SEEDS_LEAST && unseen(plan, tally).size === 0) break;
    }
    expect(tally.undecided).toEqual([]);
    expect(unseen(plan, tally)).toEqual(new Map());
  });
});

describe("A seed", { timeout: 60_000 }, () => {
  it("draws the same schedule each time, and another seed another one", () => {
    for (const scenario of SCENARIOS) {
      const options = optionsOf(scenario, { seed: 7, path: null });
      expect(optionsOf(scenario, { seed: 7, path: null })).toEqual(options);
      expect(JSON.parse(JSON.stringify(options))).toEqual(options);
    }
    const crashes = scenarioOf("rolling-crashes");
    if (crashes === null) return expect.unreachable("it is in the catalogue");
    const [one, other] = [1, 2].map((seed) => optionsOf(crashes, { seed, path: null }).faults);
    expect(one).not.toEqual(other);
  });
});

describe("A judge", { timeout: 60_000 }, () => {
  it("that may take no step has no opinion, and says how far it came", () => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) return expect.unreachable("there are scenarios");
    const options = optionsOf(scenario, { seed: 1, path: null });
    const { failure, undecided } = judge(options, { ...JUDGE_ONCE, budgetSteps: 5 });
    expect(failure).toBeNull();
    expect(undecided).toMatch(/Undecided after \d+ steps, at revision/);
  });
});

describe("The catalogue", { timeout: 60_000 }, () => {
  it("has names that can be typed, and one sentence for each", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    for (const { name, promise } of SCENARIOS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(promise).toMatch(/^[A-Z][^.]*\.$/);
    }
  });
});
