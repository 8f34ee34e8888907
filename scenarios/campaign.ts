// Many runs: every scenario for every seed, until one fails or the time is over, and what they saw
// together.

import { FAULT_KINDS } from "../sim/faults.ts";
import type { FaultKind } from "../sim/faults.ts";
import type { Coverage } from "../sim/result.ts";
import type { GivenSizes } from "../sim/sizes.ts";
import { judge } from "./judge.ts";
import type { Failure, Judged, JudgeOptions } from "./judge.ts";
import { optionsOf } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

export type Plan = Readonly<{
  scenarios: readonly Scenario[];
  firstSeed: number;
  seeds: number; // for each scenario
  sizes: GivenSizes;
  how: JudgeOptions;
}>;

export type Found = Readonly<{
  scenario: Scenario;
  seed: number;
  sizes: GivenSizes;
  failure: Failure;
}>;

export type Tally = {
  runs: number;
  events: number;
  simulatedMs: number;
  undecided: number;
  readonly faults: Record<FaultKind, number>;
  readonly coverage: Record<string, number>;
  readonly byScenario: Record<string, Seen>;
};
/** What one scenario's runs have seen of what they must see. */
type Seen = { runs: number; readonly counts: Record<string, number> };

export type Campaign = Readonly<{ tally: Tally; found: Found | null; isCutShort: boolean }>;

/** `goesOn` is asked after each run: false ends the campaign early. */
export function runCampaign(plan: Plan, goesOn: (tally: Tally) => boolean): Campaign {
  const tally = createTally();
  for (let nth = 0; nth < plan.seeds; nth++) {
    const seed = (plan.firstSeed + nth) >>> 0;
    for (const scenario of plan.scenarios) {
      const judged = judge(optionsOf(scenario, { seed, path: null }, plan.sizes), plan.how);
      count(tally, scenario, judged);
      const { failure } = judged;
      if (failure !== null)
        return { tally, found: { scenario, seed, sizes: plan.sizes, failure }, isCutShort: false };
      if (!goesOn(tally)) return { tally, found: null, isCutShort: true };
    }
  }
  return { tally, found: null, isCutShort: false };
}

/** What a campaign was meant to see and did not: it proves less than it seems to. */
export function unseen(plan: Plan, tally: Tally): readonly string[] {
  return plan.scenarios.flatMap(({ name, injects, covers }) => {
    const counts = tally.byScenario[name]?.counts ?? {};
    return [...injects, ...covers]
      .filter((what) => !counts[what])
      .map((what) => `${name}: ${what}`);
  });
}

function createTally(): Tally {
  const faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Tally["faults"];
  const totals = { runs: 0, events: 0, simulatedMs: 0, undecided: 0 };
  return { ...totals, faults, coverage: {}, byScenario: {} };
}

function count(tally: Tally, scenario: Scenario, { result, undecided }: Judged): void {
  tally.runs += 1;
  if (undecided !== null) tally.undecided += 1;
  const seen = (tally.byScenario[scenario.name] ??= { runs: 0, counts: {} });
  seen.runs += 1;
  if (result === null) return;
  tally.events += result.events;
  tally.simulatedMs += result.simulatedMs;
  for (const kind of FAULT_KINDS) tally.faults[kind] += result.faultsInjected[kind];
  for (const kind of scenario.injects) add(seen.counts, kind, result.faultsInjected[kind]);
  for (const [what, number] of Object.entries(result.coverage) as [keyof Coverage, number][]) {
    if (what === "highestTerm") {
      tally.coverage[what] = Math.max(tally.coverage[what] ?? 0, number);
    } else add(tally.coverage, what, number);
    if (scenario.covers.includes(what)) add(seen.counts, what, number);
  }
}

function add(counts: Record<string, number>, what: string, number: number): void {
  counts[what] = (counts[what] ?? 0) + number;
}
