import { describe, expect, it } from "vitest";
import type { Seen } from "./trial.ts";
import { collect, figuresOf, table } from "./versus.ts";

describe("two products side by side", () => {
  const rows = collect([
    ["etcd", [wait(10), { name: "failed", unit: "count", value: 0 }]],
    ["detcd", [wait(20), { name: "longest step", unit: "ms", value: 3 }]],
    ["etcd", [wait(30)]],
    ["detcd", [wait(60)]],
  ]);

  it("have a row for each thing measured, with the middle of its rounds", () => {
    expect(table(rows, ["etcd 3.7.3", "detcd"])).toMatchInlineSnapshot(`
      "what          unit   etcd 3.7.3    detcd         detcd/etcd
      wait          ms     20 (10 … 30)  40 (20 … 60)  2
      longest step  ms     –             3             –
      failed        count  0             –             –"
    `);
  });

  it("are kept round by round, as the other suites keep theirs", () => {
    expect(figuresOf(rows).slice(0, 3)).toEqual([
      { name: "wait, etcd", unit: "ms", rounds: [10, 30] },
      { name: "wait, detcd", unit: "ms", rounds: [20, 60] },
      { name: "wait, detcd/etcd", unit: "ratio", rounds: [2] },
    ]);
  });
});

function wait(value: number): Seen {
  return { name: "wait", unit: "ms", value };
}
