import { describe, expect, it } from "vitest";
import type { Message } from "../../core/raft/message.ts";
import type { Fault, FaultKind } from "./faults.ts";
import { FAULT_KINDS } from "./faults.ts";
import type { SimOptions } from "../options/options.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import type { Coverage, SimResult } from "../run/result.ts";
import { createSimulation, runSimulation } from "../run/simulation.ts";
import { frameText } from "../cluster/stranger.ts";

const SHORT: SimOptions = {
  ...DEFAULT_OPTIONS,
  durationMs: 16_000,
  healAtMs: 8000,
  node: { ...DEFAULT_OPTIONS.node, snapshotCount: 10 },
  clients: { ...DEFAULT_OPTIONS.clients, intervalMs: 100, timeoutMs: 1000 },
};
const quiet = runSimulation(SHORT);

/** A schedule in which the fault of this kind matters, and what shows that it did. */
type Case = Readonly<{
  faults: readonly Fault[];
  shows: (result: SimResult) => boolean;
}>;

const elects = ({ coverage }: SimResult): boolean => coverage.leaderChanges > 0;
const more =
  (what: keyof Coverage, than = 0) =>
  ({ coverage }: SimResult): boolean =>
    coverage[what] > quiet.coverage[what] + than;

const LAST_TERM = { kind: "heartbeat_response", term: 2 ** 53 - 1, round: 0 } as Message;
const when = { atMs: 3000, forMs: 4000 };
const CASES: Readonly<Record<FaultKind, Case>> = {
  partition: {
    faults: [{ kind: "partition", ...when, groups: [[1], [2], [3]] }],
    shows: more("elections"),
  },
  isolate: {
    faults: [{ kind: "isolate", ...when, node: "leader", direction: "both" }],
    shows: elects,
  },
  cut: {
    faults: [1, 2, 3].flatMap((from) =>
      [1, 2, 3]
        .filter((to) => to !== from)
        .map((to): Fault => ({ kind: "cut", ...when, from, to })),
    ),
    shows: more("elections"),
  },
  clog: { faults: [{ kind: "clog", ...when, from: 1, to: 2 }], shows: differs },
  crash: {
    faults: [
      {
        kind: "crash",
        atMs: 3000,
        node: "leader",
        keep: "none",
        boundary: 5,
        restartAfterMs: 3000,
      },
    ],
    shows: (result) => elects(result) && result.coverage.restarts === 1,
  },
  stop: {
    faults: [{ kind: "stop", atMs: 3000, node: "leader", restartAfterMs: 3000 }],
    shows: (result) => elects(result) && result.coverage.restarts === 1,
  },
  disk_failure: {
    faults: [
      { kind: "disk_failure", atMs: 3000, node: "leader", how: "sync", restartAfterMs: 3000 },
    ],
    shows: (result) => elects(result) && result.coverage.crashes === 1,
  },
  slow_disk: { faults: [{ kind: "slow_disk", ...when, node: 1, factor: 100 }], shows: differs },
  pause: {
    faults: [{ kind: "pause", ...when, node: "leader", clock: "runs" }],
    shows: elects,
  },
  clock_drift: {
    faults: [{ kind: "clock_drift", ...when, node: "leader", ppm: 5_000_000 }],
    shows: more("messagesSent", 50), // its heartbeats come twice as often
  },
  clock_jump: {
    faults: [{ kind: "clock_jump", atMs: 3000, node: "leader", aheadMs: 60_000 }],
    shows: differs,
  },
  term_inflation: {
    faults: [{ kind: "term_inflation", ...when, node: "leader", form: "surge", elections: 30 }],
    shows: elects,
  },
  drop: { faults: [{ kind: "drop", ...when, ratio: [1, 2] }], shows: more("messagesLost", 50) },
  duplicate: {
    faults: [{ kind: "duplicate", ...when, ratio: [1, 2] }],
    shows: more("messagesDuplicated", 50),
  },
  corrupt: { faults: [{ kind: "corrupt", ...when, ratio: [1, 1] }], shows: more("elections") },
  delay: { faults: [{ kind: "delay", ...when, upToMs: 3000 }], shows: more("callsUnknown") },
  restart: {
    faults: [
      { kind: "crash", atMs: 3000, node: 1, keep: "all", boundary: 0, restartAfterMs: 100_000 },
      { kind: "restart", atMs: 4000, node: 1 },
    ],
    shows: more("restarts"),
  },
  heal: {
    faults: [
      { kind: "isolate", atMs: 3000, forMs: 4000, node: "leader", direction: "both" },
      { kind: "heal", atMs: 3200 },
    ],
    shows: (result) => !elects(result) && result.coverage.messagesLost > 0,
  },
  stranger: {
    faults: [{ kind: "stranger", atMs: 3000, node: "leader", as: 3, frame: frameText(LAST_TERM) }],
    shows: more("elections"),
  },
  rot: {
    faults: [{ kind: "rot", atMs: 3000, node: 1, how: "flip", nth: 0, restartAfterMs: 0 }],
    shows: differs,
  },
};

function differs(result: SimResult): boolean {
  return result.hash !== quiet.hash;
}

describe("every kind of fault fires, matters, and is survived", () => {
  for (const kind of FAULT_KINDS) {
    it(kind, () => {
      const { faults, shows } = CASES[kind];
      const result = runSimulation({ ...SHORT, faults });
      expect(result.faultsInjected[kind]).toBeGreaterThan(0);
      expect(result.violation).toBe(null);
      expect(shows(result)).toBe(true);
      expect(result.hash).not.toBe(quiet.hash);
    });
  }

  it("and a run without faults sees none of this", () => {
    expect(quiet.violation).toBe(null);
    const { leaderChanges, messagesLost, messagesDuplicated, crashes } = quiet.coverage;
    expect([leaderChanges, messagesLost, messagesDuplicated, crashes]).toEqual([0, 0, 0, 0]);
  });
});

describe("faults", () => {
  it("that overlap end one by one", () => {
    const simulation = createSimulation(SHORT);
    while (simulation.step() && simulation.frame().time < 2_000_000);
    const isolate = { kind: "isolate", atMs: 0, node: 1, direction: "both" } as const;
    simulation.inject({ ...isolate, forMs: 1000 });
    simulation.inject({ ...isolate, forMs: 2000 });
    const cutsAt = (ms: number): number => {
      while (simulation.frame().time < ms * 1000 && simulation.step());
      return simulation.frame().cuts.length;
    };
    expect([cutsAt(2500), cutsAt(3500), cutsAt(4500)]).toEqual([4, 4, 0]);
  });

  it("that hit nobody do not count", () => {
    const crash = { kind: "crash", node: 1, keep: "all", boundary: 0 } as const;
    const result = runSimulation({
      ...SHORT,
      faults: [
        { ...crash, atMs: 1000, restartAfterMs: 2000 },
        { ...crash, atMs: 1500, restartAfterMs: 2000 },
        { kind: "pause", atMs: 1600, forMs: 100, node: 1, clock: "stops" },
        { kind: "restart", atMs: 5000, node: 1 },
      ],
    });
    expect(result.faultsInjected).toMatchObject({ crash: 1, pause: 0, restart: 0 });
    expect(result.coverage).toMatchObject({ crashes: 1, restarts: 1 });
  });
});
