// A campaign on all processors: every hand is a thread that takes the next run until none is left,
// and tells what it saw. Runs know nothing of each other, so who makes which of them, and when,
// changes nothing; and what is found is what one hand alone would have found.

import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { count, createTally, foundIn, runNth, runsOf } from "./campaign.ts";
import type { Campaign, Found, Plan, Ran, Tally } from "./campaign.ts";
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

const ROLE = "a hand of a campaign";

/** `goesOn` is asked after each run: false ends the campaign early. */
export function runOnAll(plan: Plan, goesOn: (tally: Tally) => boolean): Promise<Campaign> {
  const { scenarios, firstSeed, seeds, sizes } = plan;
  const { core: _, ...how } = plan.how;
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const names = scenarios.map(({ name }) => name);
  const order: Order = { role: ROLE, names, firstSeed, seeds, sizes, how, next };
  const tally = createTally();
  let isCutShort = false;
  let first: Ran | null = null;
  const note = (ran: Ran): void => {
    count(tally, plan, ran);
    if (ran.failure !== null && (first === null || ran.nth < first.nth)) first = ran;
    if (!goesOn(tally)) isCutShort = true;
    // Those under way come to their end: an earlier one may fail as well.
    if (isCutShort || first !== null) Atomics.store(next, 0, runsOf(plan));
  };
  const hands = Math.min(availableParallelism(), runsOf(plan));
  return Promise.all(Array.from({ length: hands }, () => hire(order, note))).then(() => {
    const found: Found | null = first === null ? null : foundIn(plan, first);
    return { tally, found, isCutShort: found === null && isCutShort };
  });
}

function hire(order: Order, note: (ran: Ran) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const hand = new Worker(new URL(import.meta.url), { workerData: order, execArgv: [] });
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
