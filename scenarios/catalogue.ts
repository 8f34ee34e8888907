// The scenarios, and what each promises.

import fc from "fast-check";
import type { Retention } from "../core/mvcc/retention.ts";
import { DEFAULT_OPTIONS, SMALL_LIMITS } from "../sim/options.ts";
import type { SimOptions } from "../sim/options.ts";
import { swarmOptions } from "../sim/swarm.ts";
import {
  anyFault,
  anyNode,
  anyTarget,
  both,
  crash,
  delay,
  drift,
  failDisk,
  inflate,
  isolate,
  jump,
  lasting,
  link,
  partition,
  pause,
  rot,
  schedule,
  slowDisk,
  weather,
} from "./arbitraries.ts";
import type { Scenario } from "./scenario.ts";
import { OFTEN } from "./scenario.ts";

const leader = fc.constant("leader" as const);

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "leader-isolated",
    promise:
      "A leader cut off from the majority serves no stale read and loses no acknowledged write.",
    options: (seed) => ({ ...usual(seed), nodes: seed % 4 === 0 ? 5 : 3 }),
    faults: (options) =>
      schedule(5, isolate(options, leader, ["both", "inbound", "outbound"], lasting(500, 6000))),
    injects: ["isolate"],
    covers: ["leaderChanges", "logTruncations", "linearizableReads", "callsUnknown"],
  },
  {
    name: "one-way-listener",
    promise:
      "A node that can only hear, or only be heard, neither stops the others nor misleads them.",
    options: usual,
    faults: (options) =>
      schedule(
        6,
        isolate(options, anyTarget(options), ["inbound", "outbound"], lasting(1000, 8000)),
        link("cut", options, lasting(1000, 8000)),
      ),
    injects: ["isolate", "cut"],
    covers: ["leaderChanges", "messagesLost"],
  },
  {
    name: "rolling-crashes",
    promise: "Members crash and restart at any point of a step, and no acknowledged write is lost.",
    options: usual,
    faults: (options) =>
      schedule(8, crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000))),
    injects: ["crash"],
    covers: ["restarts", "leaderChanges"],
  },
  {
    name: "lying-disk",
    promise: "What was not synced is gone after a crash, and nothing had been promised on it.",
    options: (seed) => ({
      ...usual(seed),
      disk: { syncMicros: 20_000, tailMicros: 200_000, tail: [1, 10], commitMicros: 50_000 },
    }),
    faults: (options) =>
      both(
        schedule(8, crash(options, anyTarget(options), ["none"], lasting(50, 3000))),
        schedule(2, slowDisk(options, lasting(500, 4000))),
      ),
    injects: ["crash", "slow_disk"],
    covers: ["lostWrites", "restarts"],
  },
  {
    name: "torn-writes",
    promise: "A crash in the middle of a write leaves half of it, and the log knows where it ends.",
    options: (seed) => ({
      ...usual(seed),
      durationMs: 22_000,
      healAtMs: 10_000,
      clients: { ...usual(seed).clients, count: 16, intervalMs: 200 },
      disk: { syncMicros: 100_000, tailMicros: 0, tail: [0, 1], commitMicros: 20_000 },
    }),
    faults: (options) =>
      schedule(10, crash(options, anyTarget(options), ["some"], lasting(50, 2000))),
    injects: ["crash"],
    covers: ["tornTails", "lostWrites", "restarts"],
  },
  {
    name: "failing-disks",
    promise: "A full or broken disk ends a member rather than its promises.",
    options: usual,
    faults: (options) => schedule(4, failDisk(options, lasting(100, 4000))),
    injects: ["disk_failure"],
    covers: ["crashes", "restarts"],
  },
  {
    name: "drifting-clocks",
    promise: "No read is trusted to a clock: drift, leaps and pauses cost time, never truth.",
    options: (seed) => ({
      ...usual(seed),
      clocks: [-100_000, 100_000, 0].map((ppm) => ({ offsetMs: seed % 10_000, driftPpm: ppm })),
    }),
    faults: (options) =>
      both(
        schedule(
          6,
          drift(options, lasting(1000, 8000)),
          jump(options),
          pause(options, lasting(500, 5000)),
        ),
        schedule(2, isolate(options, leader, ["both"], lasting(1000, 5000))),
      ),
    injects: ["clock_drift", "clock_jump", "pause"],
    covers: ["leaderChanges", "linearizableReads"],
  },
  {
    name: "term-inflation",
    promise: "A node that campaigned alone comes back without unseating a healthy leader.",
    options: (seed) => ({ ...usual(seed), nodes: seed % 2 === 0 ? 3 : 5, network: QUIET_NETWORK }),
    faults: (options) => schedule(3, inflate(options, lasting(2000, 6000))),
    injects: ["term_inflation"],
    covers: ["writes"],
  },
  {
    name: "snapshot-catch-up",
    promise: "A member that was away for longer than the log remembers catches up by snapshot.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: 5 },
      network: { ...DEFAULT_OPTIONS.network, duplicate: [200, 1000], lateMicros: 4_000_000 },
      clients: { ...usual(seed).clients, intervalMs: 80 },
    }),
    faults: (options) =>
      schedule(
        5,
        isolate(options, anyNode(options), ["both", "inbound"], lasting(2000, 8000)),
        crash(options, anyNode(options), ["none", "some"], lasting(2000, 6000)),
      ),
    injects: ["isolate", "crash"],
    covers: ["snapshotsInstalled", "logTrims"],
  },
  {
    name: "paused-members",
    promise: "A member that freezes, and wakes up later, does not act on what it used to know.",
    options: usual,
    faults: (options) => schedule(6, pause(options, lasting(200, 6000))),
    injects: ["pause"],
    covers: ["leaderChanges"],
  },
  {
    name: "flapping-partitions",
    promise: "However often the network splits and heals, there is one history, and it goes on.",
    options: (seed) => ({ ...usual(seed), nodes: seed % 2 === 0 ? 5 : 3 }),
    faults: (options) => schedule(12, partition(options, lasting(200, 2500))),
    injects: ["partition"],
    covers: ["leaderChanges", "logTruncations"],
  },
  {
    name: "short-reigns",
    promise: "Leaders that fall one after another, logs full of their own writes, leave one log.",
    options: (seed) => ({
      ...usual(seed),
      nodes: seed % 2 === 0 ? 5 : 3,
      durationMs: 22_000,
      healAtMs: 10_000,
      network: { ...DEFAULT_OPTIONS.network, duplicate: [30, 1000], lateMicros: 4_000_000 },
      clients: { ...usual(seed).clients, count: 16, intervalMs: 200, timeoutMs: 700 },
    }),
    faults: (options) =>
      schedule(
        14,
        isolate(options, leader, ["both", "outbound"], lasting(300, 4000)),
        crash(options, leader, ["all", "some"], lasting(50, 1000)),
      ),
    injects: ["isolate", "crash"],
    covers: ["leaderChanges", "logTruncations", "restarts"],
  },
  {
    name: "bad-network",
    promise: "Messages lost, doubled, damaged, late and out of order change nothing but the time.",
    options: (seed) => ({
      ...usual(seed),
      network: {
        ...DEFAULT_OPTIONS.network,
        drop: [10, 1000],
        duplicate: [50, 1000],
        reorder: [100, 1000],
      },
    }),
    faults: (options) =>
      schedule(
        8,
        weather("drop", options, lasting(500, 5000)),
        weather("duplicate", options, lasting(500, 5000)),
        weather("corrupt", options, lasting(500, 5000)),
        delay(options, lasting(500, 5000)),
        link("clog", options, lasting(500, 5000)),
      ),
    injects: ["drop", "duplicate", "corrupt", "delay", "clog"],
    covers: ["messagesLost", "messagesDuplicated"],
  },
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
        keepers: 2,
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
      clients: { ...usual(seed).clients, count: 4, intervalMs: 100, watchers: 0, admins: 1 },
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
      clients: { ...DEFAULT_OPTIONS.clients, count: 2, guests: 3 },
    }),
    faults: (options) =>
      schedule(
        5,
        isolate(options, anyTarget(options), ["both", "inbound", "outbound"], lasting(500, 4000)),
        crash(options, anyTarget(options), ["all", "some"], lasting(50, 3000)),
        pause(options, lasting(500, 3000)),
      ),
    injects: ["isolate", "crash", "pause"],
    covers: ["authenticated", "refusedForPermission", "authChanges", "leaderChanges", "restarts"],
  },
  {
    name: "membership",
    promise: "Members are added, promoted and removed in any trouble, and nothing is lost by it.",
    options: (seed) => ({
      ...usual(seed),
      node: { ...DEFAULT_OPTIONS.node, snapshotCount: 10 },
      nodes: 7,
      spares: 4,
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
  {
    name: "everything",
    promise: "Any mixture of all of this, in clusters of any temper, changes no answer.",
    options: (seed) => ({ ...swarmOptions(seed), faults: [] }),
    // Which kinds take part is drawn with the temper: what is left out shows what it would hide.
    faults: (options) => {
      const kinds = [...new Set(swarmOptions(options.seed).faults.map(({ kind }) => kind))];
      if (kinds.length === 0) return fc.constant([]);
      return schedule(12, ...kinds.map((kind) => anyFault(kind, options)));
    },
    injects: [],
    covers: ["elections", "restarts", "callsUnknown"],
  },
];

export function scenarioOf(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null;
}

const KEPT_FOR_A_TIME: Retention = { kind: "time", retentionMs: 4000 };
const KEPT_BY_LENGTH: Retention = { kind: "revisions", count: 15, everyMs: 3000 };
const QUIET_NETWORK: SimOptions["network"] = { ...DEFAULT_OPTIONS.network, tailMicros: 5000 };

/** Clients do a little of everything. */
function usual(seed: number): SimOptions {
  const { clients } = DEFAULT_OPTIONS;
  const mix = { ...clients.mix, select: 1, nested: 1, hash: 1 };
  return { ...DEFAULT_OPTIONS, seed, clients: { ...clients, watchers: 1, mix } };
}
