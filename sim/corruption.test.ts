// The leader is node 2. Each check finds harm by itself, names who was harmed, and the alarm is in
// force everywhere.

import { describe, expect, it } from "vitest";
import type { Checks } from "../core/config.ts";
import type { Fault, RotFault } from "./faults/faults.ts";
import type { Frame } from "./run/frame.ts";
import type { SimOptions } from "./options/options.ts";
import { DEFAULT_OPTIONS, SMALL_LIMITS } from "./options/options.ts";
import { createSimulation } from "./run/simulation.ts";

const FLIP: RotFault = {
  kind: "rot",
  atMs: 5000,
  node: 3,
  how: "flip",
  nth: 3,
  restartAfterMs: 0,
};
const LOSE: RotFault = { ...FLIP, node: 1, how: "lose", nth: 1, restartAfterMs: 500 };

describe("a harmed store", () => {
  it("is found by the hash of everything", () => {
    const checks = { historyMs: 1000, compactionsMs: 0, atStart: false };
    expect(alarmsOf(run(checks, [FLIP]))).toEqual(["3", "3", "3"]);
    expect(alarmsOf(run(checks, [LOSE]))).toEqual(["1", "1", "1"]);
    expect(alarmsOf(run(checks, [{ ...FLIP, node: "leader" }]))).toEqual(["2", "2", "2"]);
  });

  it("is found by the hashes of compactions", () => {
    const checks = { historyMs: 0, compactionsMs: 1000, atStart: false };
    expect(alarmsOf(run(checks, [FLIP]))).toEqual(["3", "3", "3"]);
    expect(alarmsOf(run(checks, [{ ...FLIP, node: "leader" }]))).toEqual(["2", "2", "2"]);
  });

  it("is no one's to name where every member has another hash", () => {
    const checks = { historyMs: 1000, compactionsMs: 0, atStart: false };
    const two = [FLIP, { ...FLIP, node: 1, nth: 5 }];
    expect(alarmsOf(run(checks, two))).toEqual(["0", "0", "0"]);
  });

  it("keeps its member from serving, where that compares itself first", () => {
    const checks = { historyMs: 0, compactionsMs: 0, atStart: true };
    const statuses = (faults: readonly Fault[]): readonly string[] =>
      run(checks, faults).nodes.map(({ status }) => status);
    expect(statuses([LOSE])).toEqual(["crashed", "up", "up"]);
    const restart = { kind: "crash", keep: "all", boundary: 0, restartAfterMs: 500 } as const;
    expect(statuses([{ ...restart, atMs: 5000, node: 1 }])).toEqual(["up", "up", "up"]);
  });

  it("is not found where nobody looks", () => {
    expect(alarmsOf(run({ historyMs: 0, compactionsMs: 0, atStart: false }, [FLIP]))).toEqual([
      "",
      "",
      "",
    ]);
  });
});

/** Some time later. */
function run(checks: Checks, faults: readonly Fault[]): Frame {
  const { clients, node } = DEFAULT_OPTIONS;
  const options: SimOptions = {
    ...DEFAULT_OPTIONS,
    durationMs: 20_000,
    healAtMs: 10_000,
    node: { ...node, limits: { ...SMALL_LIMITS, hashRows: 50, checks } },
    clients: { ...clients, mix: { ...clients.mix, compact: checks.compactionsMs > 0 ? 2 : 0 } },
    faults,
  };
  const simulation = createSimulation(options);
  while (simulation.step());
  expect(simulation.result().violation).toBe(null);
  return simulation.frame();
}

/** Whom each member says to be corrupt. */
function alarmsOf({ nodes }: Frame): readonly string[] {
  return nodes.map(({ state }) =>
    (state?.store.alarms ?? []).map(({ memberId }) => `${memberId}`).join(),
  );
}
