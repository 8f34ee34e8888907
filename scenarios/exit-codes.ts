// What a command ends with, so that a script need not read what it says.

import { isGap } from "./summary.ts";
import type { Outcome } from "./summary.ts";
import type { Failure } from "./campaign/judge.ts";

export const EXIT = {
  ok: 0,
  safety: 1,
  usage: 2,
  environment: 3,
  nondeterminism: 4,
  liveness: 5,
  undecided: 6,
  gap: 7,
} as const;

/** Something good that should have happened in the end, and did not. */
const LIVENESS: readonly string[] = ["convergence", "defragment-answered", "runaway", "L5", "W13"];

export function exitOf(failure: Failure | null): number {
  if (failure === null) return EXIT.ok;
  if (failure.oracle === "determinism") return EXIT.nondeterminism;
  return LIVENESS.includes(failure.oracle) ? EXIT.liveness : EXIT.safety;
}

/** The worst of it: where a seed is not the same run twice, nothing else can be believed. */
export function exitOfCampaign(outcome: Outcome): number {
  const codes = outcome.failures.map(({ found }) => exitOf(found.failure));
  const worst = [EXIT.nondeterminism, EXIT.safety, EXIT.liveness].find((code) =>
    codes.includes(code),
  );
  if (worst !== undefined) return worst;
  if (outcome.tally.undecided.length > 0) return EXIT.undecided;
  return outcome.isCutShort || isGap(outcome) ? EXIT.gap : EXIT.ok;
}
