// The simulator's pace: how much simulated time, and how many events, a second of one core buys,
// with every oracle on. The density of events is printed beside it, because the one means nothing
// without the other. It is the time that the thread has computed, so that a busy machine shows
// nearly the same.

import { DEFAULT_OPTIONS } from "../sim/options/options.ts";
import type { SimOptions } from "../sim/options/options.ts";
import { runSimulation } from "../sim/run/simulation.ts";
import { swarmOptions } from "../sim/options/swarm.ts";
import type { Figure, Report } from "./report.ts";

const ROUNDS = 3;
const SEEDS = 20;

export function benchSim(): Report {
  const idle = { ...DEFAULT_OPTIONS.clients, count: 0 };
  const figures = [
    ...pace("three nodes, no clients, no faults", (seed) => ({
      ...DEFAULT_OPTIONS,
      seed,
      clients: idle,
    })),
    ...pace("three nodes, three clients, no faults", (seed) => ({ ...DEFAULT_OPTIONS, seed })),
    ...pace("swarm: 3 or 5 nodes, random clients and faults", (seed) => swarmOptions(seed)),
  ];
  return { suite: "sim", command: "npm run bench -- sim", figures };
}

function pace(name: string, options: (seed: number) => SimOptions): Figure[] {
  const speeds: number[] = [];
  const events: number[] = [];
  const densities: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.threadCpuUsage();
    let simulatedMs = 0;
    let count = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = runSimulation(options(seed));
      simulatedMs += result.simulatedMs;
      count += result.events;
    }
    const { user, system } = process.threadCpuUsage(start);
    const computedMs = (user + system) / 1000;
    speeds.push(simulatedMs / computedMs);
    events.push((count * 1000) / computedMs);
    densities.push((count * 1000) / simulatedMs);
  }
  return [
    { name: `${name}: simulated seconds per second`, unit: "×", rounds: speeds },
    { name: `${name}: events per second`, unit: "1/s", rounds: events },
    { name: `${name}: events per simulated second`, unit: "1/s", rounds: densities },
  ];
}
