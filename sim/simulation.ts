// One run: a world, a cluster, clients and faults, driven event by event until the time is over or an
// oracle objects. `runSimulation` is for judges, `createSimulation` for screens.

import type { Fault, FaultKind } from "./faults.ts";
import type { Frame } from "./frame.ts";
import type { SimOperation } from "./history.ts";
import type { CallName, SimOptions } from "./options.ts";

export interface Simulation {
  /** One event. False: there was none, because the run is over. */
  readonly step: () => boolean;
  readonly frame: () => Frame;
  /** Let this go wrong now, whatever its `atMs` says. */
  readonly inject: (fault: Fault) => void;
  readonly result: () => SimResult;
}

export type SimResult = Readonly<{
  hash: string; // sixteen hex digits, chained over every event, input and effect
  events: number;
  simulatedMs: number;
  faultsInjected: Readonly<Record<FaultKind, number>>;
  history: readonly SimOperation[];
  calls: readonly (CallName | null)[]; // the names of the history's calls; null: a final check
  violation: Violation | null;
  coverage: Coverage;
}>;

export type Violation = Readonly<{
  oracle: string; // the id of an invariant, or "assertion" for one of the core's own
  message: string;
  step: number;
  timeMs: number;
  node: number | null;
}>;

/** What the run has seen: a quiet run that saw nothing proves nothing. */
export type Coverage = Readonly<{
  elections: number;
  leaderChanges: number;
  highestTerm: number;
  committedEntries: number;
  crashes: number;
  restarts: number;
  tornTails: number; // boots that cut a broken tail off the log
  lostWrites: number; // crashes that lost writes not yet synced
  snapshotsSent: number;
  snapshotsInstalled: number;
  logTruncations: number;
  logTrims: number;
  messagesSent: number;
  messagesLost: number;
  messagesDuplicated: number;
  callsOk: number;
  callsFailed: number;
  callsUnknown: number;
  linearizableReads: number;
  writes: number;
}>;

export declare function createSimulation(options: SimOptions): Simulation;
export declare function runSimulation(options: SimOptions): SimResult;
