// Runs seeds of the swarm until one fails, and says which: the part of a mutant hunt that runs inside the
// mutated copy, as a process of its own. Prints one line of JSON.

import { swarmOptions } from "../sim/swarm.ts";
import { judge, JUDGE_ONCE } from "./judge.ts";

export type Hunted = Readonly<{
  seed: number | null;
  oracle: string;
  message: string;
  tried: number;
}>;

export function hunt(from: number, to: number): Hunted {
  for (let seed = from; seed <= to; seed++) {
    const { failure } = judge(swarmOptions(seed), JUDGE_ONCE);
    if (failure === null) continue;
    return { seed, oracle: failure.oracle, message: failure.message, tried: seed - from + 1 };
  }
  return { seed: null, oracle: "none", message: "", tried: to - from + 1 };
}

if (import.meta.main) {
  const [from = "1", to = "1"] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(hunt(Number(from), Number(to)))}\n`);
}
