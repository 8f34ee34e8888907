// What a campaign has seen, a line for each scenario, and what it proves: no more than was tried.

import type { FaultKind } from "../sim/faults/faults.ts";
import { neverRun, runsOf, unseen } from "./campaign/campaign.ts";
import type { Campaign, Plan, Tally } from "./campaign/campaign.ts";
import { printSeed } from "./flags.ts";
import { plural, seconds } from "./story.ts";

export type Outcome = Campaign & Readonly<{ plan: Plan; wallMs: number }>;

/** So many seeds of a scenario see all that it is about: a test holds that. */
const SEEDS_THAT_SEE = 20;
const NAMES_MAX = 6;

/** Enough seeds did not see what the scenarios are about. */
export function isGap({ plan, tally, isCutShort }: Outcome): boolean {
  const isWhole = plan.shard.of === 1 && !isCutShort && plan.seeds >= SEEDS_THAT_SEE;
  return isWhole && unseen(plan, tally).size > 0;
}

/** For programs. */
export function dataOf({ plan, tally, isCutShort, wallMs }: Outcome): Record<string, unknown> {
  const { firstSeed, seeds, shard } = plan;
  const planned = { firstSeed, seeds, shard, runs: runsOf(plan) };
  const notSeen = Object.fromEntries(unseen(plan, tally));
  return { planned, ...tally, wallMs, isCutShort, neverRun: neverRun(plan, tally), notSeen };
}

export function printSummary(outcome: Outcome): string {
  const { plan, tally, isCutShort, wallMs } = outcome;
  const speed = Math.round(tally.simulatedMs / Math.max(1, wallMs));
  const minutes = (tally.simulatedMs / 60_000).toFixed(1);
  const runs = plural(tally.runs, "run");
  const faults = Object.entries(tally.faults) as [FaultKind, number][];
  const undecided = tally.undecided.map(({ scenario, seed }) => `${scenario} ${printSeed(seed)}`);
  return [
    ...table(plan, tally),
    "",
    `${runs}, ${minutes} minutes simulated in ${seconds(wallMs)}: ${speed} times real time`,
    `events    ${tally.events}`,
    `faults    ${printCounts(faults)}`,
    `coverage  ${printCounts(Object.entries(tally.coverage))}`,
    ...(undecided.length > 0 ? [`undecided ${undecided.join(", ")}: the judge gave up`] : []),
    ...(isCutShort ? [`cut short ${shortfall(plan, tally)}`] : []),
    `verdict   ${verdictOf(outcome)}`,
  ].join("\n");
}

const COLUMNS = [22, 6, 8, 19] as const;

function table(plan: Plan, tally: Tally): readonly string[] {
  const missed = unseen(plan, tally);
  const rows = plan.scenarios.map(({ name }) => {
    const its = tally.byScenario[name];
    if (its === undefined) return [name, "0", "", "", "never ran"];
    const slowest = `${seconds(its.slowest.wallMs)} ${printSeed(its.slowest.seed)}`;
    const failed = its.failed > 0 ? `FAILED ${its.failed} times` : "";
    const unmet = (missed.get(name) ?? []).join(", ");
    const notes = [failed, unmet === "" ? "" : `not seen: ${unmet}`].filter((note) => note !== "");
    return [name, String(its.runs), String(its.faults), slowest, notes.join("; ")];
  });
  const head = ["scenario", "runs", "faults", "slowest seed", ""];
  return [head, ...rows].map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(COLUMNS[at] ?? 0))
      .join(" ")
      .trimEnd(),
  );
}

function shortfall(plan: Plan, tally: Tally): string {
  const never = neverRun(plan, tally);
  const names = never.slice(0, NAMES_MAX).join(", ");
  const more = never.length > NAMES_MAX ? ", …" : "";
  const which = never.length === 0 ? "each scenario had its turn" : `never ran: ${names}${more}`;
  const left = never.length === 0 ? "" : ` ${plural(never.length, "scenario")}`;
  return `after ${tally.runs} of ${plural(runsOf(plan), "run")};${left} ${which}`;
}

function verdictOf(outcome: Outcome): string {
  const { tally, failures, isCutShort } = outcome;
  if (failures.length > 0) {
    const kinds = failures.map(({ found, seeds }) => {
      return `${found.scenario.name}: ${found.failure.oracle} (${plural(seeds.length, "seed")})`;
    });
    return `broken: ${kinds.join(", ")}`;
  }
  if (tally.undecided.length > 0) return "undecided: no promise was seen broken";
  if (isCutShort) return "cut short: no promise was seen broken by then";
  if (isGap(outcome)) return "incomplete: every promise held, and some were not put to the test";
  return "ok: every promise held";
}

function printCounts(counts: readonly (readonly [string, number])[]): string {
  const shown = counts.filter(([, number]) => number > 0);
  return shown.length === 0 ? "none" : shown.map(([what, n]) => `${what} ${n}`).join(", ");
}
