// What a campaign and a replay say in the end, as text for people.

import type { SimOptions } from "../sim/options/options.ts";
import { printSizes } from "../sim/options/sizes.ts";

import type { Plan } from "./campaign/campaign.ts";
import { printSeed } from "./flags.ts";
import type { Failure, Judged } from "./campaign/judge.ts";
import type { Scenario } from "./catalogue/scenario.ts";
import type { Shrunk } from "./campaign/shrink.ts";
import { plural, printEvent, printFaults, seconds } from "./story.ts";
import type { Told } from "./story.ts";

export type FailureReport = Shrunk &
  Readonly<{
    scenario: Scenario;
    events: readonly Told[];
    hash: string | null;
    commit: string | null;
  }>;

export function printList(scenarios: readonly Scenario[]): string {
  return scenarios.map(({ name, promise }) => `${name}\n    ${promise}`).join("\n");
}

export function printPlan({ scenarios, seeds, firstSeed, shard }: Plan): string {
  const [only] = scenarios;
  const what = scenarios.length === 1 ? only?.name : `${scenarios.length} scenarios`;
  const part = shard.of === 1 ? "" : `, shard ${shard.nth} of ${shard.of}`;
  return `detcd sim: ${what}, ${plural(seeds, "seed")} each, from ${printSeed(firstSeed)}${part}`;
}

export function printFailure(report: FailureReport): string {
  const { scenario, failure, faults, sizes, events, tries } = report;
  return [
    "",
    `${scenario.name}: ${failure.oracle} is broken${moment(failure)}`,
    indent(failure.message),
    "",
    `The simplest schedule found in ${plural(tries, "run")} has ${plural(faults.length, "fault")}:`,
    ...printFaults(faults).map(indent),
    ...(Object.keys(sizes).length > 0 ? [indent(`in a world of ${printSizes(sizes)}`)] : []),
    "",
    "What led to it:",
    ...events.map((event) => indent(printEvent(event))),
    "",
    "Replay it:",
    indent(replayLine(report)),
  ].join("\n");
}

/** The one line to paste. */
export function replayLine({ scenario, name, sizes, hash, commit }: FailureReport): string {
  const path = name.path === null ? "" : ` --path "${name.path}"`;
  const expected = hash === null ? "" : ` --hash ${hash}`;
  const note = commit === null ? "" : `   # commit ${commit}`;
  const seed = printSeed(name.seed);
  const world = Object.keys(sizes).length === 0 ? "" : ` ${printSizes(sizes)}`;
  return `npx detcd replay ${seed} --scenario ${scenario.name}${world}${path}${expected}${note}`;
}

export function printReplay(scenario: Scenario, options: SimOptions, judged: Judged): string {
  const { result, failure, undecided } = judged;
  const verdict = failure === null ? `ok: ${undecided ?? "every promise held"}` : broken(failure);
  return [
    `scenario  ${scenario.name}`,
    `promise   ${scenario.promise}`,
    `seed      ${printSeed(options.seed)}`,
    ...(options.sizes.keys > 0 ? [`sizes     ${printSizes(options.sizes)}`] : []),
    ...printFaults(options.faults).map((fault) => `fault     ${fault}`),
    `trace     ${result?.hash ?? "broken off"}`,
    `events    ${result?.events ?? 0}`,
    `verdict   ${verdict}`,
  ].join("\n");
}

function broken(failure: Failure): string {
  return `${failure.oracle} is broken${moment(failure)}\n${indent(failure.message)}`;
}

function moment({ step, timeMs }: Failure): string {
  return step === null || timeMs === null ? "" : ` at ${seconds(timeMs)}, event ${step}`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
