import { describe, expect, it } from "vitest";
import { boundOf, histogramOf, parseMetrics, since } from "./metrics.ts";

const TEXT = `# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.001"} 10
took_seconds_bucket{le="0.002"} 15
took_seconds_bucket{le="+Inf"} 16
took_seconds_sum 1.5
took_seconds_count 16
took_seconds_max 1.25
calls{method="Put",code="OK"} 3
tiny 1e-05
`;

describe("metrics", () => {
  it("are numbers by name and labels", () => {
    const metrics = parseMetrics(TEXT);
    expect(metrics.get("took_seconds_max")).toBe(1.25);
    expect(metrics.get('calls{method="Put",code="OK"}')).toBe(3);
    expect(metrics.get("tiny")).toBe(1e-5);
    expect(metrics.size).toBe(8);
  });

  it("have histograms, whose buckets count up and are taken apart", () => {
    const histogram = histogramOf(parseMetrics(TEXT), "took_seconds");
    expect(histogram).toEqual([
      [0.001, 10],
      [0.002, 5],
      [Number.POSITIVE_INFINITY, 1],
    ]);
    expect(histogramOf(parseMetrics(TEXT), "took")).toEqual([]);
  });

  it("tell what was counted between two looks, or since a restart", () => {
    const [few, more] = [[[1, 3] as const], [[1, 5] as const, [2, 1] as const]];
    expect(since(few, more)).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(since(more, few)).toEqual(few);
    expect(since([], more)).toEqual(more);
  });

  it("tell a bound for a share of what was counted", () => {
    const histogram = [[1, 990] as const, [2, 9] as const, [4, 1] as const];
    expect(boundOf(histogram, 0.99)).toBe(1);
    expect(boundOf(histogram, 0.999)).toBe(2);
    expect(boundOf(histogram, 1)).toBe(4);
    expect(boundOf([], 0.5)).toBeNaN();
  });
});
