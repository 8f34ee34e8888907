// Runs seeds of one scenario until one fails, and says which: the part of a mutant hunt that runs
// upon the mutated modules (scenarios/mutants/hunter.ts).

import { SCENARIOS } from "../catalogue/catalogue.ts";
import { judge, JUDGE_ONCE } from "../campaign/judge.ts";
import { optionsOf } from "../catalogue/scenario.ts";

export type Hunted = Readonly<{
  seed: number | null;
  oracle: string;
  message: string;
  rules: readonly string[];
  tried: number;
}>;

export function hunt(name: string, from: number, to: number): Hunted {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  for (let seed = from; seed <= to; seed++) {
    const { failure } = judge(optionsOf(scenario, { seed, path: null }), JUDGE_ONCE);
    if (failure === null) continue;
    const { oracle, message, rules } = failure;
    return { seed, oracle, message, rules, tried: seed - from + 1 };
  }
  return { seed: null, oracle: "none", message: "", rules: [], tried: to - from + 1 };
}
