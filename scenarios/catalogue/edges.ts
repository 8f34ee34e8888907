// The scenarios in which something comes to its end: the room on a disk, the numbers of terms and
// entries.

import { DEFAULT_OPTIONS, SMALL_LIMITS } from "../../sim/options/options.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import { SMALL } from "../../sim/options/sizes.ts";
import { anyNode, anyTarget, crash, isolate, lasting, pause, schedule } from "./arbitraries.ts";
import type { Scenario } from "./scenario.ts";
import { leader, usual } from "./usual.ts";

export const EDGE_SCENARIOS: readonly Scenario[] = [
  {
    name: "full-disks",
    promise: "A member whose disk is full stops, and goes on where it was once there is room.",
    options: cramped,
    faults: (options) =>
      schedule(
        4,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyNode(options), ["both", "inbound"], lasting(1000, 5000)),
      ),
    injects: ["crash", "isolate"],
    covers: ["fullDisks", "tornTails", "logTrims", "restarts", "writes", "statuses"],
  },
  {
    name: "long-lives",
    promise: "A cluster that has counted nearly as far as numbers go is no worse than a young one.",
    options: aged,
    faults: (options) =>
      schedule(
        6,
        isolate(options, leader, ["both", "outbound"], lasting(500, 4000)),
        isolate(options, anyNode(options), ["both", "inbound"], lasting(2000, 7000)),
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["leaderChanges", "restarts", "snapshotsInstalled", "logTrims", "leasesRanOut"],
  },
];

/** Room for what a member keeps of its log, and for a little more. */
function cramped(seed: number): SimOptions {
  const options = usual(seed);
  const { clients, disk, node } = options;
  return {
    ...options,
    node: {
      ...node,
      snapshotCount: 20,
      limits: { ...SMALL_LIMITS, segmentBytes: 2048 },
    },
    disk: { ...disk, roomBytes: ROOM_BYTES + 512 * (seed % 8) },
    clients: { ...clients, intervalMs: 80, statusClients: 1 },
  };
}

const ROOM_BYTES = 8 * 1024;

/** Close to where a number of 32 bits ends, or a safe one. */
function aged(seed: number): SimOptions {
  const options = usual(seed);
  const { clients } = options;
  const past = PASTS[seed % PASTS.length] ?? PASTS[0];
  return {
    ...options,
    node: { ...DEFAULT_OPTIONS.node, snapshotCount: past.hasImages ? 10 : 100_000 },
    sizes: { ...SMALL, pastEntries: past.entries, pastTerms: past.terms },
    clients: {
      ...clients,
      intervalMs: 100,
      statusClients: 1,
      leaseHolders: 1,
      mix: { ...clients.mix, lease: 4, compact: 1 },
    },
  };
}

/** There is no image of an entry beyond half of the safe numbers (core/raft/message.ts). */
const PASTS = [
  { entries: 2 ** 31 - 50, terms: 2 ** 31 - 3, hasImages: true },
  { entries: 2 ** 32 - 50, terms: 2 ** 32 - 3, hasImages: true },
  { entries: 2 ** 52 - 5000, terms: 2 ** 53 - 1000, hasImages: true },
  { entries: 2 ** 53 - 5000, terms: 2 ** 53 - 1000, hasImages: false },
] as const;
