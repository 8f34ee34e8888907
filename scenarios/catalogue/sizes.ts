// The scenarios in which everything is as large as it may be. Their worlds are short, and most of
// them are of some thousand keys where pieces are of some hundred: what happens between two pieces
// is the same as in a store of millions. Now and then one is large in earnest.

import fc from "fast-check";
import type { Limits } from "../../core/config.ts";
import { DEFAULT_LIMITS } from "../../core/config.ts";
import { DEFAULT_OPTIONS } from "../../sim/options/options.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import { drawSizes, VAST } from "../../sim/options/swarm-sizes.ts";
import { anyNode, anyTarget, crash, isolate, lasting, pause, schedule } from "./arbitraries.ts";
import type { Scenario } from "./scenario.ts";

export const SIZE_SCENARIOS: readonly Scenario[] = [
  {
    name: "giants",
    promise: "What is as large as it may be is done whole, or refused, whatever fails meanwhile.",
    options: (seed) => (seed % VAST_ONE_IN === VAST_ONE_IN - 1 ? vast(seed) : large(seed, 8000)),
    faults: (options) =>
      schedule(
        4,
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 1500)),
        isolate(options, anyNode(options), ["both", "inbound"], lasting(500, 2500)),
        pause(options, lasting(200, 1500)),
      ),
    injects: ["crash", "isolate", "pause"],
    covers: ["largeCalls", "crowds", "leasesRanOut", "compactions", "restarts"],
  },
  {
    name: "steady-office",
    promise: "However much is asked of it at once, a leader whom nothing ails stays in office.",
    options: (seed) => large(seed, 7000),
    faults: () => fc.constant([]),
    injects: [],
    covers: ["largeCalls", "crowds", "leasesRanOut", "compactions"],
  },
  {
    name: "narrow-lines",
    promise: "However long it takes to carry it all, a leader whom nothing ails stays in office.",
    options: (seed) => narrow(large(seed, 7000)),
    faults: () => fc.constant([]),
    injects: [],
    covers: ["largeCalls", "crowds", "leasesRanOut", "compactions", "statuses"],
  },
];

const VAST_ONE_IN = 128;

/** In earnest, where pieces are what they are in life. */
function vast(seed: number): SimOptions {
  const options = large(seed, 10_000);
  const { node, network } = DEFAULT_OPTIONS;
  return { ...options, sizes: VAST, network, node: { ...node, limits: DEFAULT_LIMITS } };
}

function large(seed: number, durationMs: number): SimOptions {
  const { clients, node, network, disk } = DEFAULT_OPTIONS;
  const mix = { ...clients.mix, select: 1, nested: 1 };
  return {
    ...DEFAULT_OPTIONS,
    seed,
    durationMs,
    healAtMs: 5000,
    network: { ...network, tailMicros: 5000, frameBytes: FRAME_BYTES },
    disk: { ...disk, tailMicros: 5000 },
    node: { ...node, snapshotCount: seed % 2 === 0 ? 5 : 100, limits: LIMITS },
    clients: { ...clients, count: 2, watchers: seed % 3 === 0 ? 1 : 0, mix },
    sizes: drawSizes(seed),
    cpu: { itemMicros: 5 * (1 + (seed % 3)), kilobyteMicros: 20, freeMicros: 200 },
  };
}

/** A large call takes as long as a dozen small ones, or some dozens. */
function narrow(options: SimOptions): SimOptions {
  const { seed, network, clients } = options;
  return {
    ...options,
    network: { ...network, kilobyteMicros: 1000 * (1 + (seed % 3)) },
    clients: { ...clients, statusClients: 1 },
  };
}

/** The entries of an append, one request more, and what lies around them. */
const FRAME_BYTES = 13 * 1024;

/** Pieces are a tenth of what they are in life. */
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  requestBytes: 8 * 1024,
  overheadBytes: 4 * 1024,
  transactionOperations: 128,
  appendBytes: 4 * 1024,
  segmentBytes: 256 * 1024,
  compactionRows: 100,
  historyRevisions: 100,
  hashRows: 200,
  rangeRows: 100,
  rangeBytes: 16 * 1024,
  rangesAtOnce: 2,
  applyRows: 100,
  stepRows: 2000,
  stepWrites: 200,
  stepPairs: 400,
  stepBytes: 1024 * 1024,
};
