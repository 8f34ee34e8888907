import { expect, it } from "vitest";
import { startLoneNode } from "../../../core/testing/lone-node.ts";
import { Metrics } from "./metrics.ts";

it("steps are counted by how long they took, and the longest is told by what it was about", () => {
  const metrics = createMetrics();
  const { state, kv } = startLoneNode();
  metrics.observeStep("tick", 0.0004, false);
  metrics.observeStep("resume", 0.2, false);
  metrics.observeStep("resume", 0.003, false);
  const text = metrics.text(state(), kv);
  const lines = text.split("\n").filter((line) => line.startsWith("detcd_step_duration_seconds"));
  expect(lines).toContain('detcd_step_duration_seconds_bucket{le="0.001"} 1');
  expect(lines).toContain('detcd_step_duration_seconds_bucket{le="0.004"} 2');
  expect(lines).toContain('detcd_step_duration_seconds_bucket{le="0.128"} 2');
  expect(lines).toContain('detcd_step_duration_seconds_bucket{le="0.256"} 3');
  expect(lines).toContain("detcd_step_duration_seconds_count 3");
  expect(lines.filter((line) => line.includes("_max"))).toEqual([
    'detcd_step_duration_seconds_max{input="tick"} 0.0004',
    'detcd_step_duration_seconds_max{input="resume"} 0.2',
  ]);
});

it("a slow step is one that is no tick and takes longer than it may", () => {
  const slow: string[] = [];
  const metrics = createMetrics(slow);
  const { state, kv } = startLoneNode();
  metrics.observeStep("tick", 0.2, true);
  metrics.observeStep("resume", 0.2, true);
  metrics.observeStep("resume", 0.05, true);
  expect(metrics.text(state(), kv)).toContain("\netcd_server_slow_apply_total 1\n");
  expect(slow).toEqual(["resume 0.2"]);
});

function createMetrics(slow: string[] = []): Metrics {
  return new Metrics({
    extensive: false,
    slowStepSeconds: 0.1,
    onSlowStep: (input, seconds) => slow.push(`${input} ${seconds}`),
    heartbeatSeconds: 0.1,
    features: [],
  });
}
