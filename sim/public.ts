// `detcd/sim`, as the package gives it away: what a run is made of, the run, and what it leaves.

export { checkOptions, DEFAULT_OPTIONS } from "./options/options.ts";
export type { SimOptions } from "./options/options.ts";
export { swarmOptions } from "./options/swarm.ts";
export type { Fault, FaultKind } from "./faults/faults.ts";
export { createSimulation, runSimulation } from "./run/simulation.ts";
export type { Simulation } from "./run/simulation.ts";
export type { SimResult, Violation } from "./run/result.ts";
export type { Frame } from "./run/frame.ts";
