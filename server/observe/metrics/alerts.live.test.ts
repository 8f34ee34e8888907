// The alerts and the dashboard of contrib/prometheus: by Prometheus' own tool, and by their names.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startLoneNode } from "../../../core/testing/lone-node.ts";
import { Metrics } from "./metrics.ts";

const DIRECTORY = join(import.meta.dirname, "../../../contrib/prometheus");
const HAS_PROMTOOL = spawnSync("promtool", ["--version"]).status === 0;

it.skipIf(!HAS_PROMTOOL)("each alert fires for its cause, and for no other", () => {
  for (const args of [
    ["check", "rules", "alerts.yml"],
    ["test", "rules", "tests.yml"],
  ]) {
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: DIRECTORY });
    expect(`${stdout.toString()}${stderr.toString()}`).toContain("SUCCESS");
    expect(status).toBe(0);
  }
});

it("they ask for nothing that no member shows", () => {
  const features = [{ name: "x", stage: "BETA", isOn: true }];
  const options = {
    extensive: true,
    slowStepSeconds: 1,
    onSlowStep: () => undefined,
    heartbeatSeconds: 1,
    features,
  };
  const { state, kv } = startLoneNode();
  const text = new Metrics(options).text(state(), kv);
  const shown = new Set(Array.from(text.matchAll(/^# TYPE (\w+)/gm), ([, name = ""]) => name));
  const asked = ["alerts.yml", "dashboard.json"].flatMap((name) => {
    const words = readFileSync(join(DIRECTORY, name), "utf8").matchAll(
      /\b(?:etcd|grpc_server|detcd|process|nodejs)_[a-z0-9_]+/g,
    );
    return Array.from(words, ([word]) => word.replace(/_bucket$/, ""));
  });
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter((name) => !shown.has(name))).toEqual([]);
});
