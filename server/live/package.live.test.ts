// What `npm i detcd` gives: the package as it would be published, in a folder of its own, with the
// packages that it depends on beside it, and no others.

import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEtcdClient } from "../../net/socket/client.ts";
import { putOf } from "../../core/api/testing.ts";
import { flagsOf, PATIENCE_MS, planMembers } from "./testing.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
let home = "";

type Manifest = Readonly<{ version: string; devDependencies: Readonly<Record<string, string>> }>;
const MANIFEST = JSON.parse(fs.readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

beforeAll(async () => {
  home = fs.mkdtempSync(join(tmpdir(), "detcd-package-"));
  const modules = join(home, "node_modules");
  fs.mkdirSync(join(modules, "detcd"), { recursive: true });
  const packed = ["pack", "--ignore-scripts", "--pack-destination", home]; // dist/ is built by now
  await run("npm", packed, { cwd: ROOT });
  const archive = join(home, `detcd-${MANIFEST.version}.tgz`);
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", join(modules, "detcd")]);
  for (const name of fs.readdirSync(join(ROOT, "node_modules"))) {
    const isOurs = name.startsWith(".") || MANIFEST.devDependencies[name] !== undefined;
    if (!isOurs) fs.symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  fs.writeFileSync(join(home, "package.json"), '{ "type": "module" }\n');
});

afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

function detcd(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const command = join(home, "node_modules/detcd/detcd.mjs");
  return run(process.execPath, [command, ...args], { cwd: home });
}

describe("The package", () => {
  it("holds no test", () => {
    const names = fs.readdirSync(join(home, "node_modules/detcd"), {
      recursive: true,
      encoding: "utf8",
    });
    expect(names.filter((name) => /\.test\.|tsbuildinfo/.test(name))).toEqual([]);
    expect(names).toContain("dist/server/main.js");
  });

  it("says which it is, and what it can do", async () => {
    expect((await detcd("--version")).stdout).toBe(`detcd ${MANIFEST.version}\n`);
    expect((await detcd("help")).stdout).toContain("usage: detcd <command>");
    for (const command of ["serve", "sim", "replay", "tui", "snapshot"]) {
      expect((await detcd("help", command)).stdout).toContain("usage: detcd");
    }
  });

  it("runs a campaign, replays a seed and tells an election", async () => {
    const campaign = await detcd("sim", "--scenario", "leader-isolated", "--seeds", "2");
    expect(campaign.stdout).toContain("every promise held");
    const replayed = await detcd("replay", "1", "--scenario", "leader-isolated");
    expect(replayed.stdout).toContain("verdict   ok");
    expect((await detcd("tui", "--plain", "--seed", "1")).stdout).toContain("leader");
  });

  it("serves", { timeout: PATIENCE_MS }, async () => {
    const [plan] = await planMembers(["one"]);
    if (plan === undefined) return expect.unreachable("one was planned");
    const command = join(home, "node_modules/detcd/detcd.mjs");
    const member = spawn(process.execPath, [command, "serve", ...flagsOf(plan)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: member.stderr })) {
      if (line.includes("ready to serve client requests")) break;
    }
    const client = createEtcdClient(plan.clientUrl);
    const answer = await client.call(putOf("a", "b"), PATIENCE_MS);
    client.close();
    member.kill("SIGKILL");
    expect(answer.ok).toBe(true);
  });

  it("exports what is typed, and runs", async () => {
    const program = `
      import { boot, createConfig, step } from "detcd/core";
      import type { Effect, Input } from "detcd/core";
      import { DEFAULT_OPTIONS, runSimulation } from "detcd/sim";
      import type { SimResult } from "detcd/sim";
      import { checkRevisionOrder, explain } from "detcd/checker";
      import { createEtcdClient, putOf } from "detcd/client";
      const result: SimResult = runSimulation({ ...DEFAULT_OPTIONS, seed: 7 });
      const verdict = checkRevisionOrder(result.history, 1_000_000);
      export const known: readonly [Input["kind"], Effect["kind"]] = ["tick", "peer.send"];
      void [boot, step, createConfig, createEtcdClient, putOf, explain];
      if (verdict.verdict !== "ok") throw new Error(verdict.verdict);
    `;
    fs.writeFileSync(join(home, "program.ts"), program);
    const strict = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2024"];
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    await run(tsc, [...strict, "--types", "", "program.ts"], { cwd: home }).catch(
      (error: { stdout: string }) => expect.unreachable(error.stdout),
    );
    await run(process.execPath, ["--no-warnings", "program.ts"], { cwd: home });
  });
});
