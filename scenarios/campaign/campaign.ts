// Many runs: every scenario for every seed, until one fails or the time is over, and what they saw
// together.

import { must } from "../../core/lib/assert.ts";
import { FAULT_KINDS } from "../../sim/faults/faults.ts";
import type { FaultKind } from "../../sim/faults/faults.ts";
import type { Coverage, SimResult } from "../../sim/run/result.ts";
import type { GivenSizes } from "../../sim/options/sizes.ts";
import { judge } from "./judge.ts";
import type { Failure, JudgeOptions } from "./judge.ts";
import { optionsOf } from "../catalogue/scenario.ts";
import type { Scenario } from "../catalogue/scenario.ts";

export type Plan = Readonly<{
  scenarios: readonly Scenario[];
  firstSeed: number;
  seeds: number; // for each scenario
  sizes: GivenSizes;
  how: JudgeOptions;
}>;

/** Which runs a plan is of, however they are made. */
type Runs = Pick<Plan, "scenarios" | "firstSeed" | "seeds">;

export type Found = Readonly<{
  scenario: Scenario;
  seed: number;
  sizes: GivenSizes;
  failure: Failure;
}>;

/** What a campaign keeps of a run. */
export type Ran = Readonly<{
  nth: number;
  seen: Pick<SimResult, "events" | "simulatedMs" | "faultsInjected" | "coverage"> | null;
  isUndecided: boolean;
  failure: Failure | null;
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
  for (let nth = 0; nth < runsOf(plan); nth++) {
    const ran = runNth(plan, nth);
    count(tally, plan, ran);
    const found = foundIn(plan, ran);
    if (found !== null) return { tally, found, isCutShort: false };
    if (!goesOn(tally)) return { tally, found: null, isCutShort: true };
  }
  return { tally, found: null, isCutShort: false };
}

export function runsOf({ scenarios, seeds }: Runs): number {
  return scenarios.length * seeds;
}

/** Every scenario has its turn before the next seed. */
export function runNth(plan: Plan, nth: number): Ran {
  const { scenario, seed } = wayOf(plan, nth);
  const { result, failure, undecided } = judge(
    optionsOf(scenario, { seed, path: null }, plan.sizes),
    plan.how,
  );
  const isUndecided = undecided !== null;
  if (result === null) return { nth, seen: null, isUndecided, failure };
  const { events, simulatedMs, faultsInjected, coverage } = result;
  return { nth, seen: { events, simulatedMs, faultsInjected, coverage }, isUndecided, failure };
}

/** Null: every promise held. */
export function foundIn(plan: Plan, { nth, failure }: Ran): Found | null {
  if (failure === null) return null;
  return { ...wayOf(plan, nth), sizes: plan.sizes, failure };
}

function wayOf(
  { scenarios, firstSeed }: Runs,
  nth: number,
): Readonly<{ scenario: Scenario; seed: number }> {
  const scenario = must(scenarios[nth % scenarios.length], "a plan has scenarios");
  return { scenario, seed: (firstSeed + Math.floor(nth / scenarios.length)) >>> 0 };
}

/** What a campaign was meant to see and did not: it proves less than it seems to. */
export function unseen(plan: Runs, tally: Tally): readonly string[] {
  return plan.scenarios.flatMap(({ name, injects, covers }) => {
    const counts = tally.byScenario[name]?.counts ?? {};
    return [...injects, ...covers]
      .filter((what) => !counts[what])
      .map((what) => `${name}: ${what}`);
  });
}

export function createTally(): Tally {
  const faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Tally["faults"];
  const totals = { runs: 0, events: 0, simulatedMs: 0, undecided: 0 };
  return { ...totals, faults, coverage: {}, byScenario: {} };
}

export function count(tally: Tally, plan: Runs, { nth, seen, isUndecided }: Ran): void {
  const { scenario } = wayOf(plan, nth);
  tally.runs += 1;
  if (isUndecided) tally.undecided += 1;
  const its = (tally.byScenario[scenario.name] ??= { runs: 0, counts: {} });
  its.runs += 1;
  if (seen === null) return;
  tally.events += seen.events;
  tally.simulatedMs += seen.simulatedMs;
  for (const kind of FAULT_KINDS) tally.faults[kind] += seen.faultsInjected[kind];
  for (const kind of scenario.injects) add(its.counts, kind, seen.faultsInjected[kind]);
  for (const [what, number] of Object.entries(seen.coverage) as [keyof Coverage, number][]) {
    if (what === "highestTerm") {
      tally.coverage[what] = Math.max(tally.coverage[what] ?? 0, number);
    } else add(tally.coverage, what, number);
    if (scenario.covers.includes(what)) add(its.counts, what, number);
  }
}

function add(counts: Record<string, number>, what: string, number: number): void {
  counts[what] = (counts[what] ?? 0) + number;
}
