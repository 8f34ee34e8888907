// What happened in a run, in a few lines: the events that led to the violation, and the faults.

import { describe } from "../sim/faults/faults.ts";
import type { Fault } from "../sim/faults/faults.ts";
import type { SimEvent } from "../sim/run/frame.ts";
import type { SimOptions } from "../sim/options/options.ts";
import type { Core } from "../sim/cluster/sim-node.ts";
import { createSimulation } from "../sim/run/simulation.ts";
import type { Simulation } from "../sim/run/simulation.ts";
import type { Failure } from "./campaign/judge.ts";

export type Told = Readonly<{ step: number; timeMs: number; event: SimEvent }>;

const NOTABLE: readonly SimEvent["kind"][] = ["fault", "trace", "violation"];
const LAST = 10;

/** Every event of a run, in order. An exception ends the story where it ended the run. */
export function* eventsOf(options: SimOptions, core: Core): Generator<Told> {
  const simulation = createSimulation({ ...options, frames: true }, core);
  for (let last: SimEvent | null = null; goesOn(simulation);) {
    const { step, time, event } = simulation.frame();
    if (event !== last) yield { step, timeMs: time / 1000, event };
    last = event;
  }
}

/** The last notable events up to the failure, or to the end where it has no moment of its own. */
export function eventsBefore(options: SimOptions, core: Core, { step }: Failure): readonly Told[] {
  const told: Told[] = [];
  for (const one of eventsOf(options, core)) {
    if (step !== null && one.step > step) break;
    if (NOTABLE.includes(one.event.kind)) told.push(one);
  }
  return told.slice(-LAST);
}

function goesOn(simulation: Simulation): boolean {
  try {
    return simulation.step();
  } catch {
    return false;
  }
}

export function printEvent({ step, timeMs, event }: Told): string {
  const where = event.node === null ? "" : `node ${event.node} `;
  return `${seconds(timeMs)}  #${step}  ${where}${event.text}`;
}

export function printFaults(faults: readonly Fault[]): readonly string[] {
  return faults.map((fault) => describe(fault));
}

export function seconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(3)}s`;
}

export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
