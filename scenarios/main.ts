// `detcd sim` and `detcd replay`: the only file of this room that prints. Results go to stdout,
// progress and complaints to stderr.

import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { SCENARIOS } from "./catalogue/catalogue.ts";
import { runsOf } from "./campaign/campaign.ts";
import type { FoundOften, Plan, Tally } from "./campaign/campaign.ts";
import { runOnAll } from "./campaign/crew.ts";
import { parseReplayFlags, parseSimFlags, printSeed, REPLAY_USAGE, SIM_USAGE } from "./flags.ts";
import type { ReplayFlags, SimFlags } from "./flags.ts";
import { judge, JUDGE_ONCE } from "./campaign/judge.ts";
import { createProgress } from "./campaign/progress.ts";
import { EXIT, exitOf, exitOfCampaign } from "./exit-codes.ts";
import { printFailure, printList, printPlan, printReplay } from "./report.ts";
import { dataOf, printSummary } from "./summary.ts";
import { optionsOf, surroundingsOf } from "./catalogue/scenario.ts";
import { shrink } from "./campaign/shrink.ts";
import { eventsBefore, eventsOf, printEvent } from "./story.ts";

const SHRINK_TRIES = 300;

export async function main(command: "sim" | "replay", args: readonly string[]): Promise<number> {
  try {
    return command === "sim" ? await sim(args) : replay(args);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(`detcd ${command}: this is a bug of the command itself, not of a run.\n${text}`);
    return EXIT.environment;
  }
}

async function sim(args: readonly string[]): Promise<number> {
  const flags = parseSimFlags(args, Boolean(process.env["CI"]));
  if ("misuse" in flags) return refuse("sim", flags.misuse);
  if (flags.help) return say(SIM_USAGE);
  if (flags.list) return say(printList(SCENARIOS));
  const { scenarios, seeds, shard, keepsGoing, sizes, twice, jobs } = flags;
  const firstSeed = flags.firstSeed ?? randomInt(2 ** 32);
  const how = { ...JUDGE_ONCE, twice };
  const plan: Plan = { scenarios, firstSeed, seeds, shard, keepsGoing, sizes, how };
  console.error(printPlan(plan));
  const progress = createProgress(runsOf(plan));
  const onRun = (tally: Tally): void => progress.show(tally, performance.now());
  const stop = stopSignal(flags.budgetMs);
  const campaign = await runOnAll(plan, { jobs, stop, onRun });
  progress.end();
  const wallMs = performance.now(); // since the process began, as people count
  const failures = campaign.failures.map((failure) => tellFailure(failure, plan, flags));
  const outcome = { plan, ...campaign, wallMs };
  if (flags.json) console.log(JSON.stringify({ ...dataOf(outcome), failures }, null, 2));
  else console.log(printSummary(outcome));
  return exitOfCampaign(outcome);
}

/** When the time is over, or somebody has had enough. The second Ctrl-C ends the process. */
function stopSignal(budgetMs: number | null): AbortSignal {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once("SIGINT", end);
  if (budgetMs !== null) setTimeout(end, Math.max(0, budgetMs - performance.now())).unref();
  return stop.signal;
}

function tellFailure({ found, seeds }: FoundOften, plan: Plan, flags: SimFlags): unknown {
  const { scenario, failure } = found;
  const times = seeds.length === 1 ? "" : ` (${seeds.length} times)`;
  const what = `${scenario.name}: ${failure.oracle} fails${times}`;
  console.error(`detcd sim: ${what}; looking for a simpler schedule …`);
  const startedAt = performance.now();
  const isTime = (): boolean => performance.now() - startedAt > flags.shrinkMs;
  const shrunk = shrink(found, plan.how, SHRINK_TRIES, isTime);
  const options = { ...surroundingsOf(scenario, found.seed, shrunk.sizes), faults: shrunk.faults };
  const hash = judge(options, JUDGE_ONCE).result?.hash ?? null;
  const events = eventsBefore(options, plan.how.core, shrunk.failure);
  const text = printFailure({ scenario, ...shrunk, events, hash, commit: commitOf() });
  if (!flags.json) console.log(`${text}\n`);
  return { scenario: scenario.name, seeds, ...shrunk, hash };
}

function replay(args: readonly string[]): number {
  const flags = parseReplayFlags(args);
  if ("misuse" in flags) return refuse("replay", flags.misuse);
  if (flags.help) return say(REPLAY_USAGE);
  const options = optionsOrNull(flags);
  if (options === null) {
    return refuse(
      "replay",
      `seed ${printSeed(flags.seed)} has no schedule at --path ${flags.path}`,
    );
  }
  if (flags.trace)
    for (const told of eventsOf(options, JUDGE_ONCE.core)) console.log(printEvent(told));
  const judged = judge(options, JUDGE_ONCE);
  const hash = judged.result?.hash ?? null;
  const { scenario, seed, path } = flags;
  if (flags.json) {
    const { failure, undecided } = judged;
    console.log(JSON.stringify({ scenario: scenario.name, seed, path, hash, failure, undecided }));
  } else console.log(printReplay(scenario, options, judged));
  if (flags.hash !== null && flags.hash !== hash) {
    console.error(
      `detcd replay: expected the trace ${flags.hash}: this is not the code that found it. ` +
        "Check out the commit of the line that you pasted, run npm ci, and replay again.",
    );
    return EXIT.nondeterminism;
  }
  return exitOf(judged.failure);
}

function optionsOrNull({
  scenario,
  seed,
  path,
  sizes,
}: ReplayFlags): ReturnType<typeof optionsOf> | null {
  try {
    return optionsOf(scenario, { seed, path }, sizes);
  } catch {
    return null; // fast-check finds nothing there
  }
}

function refuse(command: string, sentence: string): number {
  console.error(`detcd ${command}: ${sentence}`);
  return EXIT.usage;
}

function say(text: string): number {
  console.log(text.trimEnd());
  return EXIT.ok;
}

/** Null where this is no checkout, or there is no git. */
function commitOf(): string | null {
  try {
    const commit = git("rev-parse", "--short", "HEAD");
    const changes = git("status", "--porcelain", "-uno");
    return changes === "" ? commit : `${commit} with local changes`;
  } catch {
    return null;
  }
}

function git(...args: readonly string[]): string {
  const cwd = import.meta.dirname;
  return execFileSync("git", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
