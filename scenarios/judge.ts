// One run, one verdict: first what the simulator's own oracles saw, step by step, then what the
// clients can prove together.

import { explain } from "../checker/explain.ts";
import { checkRevisionOrder } from "../checker/revision-order.ts";
import type { SimOptions } from "../sim/options.ts";
import { runSimulation } from "../sim/simulation.ts";
import type { SimResult } from "../sim/simulation.ts";

export type Failure = Readonly<{
  oracle: string; // an invariant's id, "assertion", "exception", "linearizability" or "determinism"
  message: string;
  step: number | null; // null: about the run as a whole
  timeMs: number | null;
}>;

export type Judged = Readonly<{
  result: SimResult | null; // null: the run itself broke off
  failure: Failure | null;
  undecided: string | null; // why the checker gave up, if it did
}>;

export type JudgeOptions = Readonly<{
  twice: boolean; // run it again, every step twice, and compare
  budgetSteps: number; // of the checker
}>;

export const JUDGE_ONCE: JudgeOptions = { twice: false, budgetSteps: 2_000_000 };

export function judge(options: SimOptions, how: JudgeOptions): Judged {
  const result = run(options);
  if ("oracle" in result) return { result: null, failure: result, undecided: null };
  const broken = result.violation;
  if (broken !== null) {
    const { oracle, message, step, timeMs } = broken;
    return { result, failure: { oracle, message, step, timeMs }, undecided: null };
  }
  const verdict = checkRevisionOrder(result.history, how.budgetSteps);
  const told = explain(result.history, verdict);
  if (verdict.verdict === "illegal") {
    return { result, failure: whole("linearizability", told), undecided: null };
  }
  const undecided = verdict.verdict === "unknown" ? told : null;
  return { result, failure: how.twice ? difference(options, result) : null, undecided };
}

/** The same run once more, every step twice: it must be the same in every event. */
function difference(options: SimOptions, once: SimResult): Failure | null {
  const again = run({ ...options, twice: true });
  if ("oracle" in again) return again;
  const { violation } = again;
  if (violation !== null) return whole("determinism", `${violation.oracle}: ${violation.message}`);
  if (again.hash === once.hash) return null;
  return whole("determinism", `two runs of one seed: trace ${once.hash}, then ${again.hash}`);
}

/** A mistake that no oracle foresaw, such as a read of nothing, is a finding like any other. */
function run(options: SimOptions): SimResult | Failure {
  try {
    return runSimulation(options);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return whole("exception", text.split("\n").slice(0, 4).join("\n"));
  }
}

function whole(oracle: string, message: string): Failure {
  return { oracle, message, step: null, timeMs: null };
}
