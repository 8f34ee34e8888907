import { describe, expect, it } from "vitest";
import type { Fault } from "./faults/faults.ts";
import { describe as describeFault } from "./faults/faults.ts";
import { DEFAULT_OPTIONS } from "./options/options.ts";
import { createFates } from "./world/random.ts";
import { createSimulation, runSimulation } from "./run/simulation.ts";
import { SWARM_KINDS, swarmOptions } from "./options/swarm.ts";

// What a seed means must not change by accident: every stored seed would become another run.
// Whoever rewrites these files says in the commit why the meaning of seeds had to change.

describe("the frozen stream", () => {
  it("the first hundred draws", async () => {
    const fates = createFates(0x5eed);
    const draws = Array.from({ length: 100 }, (_, at) => {
      const below = fates.below(1_000_000, "draw", at);
      return `${at}: ${below} ${fates.chance(1, 3, at, "chance")} ${fates.bits64(at, 7n)}`;
    });
    await expect(`${draws.join("\n")}\n`).toMatchFileSnapshot("testdata/draws.txt");
  });

  it("the first hundred events that are more than a tick", async () => {
    const simulation = createSimulation({ ...DEFAULT_OPTIONS, seed: 0x5eed, frames: true });
    const lines: string[] = [];
    while (lines.length < 100 && simulation.step()) {
      const { time, event } = simulation.frame();
      if (!/^tick \d+$/.test(event.text))
        lines.push(`${String(time).padStart(8)} ${event.node ?? "-"} ${event.text}`);
    }
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("testdata/events.txt");
  });

  it("what a seed of the swarm means", async () => {
    const options = JSON.stringify(swarmOptions(7), null, 2);
    await expect(`${options}\n`).toMatchFileSnapshot("testdata/swarm.txt");
  });

  it("one fault of each kind, in words", async () => {
    const faults = Array.from({ length: 60 }, (_, seed) => swarmOptions(seed).faults).flat();
    const lines = SWARM_KINDS.map((kind) => faults.find((fault) => fault.kind === kind)!);
    const rot = { kind: "rot", atMs: 2000, node: 1, nth: 3, restartAfterMs: 500 } as const;
    const rots = (["flip", "lose"] as const).map((how): Fault => ({ ...rot, how }));
    const words = [...lines, ...rots].map((fault) => `${describeFault(fault)}\n`).join("");
    await expect(words).toMatchFileSnapshot("testdata/faults.txt");
  });

  it("the hash of a whole run", () => {
    expect(runSimulation({ ...DEFAULT_OPTIONS, seed: 0x5eed }).hash).toMatchInlineSnapshot(
      `"de69035da60c37ab"`,
    );
  });
});
