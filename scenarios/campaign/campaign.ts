// Many runs: every scenario for every seed, until one fails or the time is over, and what they saw
// together. A campaign may be dealt among machines that know nothing of each other: each makes its
// shard of the runs.

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
  shard: Shard;
  keepsGoing: boolean; // behind a failure
  sizes: GivenSizes;
  how: JudgeOptions;
}>;

/** The `nth` of so many, from 1 on. */
export type Shard = Readonly<{ nth: number; of: number }>;
export const WHOLE: Shard = { nth: 1, of: 1 };

/** Which runs a plan is of, however they are made. */
type Runs = Pick<Plan, "scenarios" | "firstSeed" | "seeds" | "shard">;
/** One of them. */
type Way = Readonly<{ scenario: Scenario; seed: number }>;

export type Found = Way & Readonly<{ sizes: GivenSizes; failure: Failure }>;

/** Failures of one scenario that one oracle sees are most likely of one cause: told once. */
export type FoundOften = Readonly<{ found: Found; seeds: readonly number[] }>;

/** What a campaign keeps of a run. */
export type Ran = Readonly<{
  nth: number;
  seen: Pick<SimResult, "events" | "simulatedMs" | "faultsInjected" | "coverage"> | null;
  isUndecided: boolean;
  failure: Failure | null;
  wallMs: number;
}>;

export type Tally = {
  runs: number;
  events: number;
  simulatedMs: number;
  readonly undecided: { scenario: string; seed: number }[]; // the judge gave up
  readonly faults: Record<FaultKind, number>;
  readonly coverage: Record<string, number>;
  readonly byScenario: Record<string, Seen>;
};
/** What one scenario's runs have seen of what they must see, and which of them took longest. */
type Seen = {
  runs: number;
  failed: number;
  faults: number;
  readonly counts: Record<string, number>;
  slowest: Readonly<{ seed: number; wallMs: number }>;
};

export type Campaign = Readonly<{
  tally: Tally;
  failures: readonly FoundOften[];
  isCutShort: boolean;
}>;

export function runCampaign(plan: Plan): Campaign {
  const tally = createTally();
  const failed: Ran[] = [];
  for (let nth = 0; nth < runsOf(plan) && (plan.keepsGoing || failed.length === 0); nth++) {
    const ran = runNth(plan, nth);
    count(tally, plan, ran);
    if (ran.failure !== null) failed.push(ran);
  }
  return { tally, failures: groupedFailures(plan, failed), isCutShort: false };
}

/** The first of each kind, as one machine alone would have found them. */
export function groupedFailures(plan: Plan, failed: readonly Ran[]): readonly FoundOften[] {
  const groups = new Map<string, { found: Found; seeds: number[] }>();
  for (const { nth, failure } of failed.toSorted((a, b) => a.nth - b.nth)) {
    if (failure === null) continue;
    const way = wayOf(plan, nth);
    const kind = `${way.scenario.name} ${failure.oracle}`;
    const group = groups.get(kind) ?? { found: { ...way, sizes: plan.sizes, failure }, seeds: [] };
    group.seeds.push(way.seed);
    groups.set(kind, group);
  }
  const all = [...groups.values()];
  return plan.keepsGoing ? all : all.slice(0, 1);
}

/** Of this shard. */
export function runsOf({ scenarios, seeds, shard }: Runs): number {
  return Math.max(0, Math.ceil((scenarios.length * seeds - shard.nth + 1) / shard.of));
}

/** Every scenario has its turn before the next seed. */
export function runNth(plan: Plan, nth: number): Ran {
  const startedAt = performance.now();
  const { scenario, seed } = wayOf(plan, nth);
  const { result, failure, undecided } = judge(
    optionsOf(scenario, { seed, path: null }, plan.sizes),
    plan.how,
  );
  const isUndecided = undecided !== null;
  const ran = { nth, isUndecided, failure, wallMs: performance.now() - startedAt };
  if (result === null) return { ...ran, seen: null };
  const { events, simulatedMs, faultsInjected, coverage } = result;
  return { ...ran, seen: { events, simulatedMs, faultsInjected, coverage } };
}

/** Which scenario is the first depends on the seed, so that campaigns that are cut short, each at
 *  another seed, leave none out for ever. */
export function wayOf({ scenarios, firstSeed, shard }: Runs, nth: number): Way {
  const place = nth * shard.of + shard.nth - 1;
  const turn = (place + firstSeed) % scenarios.length;
  const scenario = must(scenarios[turn], "a plan has scenarios");
  return { scenario, seed: (firstSeed + Math.floor(place / scenarios.length)) >>> 0 };
}

/** Scenarios of which no run was made. */
export function neverRun({ scenarios }: Runs, tally: Tally): readonly string[] {
  return scenarios.map(({ name }) => name).filter((name) => tally.byScenario[name] === undefined);
}

/** What a campaign was meant to see and did not: it proves less than it seems to. */
export function unseen(
  { scenarios }: Pick<Runs, "scenarios">,
  tally: Tally,
): ReadonlyMap<string, readonly string[]> {
  const missed = scenarios.map(({ name, injects, covers }) => {
    const counts = tally.byScenario[name]?.counts ?? {};
    return [name, [...injects, ...covers].filter((what) => !counts[what])] as const;
  });
  return new Map(missed.filter(([, what]) => what.length > 0));
}

export function createTally(): Tally {
  const faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Tally["faults"];
  const totals = { runs: 0, events: 0, simulatedMs: 0 };
  return { ...totals, undecided: [], faults, coverage: {}, byScenario: {} };
}

export function count(
  tally: Tally,
  plan: Runs,
  { nth, seen, isUndecided, failure, wallMs }: Ran,
): void {
  const { scenario, seed } = wayOf(plan, nth);
  tally.runs += 1;
  if (isUndecided) tally.undecided.push({ scenario: scenario.name, seed });
  const its = (tally.byScenario[scenario.name] ??= {
    runs: 0,
    failed: 0,
    faults: 0,
    counts: {},
    slowest: { seed, wallMs },
  });
  its.runs += 1;
  if (failure !== null) its.failed += 1;
  if (wallMs > its.slowest.wallMs) its.slowest = { seed, wallMs };
  if (seen === null) return;
  tally.events += seen.events;
  tally.simulatedMs += seen.simulatedMs;
  for (const kind of FAULT_KINDS) {
    tally.faults[kind] += seen.faultsInjected[kind];
    its.faults += seen.faultsInjected[kind];
  }
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
