import { describe, expect, it } from "vitest";
import type { NodeId } from "../../core/contract.ts";
import { boot, step } from "../../core/node.ts";
import type { SimOptions } from "../options/options.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { runSimulation } from "../run/simulation.ts";
import type { Tape } from "./tape.ts";
import { parseTape, printTape, recordNode, replayTape } from "./tape.ts";

const core = { boot, step };

/** Node 3 crashes, and comes back when the others have trimmed their logs: it needs an image. */
const OPTIONS: SimOptions = {
  ...DEFAULT_OPTIONS,
  durationMs: 16_000,
  healAtMs: 12_000,
  node: { ...DEFAULT_OPTIONS.node, snapshotCount: 5 },
  clients: { ...DEFAULT_OPTIONS.clients, intervalMs: 100 },
  faults: [{ kind: "crash", atMs: 3000, node: 3, keep: "some", boundary: 0, restartAfterMs: 5000 }],
};

function record(options: SimOptions): Tape {
  const recording = recordNode(core, 3n as NodeId);
  const result = runSimulation(options, recording.core);
  expect(result.violation).toBe(null);
  expect(result.coverage.snapshotsInstalled).toBe(1);
  return recording.tape()!;
}

describe("a tape", () => {
  const tape = record(OPTIONS);

  it("replays its node's second life, image and all, through boot and step alone", () => {
    expect(tape.items.filter((item) => item.kind === "image")).toHaveLength(1);
    expect(replayTape(tape, core)).toEqual({ kind: "same", steps: tape.digests.length - 1 });
  });

  it("is the same after printing and parsing", () => {
    const parsed = parseTape(printTape(tape));
    expect(parsed).toEqual(tape);
    expect(replayTape(parsed, core).kind).toBe("same");
  });

  it("shows the first step in which another core does something else", () => {
    const at = tape.items.findIndex((item) => item.kind === "input" && item.input.kind === "call");
    let taken = 0;
    const deaf = {
      boot,
      step: ((state, input, kv) =>
        input.kind === "call" && ++taken > 0 ? [state, []] : step(state, input, kv)) as typeof step,
    };
    const replayed = replayTape(tape, deaf);
    expect(replayed).toMatchObject({ kind: "differs" });
    expect(replayed.kind === "differs" && replayed.step).toBeGreaterThanOrEqual(at);
  });

  it("of a node that cannot boot says why", () => {
    const closed = { step, boot: () => ({ ok: false, error: "closed" }) as const };
    expect(replayTape(tape, closed)).toEqual({ kind: "no boot", reason: "closed" });
  });
});
