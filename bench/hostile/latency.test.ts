import { describe, expect, it } from "vitest";
import { longestSilenceMs, percentile } from "./latency.ts";
import type { Wait } from "./latency.ts";

describe("percentiles", () => {
  it("are values that were seen, whatever the order", () => {
    const values = Array.from({ length: 1000 }, (_, n) => 1000 - n);
    expect(percentile(values, 0.5)).toBe(500);
    expect(percentile(values, 0.99)).toBe(990);
    expect(percentile(values, 0.999)).toBe(999);
    expect(percentile(values, 1)).toBe(1000);
  });

  it("of one value are that value, and of none no figure", () => {
    expect([percentile([7], 0), percentile([7], 0.5), percentile([7], 1)]).toEqual([7, 7, 7]);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe("the longest silence", () => {
  it("is between two answers, whenever they were asked for", () => {
    const waits = [answered(0, 10), answered(5, 300), answered(20, 2), answered(310, 10)];
    expect(longestSilenceMs(waits, [0, 330])).toBe(305 - 22);
  });

  it("is not ended by a failure, and reaches to the end of the time", () => {
    const failure: Wait = { atMs: 50, ms: 10, isAnswered: false };
    expect(longestSilenceMs([answered(0, 10), failure], [0, 100])).toBe(90);
    expect(longestSilenceMs([], [0, 100])).toBe(100);
  });

  it("sees nothing of what was answered outside of the time", () => {
    expect(longestSilenceMs([answered(0, 1), answered(200, 1)], [50, 100])).toBe(50);
  });
});

function answered(atMs: number, ms: number): Wait {
  return { atMs, ms, isAnswered: true };
}
