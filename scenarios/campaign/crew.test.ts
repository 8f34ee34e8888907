// All processors see what one would have seen.

import { describe, expect, it } from "vitest";
import { AS_DRAWN } from "../../sim/options/sizes.ts";
import { neverRun, runCampaign, runsOf, wayOf, WHOLE } from "./campaign.ts";
import type { Plan } from "./campaign.ts";
import { SCENARIOS } from "../catalogue/catalogue.ts";
import { runOnAll } from "./crew.ts";
import { JUDGE_ONCE } from "./judge.ts";

const PLAN: Plan = {
  scenarios: SCENARIOS.slice(1, 3),
  firstSeed: 1,
  seeds: 2,
  shard: WHOLE,
  keepsGoing: false,
  sizes: AS_DRAWN,
  how: JUDGE_ONCE,
};
const FAILING = { ...PLAN, how: { ...JUDGE_ONCE, maxEvents: 5 } };

function all(plan: Plan): ReturnType<typeof runOnAll> {
  const stop = new AbortController().signal;
  return runOnAll(plan, { jobs: null, stop, onRun: () => undefined });
}

describe("A campaign on all processors", () => {
  it("counts what a campaign on one counts", async () => {
    const { tally, failures, isCutShort } = await all(PLAN);
    const { simulatedMs, byScenario, ...counted } = runCampaign(PLAN).tally;
    expect({ failures, isCutShort }).toEqual({ failures: [], isCutShort: false });
    expect(tally).toMatchObject(counted);
    expect(tally.simulatedMs).toBeCloseTo(simulatedMs);
    for (const [name, { counts }] of Object.entries(byScenario))
      expect(tally.byScenario[name]).toMatchObject({ runs: 2, counts });
  });

  it("finds the first run that fails, whoever makes it", async () => {
    const { failures } = await all(FAILING);
    expect(failures.map(({ found }) => found)).toEqual(
      runCampaign(FAILING).failures.map(({ found }) => found),
    );
    expect(failures).toMatchObject([{ found: { seed: 1, failure: { oracle: "runaway" } } }]);
  });

  it("that keeps going tells each kind of failure once, with its seeds", async () => {
    const { failures, tally } = await all({ ...FAILING, keepsGoing: true });
    expect(tally.runs).toBe(4);
    expect(failures.map(({ seeds }) => seeds)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(new Set(failures.map(({ found }) => found.scenario.name)).size).toBe(2);
  });

  it("is cut short when it must stop, and what was not run is known", async () => {
    const plan = { ...PLAN, scenarios: SCENARIOS, seeds: 1000 };
    const stop = new AbortController();
    const onRun = (): void => stop.abort();
    const { tally, isCutShort } = await runOnAll(plan, { jobs: 1, stop: stop.signal, onRun });
    expect(isCutShort).toBe(true);
    expect(tally.runs).toBe(1);
    expect(neverRun(plan, tally)).toHaveLength(SCENARIOS.length - 1);
  });
});

describe("The shards of a campaign", () => {
  it("make each run of it once", () => {
    for (const of of [1, 3, 4]) {
      const shards = Array.from({ length: of }, (_, at) => ({
        ...PLAN,
        shard: { nth: at + 1, of },
      }));
      const ways = shards.flatMap((plan) =>
        Array.from({ length: runsOf(plan) }, (_, nth) => wayOf(plan, nth)),
      );
      const names = ways.map(({ scenario, seed }) => `${scenario.name} ${seed}`);
      expect(names.toSorted()).toEqual(
        PLAN.scenarios.flatMap(({ name }) => [`${name} 1`, `${name} 2`]).toSorted(),
      );
    }
  });
});
