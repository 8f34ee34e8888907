// What `npm i detcd` gives: the package as it would be published, in a folder of its own, with the
// packages that it depends on beside it, and no others. On the Node that runs the tests, and on those
// whose versions DETCD_NODES names ("22 24 26"), each from the npm package `node`.

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
const NODES = ["", ...(process.env["DETCD_NODES"]?.split(" ") ?? [])]; // "": the one that runs this
const INSTALL_MS = 120_000;
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
  for (const version of NODES.slice(1)) {
    await run("npm", ["install", "--prefix", join(home, `node-${version}`), `node@${version}`]);
  }
}, NODES.length * INSTALL_MS);

afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

function nodeOf(version: string): string {
  if (version === "") return process.execPath;
  return join(home, `node-${version}/node_modules/node/bin/node`);
}

function command(): string {
  return join(home, "node_modules/detcd/detcd.mjs");
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

describe.each(NODES)("The package on Node %s", (version) => {
  const detcd = (...args: readonly string[]): Promise<{ stdout: string }> =>
    run(nodeOf(version), [command(), ...args], { cwd: home });

  it("says which it is, and what it can do", async () => {
    expect((await detcd("--version")).stdout).toContain(`\ndetcd Version: ${MANIFEST.version}\n`);
    expect((await detcd("help")).stdout).toContain("usage: detcd <command>");
    for (const name of ["serve", "sim", "replay", "tui", "snapshot"]) {
      expect((await detcd("help", name)).stdout).toContain("usage: detcd");
    }
  });

  it("runs a campaign, replays a seed as ever and tells an election", async () => {
    const campaign = await detcd("sim", "--scenario", "leader-isolated", "--seeds", "2");
    expect(campaign.stdout).toContain("every promise held");
    const replay = [command(), "replay", "1", "--scenario", "leader-isolated"];
    const here = await run(process.execPath, replay, { cwd: home });
    const there = await detcd(...replay.slice(1));
    expect(there.stdout).toContain("verdict   ok");
    expect(there.stdout).toBe(here.stdout); // its trace hash among it
    expect((await detcd("tui", "--plain", "--seed", "1")).stdout).toContain("leader");
  });

  it("serves, and saves what is there", { timeout: PATIENCE_MS }, async () => {
    const [plan] = await planMembers(["one"]);
    if (plan === undefined) return expect.unreachable("one was planned");
    const member = spawn(nodeOf(version), [command(), "serve", ...flagsOf(plan)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: member.stderr })) {
      if (line.includes("ready to serve client requests")) break;
    }
    const client = createEtcdClient(plan.clientUrl);
    const answer = await client.call(putOf("a", "b"), PATIENCE_MS);
    client.close();
    expect(answer.ok).toBe(true);
    const file = join(home, `saved-${version}.db`);
    await detcd("snapshot", "save", file, "--endpoints", plan.clientUrl);
    expect((await detcd("snapshot", "status", file)).stdout).toContain("1");
    member.kill("SIGKILL");
  });
});
