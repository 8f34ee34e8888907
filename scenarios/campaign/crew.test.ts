// All processors see what one would have seen.

import { describe, expect, it } from "vitest";
import { AS_DRAWN } from "../../sim/options/sizes.ts";
import { runCampaign } from "./campaign.ts";
import type { Plan } from "./campaign.ts";
import { SCENARIOS } from "../catalogue/catalogue.ts";
import { runOnAll } from "./crew.ts";
import { JUDGE_ONCE } from "./judge.ts";

const PLAN: Plan = {
  scenarios: SCENARIOS.slice(1, 3),
  firstSeed: 1,
  seeds: 2,
  sizes: AS_DRAWN,
  how: JUDGE_ONCE,
};

describe("A campaign on all processors", () => {
  it("counts what a campaign on one counts", async () => {
    const { tally, found, isCutShort } = await runOnAll(PLAN, () => true);
    const { simulatedMs, ...counted } = runCampaign(PLAN, () => true).tally;
    expect({ found, isCutShort }).toEqual({ found: null, isCutShort: false });
    expect(tally).toMatchObject(counted);
    expect(tally.simulatedMs).toBeCloseTo(simulatedMs);
  });

  it("finds the first run that fails, whoever makes it", async () => {
    const plan = { ...PLAN, how: { ...JUDGE_ONCE, maxEvents: 5 } };
    const { found } = await runOnAll(plan, () => true);
    expect(found).toEqual(runCampaign(plan, () => true).found);
    expect(found).toMatchObject({ seed: 1, failure: { oracle: "runaway" } });
  });

  it("ends when it may not go on, and says so", async () => {
    const { tally, isCutShort } = await runOnAll({ ...PLAN, seeds: 1000 }, () => false);
    expect(isCutShort).toBe(true);
    expect(tally.runs).toBeLessThan(1000);
  });
});
