// One run, one verdict: first what the simulator's own oracles saw, step by step, then what the
// clients can prove together.

import { createChronicle } from "../../checker/model/chronicle.ts";
import { explain } from "../../checker/verdict/explain.ts";
import type { LeaseTimes } from "../../checker/leases/leases.ts";
import { brokenLeaseRules } from "../../checker/leases/leases.ts";
import { firstBrokenLock } from "../../checker/leases/locks.ts";
import type { Rights } from "../../checker/access/permissions.ts";
import { firstBrokenPermission } from "../../checker/access/permissions.ts";
import { firstIntruder } from "../../checker/access/revocations.ts";
import { checkRevisionOrder } from "../../checker/linearizability/revision-order.ts";
import type { RuleId } from "../../checker/rules.ts";
import { brokenStoreRules } from "../../checker/store/store-rules.ts";
import type { Watched } from "../../checker/watches/watch-guarantees.ts";
import { brokenWatchRules } from "../../checker/watches/watch-guarantees.ts";
import * as node from "../../core/node.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import type { Core } from "../../sim/cluster/sim-node.ts";
import { createSimulation } from "../../sim/run/simulation.ts";
import type { SimResult } from "../../sim/run/result.ts";

export type Failure = Readonly<{
  /** An invariant's id, "assertion", "exception", "runaway", "linearizability" or "determinism". */
  oracle: string;
  message: string;
  rules: readonly RuleId[]; // all that were seen broken
  step: number | null; // null: about the run as a whole
  timeMs: number | null;
}>;

export type Judged = Readonly<{
  result: SimResult | null; // null: the run itself broke off
  failure: Failure | null;
  undecided: string | null; // why the checker gave up, if it did
}>;

export type JudgeOptions = Readonly<{
  core: Core; // the product, or a broken one
  twice: boolean; // run it again, every step twice, and compare
  budgetSteps: number; // of the checker
  maxEvents: number; // of a run that has an end in sight: most have some ten thousand
}>;

export const JUDGE_ONCE: JudgeOptions = {
  core: { boot: node.boot, step: node.step },
  twice: false,
  budgetSteps: 2_000_000,
  maxEvents: 1_000_000,
};

/** What the administrator of the simulator gives (sim/clients/admin.ts). */
const RIGHTS: Rights = { hasName: (client) => client % 2 === 1, forbidden: "k0" };

export function judge(options: SimOptions, how: JudgeOptions): Judged {
  const result = run(options, how);
  if ("oracle" in result) return { result: null, failure: result, undecided: null };
  const broken = result.violation;
  if (broken !== null) {
    const { oracle, message, step, timeMs } = broken;
    return { result, failure: { oracle, message, rules: [], step, timeMs }, undecided: null };
  }
  // A harmed store may tell anything: only the oracles that know of the harm have a say.
  if (result.faultsInjected.rot > 0) {
    return {
      result,
      failure: how.twice ? difference(options, how, result) : null,
      undecided: null,
    };
  }
  const chronicle = createChronicle(result.journal);
  const { history, leaseEnds, boots } = result;
  const complaints = [
    ...brokenStoreRules(history, chronicle, boots),
    ...brokenLeaseRules(history, leaseEnds, chronicle, timesOf(options)),
    ...brokenWatchRules(watchedOf(options, result), chronicle),
  ];
  const [worst] = complaints;
  if (worst !== undefined) {
    const rules = complaints.map(({ rule }) => rule);
    return { result, failure: { ...whole(worst.rule, worst.story), rules }, undecided: null };
  }
  const lock = firstBrokenLock(history);
  if (lock !== null) return { result, failure: whole("locks", lock), undecided: null };
  const { admins, users } = options.clients;
  const intruder = users > 0 ? firstIntruder(history, result.shown) : null;
  if (intruder !== null)
    return { result, failure: whole("revocations", intruder), undecided: null };
  const permission = admins > 0 ? firstBrokenPermission(history, RIGHTS) : null;
  if (permission !== null) {
    return { result, failure: whole("permissions", permission), undecided: null };
  }
  const verdict = checkRevisionOrder(result.history, how.budgetSteps);
  const told = explain(result.history, verdict);
  if (verdict.verdict === "illegal") {
    return { result, failure: whole("linearizability", told), undecided: null };
  }
  const undecided = verdict.verdict === "unknown" ? told : null;
  return { result, failure: how.twice ? difference(options, how, result) : null, undecided };
}

/** The last quarter of a run is for everybody to catch up. */
function watchedOf({ healAtMs, durationMs }: SimOptions, result: SimResult): Watched {
  const tailMs = durationMs - healAtMs;
  const caughtUpBy = tailMs === 0 ? Number.NEGATIVE_INFINITY : 1000 * (durationMs - tailMs / 4);
  return { sessions: result.watches, copies: result.views, caughtUpBy };
}

/** Clocks that jump or run wrong end leases at any time, and then nothing is promised. */
function timesOf(options: SimOptions): LeaseTimes {
  const { clocks, faults, healAtMs, durationMs } = options;
  const { electionMs } = options.node;
  const wrong =
    clocks.length > 0 || faults.some(({ kind }) => kind === "clock_drift" || kind === "clock_jump");
  const calmAt = healAtMs + 5 * electionMs; // a leader has been found again
  const slackMs = 3 * electionMs;
  return {
    endsAt: durationMs * 1000,
    calmAt: calmAt * 1000,
    slack: slackMs * 1000,
    clocksAreRight: !wrong,
  };
}

/** The same run once more, every step twice: it must be the same in every event. */
function difference(options: SimOptions, how: JudgeOptions, once: SimResult): Failure | null {
  const again = run({ ...options, twice: true }, how);
  if ("oracle" in again) return again;
  const { violation } = again;
  if (violation !== null) return whole("determinism", `${violation.oracle}: ${violation.message}`);
  if (again.hash === once.hash) return null;
  return whole("determinism", `two runs of one seed: trace ${once.hash}, then ${again.hash}`);
}

/** A mistake that no oracle foresaw, such as a read of nothing, is a finding like any other. */
function run(options: SimOptions, { core, maxEvents }: JudgeOptions): SimResult | Failure {
  try {
    const simulation = createSimulation(options, core);
    for (let events = 0; simulation.step(); events++) {
      if (events > maxEvents)
        return whole("runaway", `more than ${maxEvents} events: no end in sight`);
    }
    return simulation.result();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return whole("exception", text.split("\n").slice(0, 4).join("\n"));
  }
}

function whole(oracle: string, message: string): Failure {
  return { oracle, message, rules: [], step: null, timeMs: null };
}
