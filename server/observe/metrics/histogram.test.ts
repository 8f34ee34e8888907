import { expect, it } from "vitest";
import { Histogram } from "./histogram.ts";

it("a histogram counts what took no longer than each of its bounds", () => {
  const histogram = new Histogram("x_seconds", "How long.");
  for (const seconds of [0.0005, 0.001, 0.003, 100]) histogram.observe(seconds);
  const lines = histogram.text().split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "# HELP x_seconds How long.",
    "# TYPE x_seconds histogram",
    'x_seconds_bucket{le="0.001"} 2',
    'x_seconds_bucket{le="0.002"} 2',
    'x_seconds_bucket{le="0.004"} 3',
    'x_seconds_bucket{le="0.008"} 3',
  ]);
  expect(lines.slice(-5)).toEqual([
    'x_seconds_bucket{le="8.192"} 3',
    'x_seconds_bucket{le="+Inf"} 4',
    "x_seconds_sum 100.0045",
    "x_seconds_count 4",
    "",
  ]);
});
