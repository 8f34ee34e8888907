import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paint } from "./colours.ts";
import { textOf } from "./cells.ts";
import {
  makeAnswer,
  makeFrame,
  makeVote,
  type MadeFlight,
  type MadeFrame,
  type MadeNode,
} from "./made-frames.ts";
import { createModel, reduce, type Model, type Pane } from "./model.ts";
import { screen } from "./views/screen.ts";

const RUNS = { seed: 7, numRuns: 150 };

const number = fc.integer({ min: 1, max: 9 });
const terms = fc
  .array(number, { maxLength: 300 })
  .map((digits) => digits.toSorted((a, b) => a - b).join(""));
const node: fc.Arbitrary<MadeNode> = fc.record({
  status: fc.constantFrom("up", "up", "up", "paused", "crashed"),
  sinceMs: fc.nat(4_000_000),
  role: fc.constantFrom("follower", "pre_candidate", "candidate", "leader"),
  term: fc.oneof(fc.nat(9), fc.nat(1_000_000)),
  vote: fc.option(number, { nil: null }),
  leader: fc.option(number, { nil: null }),
  log: terms,
  commit: fc.constant(0),
  elapsedMs: fc.nat(100_000),
  timeoutMs: fc.integer({ min: 1, max: 100_000 }),
  beatMs: fc.nat(100),
  yes: fc.uniqueArray(number),
  no: fc.uniqueArray(number),
});
const flight: fc.Arbitrary<MadeFlight> = fc.record({
  from: number,
  to: number,
  message: fc.oneof(
    fc.constant(null),
    fc
      .tuple(fc.nat(99), fc.stringMatching(/^[1-9]{0,5}$/u), fc.boolean())
      .map(([term, log, pre]) => makeVote(term, log, pre)),
    fc.tuple(fc.nat(99), fc.boolean()).map(([term, granted]) => makeAnswer(term, granted)),
  ),
  sentMs: fc.nat(100),
  arrivesMs: fc.nat(10_000_000),
});
const moment: fc.Arbitrary<MadeFrame> = fc.record({
  step: fc.nat(10_000_000),
  ms: fc.nat(10_000_000),
  event: fc.record({
    kind: fc.constantFrom("input", "fault", "violation", "client"),
    node: fc.option(number, { nil: null }),
    text: fc.string({ unit: "binary", maxLength: 200 }),
  }),
  nodes: fc.array(node, { minLength: 1, maxLength: 9 }),
  flights: fc.array(flight, { maxLength: 40 }),
  cuts: fc.array(fc.tuple(number, number), { maxLength: 30 }),
});
const size = fc.record({
  columns: fc.integer({ min: 20, max: 300 }),
  rows: fc.integer({ min: 5, max: 100 }),
});
const pane = fc.constantFrom<Pane>("cluster", "cluster", "why", "events", "help");

function modelOf(moments: readonly MadeFrame[], shown: number, open: Pane, say: string): Model {
  const [first, ...others] = moments
    .toSorted((a, b) => (a.ms ?? 0) - (b.ms ?? 0))
    .map((one) => makeFrame({ ...one, nodes: padded(one, moments[0]) }));
  if (first === undefined) throw new Error("a run has at least one frame");
  let model = createModel("seed 4294967295", first);
  model = reduce(model, { kind: "frames", frames: others, over: false });
  for (let at = 0; at < shown; at++) {
    model = reduce(model, { kind: "command", command: { kind: "step", by: 1 } });
  }
  model = reduce(model, { kind: "command", command: { kind: "pane", pane: open } });
  return reduce(model, { kind: "say", text: say });
}

/** All moments of a run have the same nodes. */
function padded(one: MadeFrame, first: MadeFrame | undefined): readonly MadeNode[] {
  return (first?.nodes ?? one.nodes).map((fallback, at) => one.nodes[at] ?? fallback);
}

describe("every screen", () => {
  const run = fc.tuple(
    fc.array(moment, { minLength: 1, maxLength: 4 }),
    fc.nat(3),
    pane,
    fc.string(),
  );

  it("has exactly so many rows of exactly so many ASCII cells", () => {
    fc.assert(
      fc.property(run, size, ([moments, shown, open, say], { columns, rows }) => {
        const drawn = screen(modelOf(moments, shown, open, say), { columns, rows }).map(textOf);
        expect(drawn).toHaveLength(rows);
        for (const line of drawn) {
          expect(line).toMatch(/^[ -~]*$/u);
          expect(line).toHaveLength(columns);
        }
      }),
      RUNS,
    );
  });

  it("says the same with colours as without", () => {
    const codes = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, "gu");
    fc.assert(
      fc.property(run, size, ([moments, shown, open, say], drawn) => {
        for (const cells of screen(modelOf(moments, shown, open, say), drawn)) {
          expect(paint(cells, 256).replaceAll(codes, "")).toBe(textOf(cells));
        }
      }),
      { ...RUNS, numRuns: 30 },
    );
  });
});
