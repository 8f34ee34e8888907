// The scenarios that are about one kind of trouble each, while clients do a little of everything.

import { DEFAULT_OPTIONS } from "../../sim/options/options.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import {
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
  schedule,
  slowDisk,
  stranger,
  weather,
} from "./arbitraries.ts";
import type { Scenario } from "./scenario.ts";
import { leader, usual } from "./usual.ts";

export const FAULT_SCENARIOS: readonly Scenario[] = [
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
      disk: {
        syncMicros: 20_000,
        tailMicros: 200_000,
        tail: [1, 10],
        commitMicros: 50_000,
        roomBytes: 0,
      },
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
      disk: {
        syncMicros: 100_000,
        tailMicros: 0,
        tail: [0, 1],
        commitMicros: 20_000,
        roomBytes: 0,
      },
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
    name: "strangers",
    promise: "Strangers who claim terms out of all measure cost a leader its office, and no more.",
    options: (seed) => ({ ...usual(seed), nodes: seed % 2 === 0 ? 3 : 5 }),
    faults: (options) =>
      both(
        schedule(12, stranger(options)),
        schedule(2, crash(options, anyTarget(options), ["all", "none"], lasting(50, 2000))),
      ),
    injects: ["stranger", "crash"],
    covers: ["leaderChanges", "writes"],
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
];

const QUIET_NETWORK: SimOptions["network"] = { ...DEFAULT_OPTIONS.network, tailMicros: 5000 };
