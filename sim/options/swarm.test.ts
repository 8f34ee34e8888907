import { describe, expect, it } from "vitest";
import { checkOptions } from "./options.ts";
import { runSimulation } from "../run/simulation.ts";
import { SWARM_KINDS, swarmOptions } from "./swarm.ts";

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

describe("the swarm", () => {
  it("makes sensible options of every seed, the same ones each time", () => {
    for (const seed of [...SEEDS, 0xffffffff]) {
      expect(swarmOptions(seed)).toEqual(checkOptions(swarmOptions(seed)));
    }
  });

  it("uses every kind of fault, and leaves kinds out of every run", () => {
    const used = SEEDS.map((seed) => new Set(swarmOptions(seed).faults.map((fault) => fault.kind)));
    for (const kind of SWARM_KINDS) {
      const runs = used.filter((kinds) => kinds.has(kind)).length;
      expect(runs, kind).toBeGreaterThan(15);
      expect(runs, kind).toBeLessThan(100);
    }
  });

  it("sees much in few runs, and nothing broken", () => {
    const results = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => runSimulation(swarmOptions(seed)));
    for (const { violation } of results) expect(violation).toBe(null);
    const seen = (what: (result: (typeof results)[0]) => number): number =>
      results.reduce((sum, result) => sum + what(result), 0);
    expect(seen(({ coverage }) => coverage.leaderChanges)).toBeGreaterThan(3);
    expect(seen(({ coverage }) => coverage.restarts)).toBeGreaterThan(3);
    expect(seen(({ coverage }) => coverage.logTrims)).toBeGreaterThan(10);
    expect(seen(({ coverage }) => coverage.callsUnknown)).toBeGreaterThan(10);
    expect(seen(({ coverage }) => coverage.callsOk)).toBeGreaterThan(1000);
  });
});
