// The scenarios that are about one service each, in any trouble.

import type { Retention } from "../../core/mvcc/retention.ts";
import type { Ratio, SimOptions } from "../../sim/options/options.ts";
import { DEFAULT_OPTIONS, SMALL_LIMITS } from "../../sim/options/options.ts";
import {
  anyNode,
  anyTarget,
  both,
  crash,
  isolate,
  lasting,
  partition,
  pause,
  rot,
  schedule,
  slowDisk,
  weather,
} from "./arbitraries.ts";
import type { Scenario } from "./scenario.ts";
import { OFTEN } from "./scenario.ts";
import { leader, usual } from "./usual.ts";

/** Of the work on passwords, where clients log in. */
const CROWD: Ratio = [1, 12];

export const SERVICE_SCENARIOS: readonly Scenario[] = [
  {
    name: "leases",
    promise: "A lease ends no earlier than its time, not much later, and its keys all go with it.",
    options: (seed) => ({
      ...usual(seed),
      durationMs: 40_000,
      node: {
        ...usual(seed).node,
        limits: { ...SMALL_LIMITS, leaseCheckpointMs: seed % 2 === 0 ? 700 : 0 },
      },
      clients: {
        ...usual(seed).clients,
        leaseHolders: 2,
        mix: { ...usual(seed).clients.mix, lease: 16 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        isolate(options, leader, ["both", "inbound", "outbound"], lasting(500, 10_000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(200, 4000)),
        pause(options, lasting(500, 4000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["leaderChanges", "restarts", "keepAlives", "leasesRanOut"],
  },
  {
    name: "watches",
    promise: "A watch tells every change once, in order, whatever becomes of members and history.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: seed % 2 === 0 ? 5 : 50 },
      clients: {
        ...usual(seed).clients,
        watchers: 4,
        intervalMs: 100,
        mix: { ...usual(seed).clients.mix, txn: 4, nested: 3, compact: seed % 2 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(1000, 6000)),
        weather("drop", options, lasting(500, 3000)),
      ),
    injects: ["crash", "isolate", "drop"],
    covers: [
      "watchEvents",
      "watchFragments",
      "watchProgress",
      "watchesCompacted",
      "watchesResumed",
      "snapshotsInstalled",
    ],
  },
  {
    name: "locks",
    promise: "No two hold one lock, or lead one election, at one revision, whatever fails.",
    options: (seed) => ({
      ...usual(seed),
      clients: {
        ...DEFAULT_OPTIONS.clients,
        count: 6,
        mix: { ...DEFAULT_OPTIONS.clients.mix, lock: 40 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        isolate(options, anyTarget(options), ["both", "inbound", "outbound"], lasting(500, 5000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        pause(options, lasting(500, 4000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["locks", "leaderChanges", "restarts"],
  },
  {
    name: "compactions",
    promise: "Compacting takes nothing that can still be read, on members that crash and catch up.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: seed % 2 === 0 ? 5 : 50 },
      clients: {
        ...usual(seed).clients,
        intervalMs: 80,
        mix: { ...usual(seed).clients.mix, historical: 6, delete: 4, compact: 2 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(1000, 6000)),
      ),
    injects: ["crash", "isolate"],
    covers: ["compactions", "restarts", "snapshotsInstalled"],
  },
  {
    name: "hashes",
    promise: "A hash is of what can be read, however far a compaction has come meanwhile.",
    options: (seed) => (seed % 2 === 0 ? hashing(seed, 100, 500) : hashing(seed, 1, 20_000)),
    faults: (options) =>
      schedule(
        4,
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(500, 4000)),
      ),
    injects: ["crash", "isolate"],
    covers: ["hashes", "compactions", "restarts"],
  },
  {
    name: "full-stores",
    promise: "When a store is full, all members refuse alike, and go on alike once it is cleared.",
    options: (seed) => ({
      ...usual(seed),
      node: {
        ...DEFAULT_OPTIONS.node,
        snapshotCount: seed % 2 === 0 ? 5 : 50,
        limits: {
          ...SMALL_LIMITS,
          quotaBytes: 3000,
          retention: seed % 2 === 0 ? KEPT_FOR_A_TIME : KEPT_BY_LENGTH,
        },
      },
      clients: {
        ...DEFAULT_OPTIONS.clients,
        intervalMs: 80,
        mix: { ...DEFAULT_OPTIONS.clients.mix, delete: 4, compact: 1, alarm: 4 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(1000, 6000)),
      ),
    injects: ["crash", "isolate"],
    covers: ["refusedForSpace", "writes", "compactions", "autoCompactions", "restarts"],
  },
  {
    name: "authentication",
    promise:
      "While users are asked for, nobody does what is not theirs, whichever member is asked.",
    options: (seed) => ({
      ...usual(seed),
      clients: {
        ...usual(seed).clients,
        count: 4,
        intervalMs: 100,
        watchers: 0,
        admins: 1,
        crowd: CROWD,
      },
    }),
    faults: (options) =>
      schedule(
        6,
        isolate(options, anyTarget(options), ["both", "inbound", "outbound"], lasting(500, 4000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(100, 3000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["leaderChanges", "restarts", "authenticated"],
  },
  {
    name: "revocations",
    promise: "Once a permission, a password or a token is taken away, nobody is let in by it.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: seed % 2 === 0 ? 5 : 50 },
      clients: { ...DEFAULT_OPTIONS.clients, count: 2, users: 3, timeoutMs: 1000, crowd: CROWD },
    }),
    faults: (options) =>
      schedule(
        5,
        isolate(options, anyTarget(options), ["both", "inbound", "outbound"], lasting(500, 4000)),
        isolate(options, anyNode(options), ["both", "inbound"], lasting(3000, 8000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["authenticated", "refusedForPermission", "authChanges", "leaderChanges", "restarts"],
  },
  {
    name: "services",
    promise: "What comes in pieces is of one moment, and only without a leader do streams end.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: seed % 2 === 0 ? 5 : 50 },
      clients: {
        ...usual(seed).clients,
        servicesClients: 2,
        keys: 40,
        users: seed % 3 === 0 ? 1 : 0,
        watchers: seed % 3 === 0 ? 0 : 1, // they show no token
        mix: { ...usual(seed).clients.mix, lease: 3, compact: seed % 2 },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(500, 8000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        partition(options, lasting(500, 6000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["isolate", "crash", "partition", "pause"],
    covers: ["rangesInPieces", "backups", "endedWithoutLeader", "leaderChanges", "restarts"],
  },
  {
    name: "large-ranges",
    promise: "A range that takes many steps is of one moment, whatever is written meanwhile.",
    options: (seed) => ({
      ...usual(seed),
      node: {
        ...DEFAULT_OPTIONS.node,
        snapshotCount: seed % 2 === 0 ? 5 : 50,
        limits: { ...SMALL_LIMITS, rangeRows: 1 + (seed % 3), rangesAtOnce: 1 + (seed % 2) },
      },
      clients: {
        ...usual(seed).clients,
        intervalMs: 60,
        keys: 25,
        servicesClients: 1,
        users: seed % 4 === 0 ? 2 : 0,
        watchers: seed % 4 === 0 ? 0 : 1, // they show no token
        mix: {
          ...usual(seed).clients.mix,
          range: 8,
          select: 4,
          historical: 4,
          delete: 4,
          compact: 2,
        },
      },
    }),
    faults: (options) =>
      schedule(
        6,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(1000, 6000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["crash", "isolate", "pause"],
    covers: ["rangeParts", "rangesInPieces", "compactions", "restarts", "snapshotsInstalled"],
  },
  {
    name: "choices",
    promise:
      "A transaction that only reads chooses and reads at one moment, in however many steps.",
    options: (seed) => ({
      ...usual(seed),
      durationMs: 12_000,
      healAtMs: 8000,
      node: {
        ...DEFAULT_OPTIONS.node,
        snapshotCount: seed % 2 === 0 ? 5 : 50,
        limits: { ...SMALL_LIMITS, rangeRows: 1 + (seed % 3), rangesAtOnce: 1 + (seed % 2) },
      },
      clients: {
        ...DEFAULT_OPTIONS.clients,
        intervalMs: 100,
        keys: 40,
        mix: { ...DEFAULT_OPTIONS.clients.mix, put: 10, compact: 1, choice: 10 },
      },
    }),
    faults: (options) =>
      schedule(
        4,
        crash(options, anyTarget(options), ["none", "some", "all"], lasting(50, 3000)),
        isolate(options, anyTarget(options), ["both", "inbound"], lasting(1000, 5000)),
      ),
    injects: ["crash", "isolate"],
    covers: ["rangeParts", "compactions", "restarts"],
  },
  {
    name: "membership",
    promise: "Members are added, promoted and removed in any trouble, and nothing is lost by it.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: 10 },
      nodes: 7,
      spares: 4,
      disk: { ...DEFAULT_OPTIONS.disk, syncMicros: seed % 2 === 0 ? 500 : 5000 },
      operatorMs: 1200,
      strictReconfig: seed % 3 === 0,
      durationMs: 40_000,
      healAtMs: 27_000,
    }),
    faults: (options) =>
      schedule(
        10,
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        crash(options, leader, ["none", "some"], lasting(50, 3000)),
        isolate(options, leader, ["both", "inbound", "outbound"], lasting(500, 5000)),
        partition(options, lasting(500, 5000)),
        pause(options, lasting(500, 4000)),
        slowDisk(options, lasting(500, 4000)),
      ),
    injects: ["crash", "isolate", "partition", "pause", "slow_disk"],
    covers: ["memberChanges", "leaderChanges", "restarts", "snapshotsInstalled"],
  },
  {
    name: "silent-corruption",
    promise: "A store that is silently harmed is found by its hash, and nobody else is accused.",
    options: (seed) => ({
      ...usual(seed),
      durationMs: 40_000, // a check waits long for a member that does not come back
      nodes: seed % 2 === 0 ? 5 : 3,
      node: {
        ...DEFAULT_OPTIONS.node,
        snapshotCount: 10_000, // no image heals a member, or harms another
        limits: { ...SMALL_LIMITS, hashRows: 50, checks: { ...OFTEN, atStart: seed % 4 >= 2 } },
      },
      clients: {
        ...usual(seed).clients,
        mix: { ...usual(seed).clients.mix, compact: seed % 4 < 2 ? 1 : 0 },
      },
    }),
    // A majority must be sound, or nobody can tell who is not.
    faults: (options) =>
      both(
        schedule(options.nodes === 5 ? 2 : 1, rot(options, lasting(50, 3000))),
        schedule(
          3,
          crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
          isolate(options, anyTarget(options), ["both", "inbound"], lasting(500, 4000)),
        ),
      ),
    injects: ["rot", "crash", "isolate"],
    covers: ["corruptionsFound", "refusedToServe", "leaderChanges", "restarts"],
  },
];

const KEPT_FOR_A_TIME: Retention = { kind: "time", retentionMs: 4000 };
const KEPT_BY_LENGTH: Retention = { kind: "revisions", count: 15, everyMs: 3000 };

/** A compaction under which hashes are taken, or that comes between the pieces of one. */
function hashing(seed: number, compactionRows: number, syncMicros: number): SimOptions {
  const { clients, node, disk } = usual(seed);
  return {
    ...usual(seed),
    durationMs: 12_000,
    healAtMs: 8000,
    node: { ...node, limits: { ...SMALL_LIMITS, compactionRows, hashRows: 1 + (seed % 4) } },
    disk: { ...disk, syncMicros },
    clients: {
      ...clients,
      watchers: 0,
      count: 4,
      intervalMs: 60,
      mix: { ...clients.mix, delete: 4, compact: 1, hash: 30 },
    },
  };
}
