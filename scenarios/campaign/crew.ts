// A campaign on all processors: every hand is a thread that takes the next run until none is left,
// and tells what it saw. Runs know nothing of each other, so who makes which of them, and when,
// changes nothing; and what is found is what one hand alone would have found.

import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { count, createTally, groupedFailures, runNth, runsOf } from "./campaign.ts";
import type { Campaign, Plan, Ran, Tally } from "./campaign.ts";
import { scenarioOf } from "../catalogue/catalogue.ts";
import { JUDGE_ONCE } from "./judge.ts";
import type { JudgeOptions } from "./judge.ts";

/** A plan as another thread can be told of it. The core is the product itself. */
type Order = Omit<Plan, "scenarios" | "how"> &
  Readonly<{
    role: typeof ROLE;
    names: readonly string[];
    how: Omit<JudgeOptions, "core">;
    next: Int32Array; // shared: the number of the run that is next
  }>;

export type CrewOptions = Readonly<{
  jobs: number | null; // threads; null: as many as there are processors
  stop: AbortSignal; // the campaign is cut short, and what is under way is not counted
  onRun: (tally: Tally) => void;
}>;

const ROLE = "a hand of a campaign";

export async function runOnAll(plan: Plan, { jobs, stop, onRun }: CrewOptions): Promise<Campaign> {
  const { scenarios, how, ...rest } = plan;
  const { core: _, ...judging } = how;
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const names = scenarios.map(({ name }) => name);
  const order: Order = { ...rest, role: ROLE, names, how: judging, next };
  const tally = createTally();
  const failed: Ran[] = [];
  const note = (ran: Ran): void => {
    count(tally, plan, ran);
    if (ran.failure !== null) failed.push(ran);
    onRun(tally);
    // Those under way come to their end: an earlier one may fail as well.
    if (failed.length > 0 && !plan.keepsGoing) Atomics.store(next, 0, runsOf(plan));
  };
  const hands = Math.min(jobs ?? availableParallelism(), runsOf(plan));
  await Promise.all(Array.from({ length: hands }, () => hire(order, note, stop)));
  const failures = groupedFailures(plan, failed);
  const isComplete = tally.runs === runsOf(plan);
  return { tally, failures, isCutShort: !isComplete && stop.aborted };
}

function hire(order: Order, note: (ran: Ran) => void, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) return resolve();
    const hand = new Worker(new URL(import.meta.url), { workerData: order, execArgv: [] });
    stop.addEventListener("abort", () => void hand.terminate());
    hand.on("message", note);
    hand.on("error", reject);
    hand.on("exit", () => resolve());
  });
}

function work({ names, how, next, ...rest }: Order): void {
  const scenarios = names.flatMap((name) => scenarioOf(name) ?? []);
  const plan: Plan = { ...rest, scenarios, how: { ...JUDGE_ONCE, ...how } };
  const take = (): number => Atomics.add(next, 0, 1);
  for (let nth = take(); nth < runsOf(plan); nth = take()) {
    parentPort?.postMessage(runNth(plan, nth));
  }
}

const given = workerData as Order | null;
if (!isMainThread && given?.role === ROLE) work(given);
