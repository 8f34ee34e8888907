// The scenarios, and what each promises.

import fc from "fast-check";
import { swarmOptions } from "../../sim/options/swarm.ts";
import { anyFault, scheduleOf } from "./arbitraries.ts";
import { EDGE_SCENARIOS } from "./edges.ts";
import { FAULT_SCENARIOS } from "./faults.ts";
import { SERVICE_SCENARIOS } from "./services.ts";
import { SIZE_SCENARIOS } from "./sizes.ts";
import type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...FAULT_SCENARIOS,
  ...SERVICE_SCENARIOS,
  ...SIZE_SCENARIOS,
  ...EDGE_SCENARIOS,
  {
    name: "everything",
    promise: "Any mixture of all of this, in clusters of any temper, changes no answer.",
    options: (seed) => ({ ...swarmOptions(seed), faults: [] }),
    // Which kinds take part is drawn with the temper: what is left out shows what it would hide.
    faults: (options) => {
      const kinds = [...new Set(swarmOptions(options.seed).faults.map(({ kind }) => kind))];
      if (kinds.length === 0) return fc.constant([]);
      return scheduleOf(
        12,
        kinds.map((kind) => anyFault(kind, options)),
      );
    },
    injects: [],
    covers: ["elections", "restarts", "callsUnknown"],
  },
];

export function scenarioOf(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null;
}
