// The two commands, as a person types them: each in a process of its own.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SCENARIOS } from "./catalogue/catalogue.ts";
import { judge, JUDGE_ONCE } from "./campaign/judge.ts";
import { optionsOf } from "./catalogue/scenario.ts";

type Ended = Readonly<{ code: number; stdout: string; stderr: string }>;

const MAIN = JSON.stringify(join(import.meta.dirname, "main.ts"));
const SCRIPT = `
  const { main } = await import(${MAIN});
  const [command, ...args] = process.argv.slice(1);
  process.exitCode = await main(command, args);
`;

function detcd(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const node = ["--no-warnings", "--input-type=module", "-e", SCRIPT, "--", ...args];
    const env = { ...process.env, CI: "" };
    execFile(process.execPath, node, { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("detcd replay", () => {
  it("runs a seed again with the same trace, in another process", async () => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) return expect.unreachable("there are scenarios");
    const { result } = judge(optionsOf(scenario, { seed: 42, path: null }), JUDGE_ONCE);
    const hash = result?.hash ?? "";
    const args = ["0x2a", "--scenario", scenario.name];
    const { code, stdout } = await detcd("replay", ...args, "--hash", hash);
    expect(code).toBe(0);
    expect(stdout).toContain(`trace     ${hash}`);
    expect(stdout).toContain("verdict   ok: every promise held");
  });

  it("says so when the code is not the same", async () => {
    const args = ["42", "--scenario", "one-way-listener", "--hash", "0123456789abcdef"];
    const { code, stderr } = await detcd("replay", ...args);
    expect(code).toBe(4);
    expect(stderr).toContain("this is not the code that found it");
  });

  it("runs a simpler schedule of a seed", async () => {
    const args = ["42", "--scenario", "one-way-listener", "--json"];
    const whole = await detcd("replay", ...args);
    const simpler = await detcd("replay", ...args, "--path", "0:0");
    expect([whole.code, simpler.code]).toEqual([0, 0]);
    const hashes = [whole, simpler].map(
      ({ stdout }) => (JSON.parse(stdout) as { hash: string }).hash,
    );
    expect(new Set(hashes).size).toBe(2);
  });

  it("prints every event when asked", async () => {
    const { stdout } = await detcd("replay", "42", "--scenario", "one-way-listener", "--trace");
    expect(stdout.split("\n").length).toBeGreaterThan(1000);
    expect(stdout).toMatch(/^\d+\.\d{3}s {2}#\d+ {2}node \d .*become_leader/m);
  });

  it("answers nonsense with one clear line", async () => {
    for (const args of [
      ["nonsense"],
      ["42", "--scenario", "one-way-listener", "--path", "0:9999"],
    ]) {
      const { code, stdout, stderr } = await detcd("replay", ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^detcd replay: [^\n]+\n$/);
    }
  });
});

describe("detcd sim", () => {
  it("runs a campaign and sums it up", async () => {
    const args = ["--seed", "1", "--seeds", "3", "--twice", "--scenario", "one-way-listener"];
    const { code, stdout, stderr } = await detcd("sim", ...args);
    expect({ code, stderr: stderr.split("\n")[0] }).toEqual({
      code: 0,
      stderr: "detcd sim: one-way-listener, 3 seeds each, from 0x00000001",
    });
    expect(stdout).toMatch(/^one-way-listener +3 +\d+ +[\d.]+s 0x0000000[123]/m);
    expect(stdout).toMatch(/^3 runs, [\d.]+ minutes simulated in [\d.]+s: \d+ times real time$/m);
    expect(stdout).toMatch(/\nverdict {3}ok: every promise held\n$/);
  });

  it("gives the same summary as data", async () => {
    const args = ["--seed", "1", "--seeds", "1", "--scenario", "one-way-listener", "--json"];
    const { stdout } = await detcd("sim", ...args);
    expect(JSON.parse(stdout)).toMatchObject({ runs: 1, undecided: [], failures: [] });
  });

  it("has every scenario before it, stops when its time is over, and says what never ran", async () => {
    const { code, stdout, stderr } = await detcd("sim", "--seeds", "1000", "--budget", "1ms");
    expect(code).toBe(7);
    expect(stderr).toContain(`detcd sim: ${SCENARIOS.length} scenarios, 1000 seeds each`);
    expect(stdout).toContain(`cut short after 0 of ${1000 * SCENARIOS.length} runs;`);
    expect(stdout).toContain(`${SCENARIOS.length} scenarios never ran: leader-isolated, `);
    expect(stdout).toMatch(/^verdict {3}cut short: no promise was seen broken by then$/m);
  });

  it("makes its shard of a campaign", async () => {
    const whole = ["--seed", "1", "--seeds", "3", "--scenario", "one-way-listener"];
    const { stdout, stderr } = await detcd("sim", ...whole, "--shard", "2/2");
    expect(stderr).toContain("3 seeds each, from 0x00000001, shard 2 of 2");
    expect(stdout).toMatch(/^one-way-listener +1 .* 0x00000002/m);
  });

  it("lists the scenarios, and what each promises", async () => {
    const { code, stdout } = await detcd("sim", "--list");
    expect(code).toBe(0);
    for (const { name, promise } of SCENARIOS) expect(stdout).toContain(`${name}\n    ${promise}`);
  });
});
