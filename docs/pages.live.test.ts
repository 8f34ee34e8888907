// Every block of code in the README and in docs/ is run, page by page, as a reader would.

import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePorts, HAS_ETCDCTL, PATIENCE_MS } from "../server/live/testing.ts";
import { linksIn, portsIn, scriptOf, stepsOf, withPorts } from "./testing.ts";
import type { Place } from "./testing.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = ["", "docs"].flatMap((folder) => {
  const names = fs.readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => {
    return { path: join(folder, name), text: fs.readFileSync(join(ROOT, folder, name), "utf8") };
  });
});
const PROCFILE = fs.readFileSync(join(ROOT, "Procfile"), "utf8");
const MANIFEST = JSON.parse(fs.readFileSync(join(ROOT, "package.json"), "utf8")) as Readonly<{
  name: string;
  exports: unknown;
  scripts: Readonly<Record<string, string>>;
}>;

/** How many blocks of a page are not run. It takes a decision to raise one of them. */
const NOT_RUN: Readonly<Record<string, number>> = {
  "README.md": 1,
  "CONTRIBUTING.md": 1,
  "docs/operate.md": 1,
  "docs/write-a-scenario.md": 1,
};

const directories: string[] = [];
afterAll(() => {
  for (const path of directories) fs.rmSync(path, { recursive: true, force: true });
});

describe("The page", () => {
  const runnable = PAGES.filter(({ text }) => stepsOf(text).some(({ kind }) => kind !== "skip"));

  it.concurrent.for(runnable)("$path does what it says", async ({ text }, context) => {
    const steps = stepsOf(text);
    const ported = [...new Set(["2379", "2380", ...portsIn(text + PROCFILE)])];
    const free = await freePorts(ported.length);
    const ports = new Map(ported.map((port, at) => [port, free[at] ?? 0]));
    const lacking = new Set(
      steps.flatMap((step) => {
        return !HAS_ETCDCTL && "text" in step && /\betcdctl\b/.test(step.text)
          ? [step.section]
          : [];
      }),
    );
    const place: Place = { root: ROOT, ports, without: (section) => lacking.has(section) };
    const script = scriptOf(steps, place);
    const { code, output } = await run(script, prepare(ports));
    context.expect(code, output).toBe(0);
  });

  it.for(PAGES)("$path leaves out no more blocks than were agreed, each for a reason", (page) => {
    const skipped = stepsOf(page.text).filter((step) => step.kind === "skip");
    expect(skipped).toHaveLength(NOT_RUN[page.path] ?? 0);
    expect(skipped.filter(({ reason }) => reason === "")).toEqual([]);
  });

  it.for(PAGES)("$path names scripts that are there", ({ text }) => {
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? "");
    expect(named.filter((name) => !Object.hasOwn(MANIFEST.scripts, name))).toEqual([]);
  });

  it.for(PAGES)("$path links to files that are there", ({ path, text }) => {
    const missing = linksIn(text).filter((to) => !fs.existsSync(join(ROOT, dirname(path), to)));
    expect(missing).toEqual([]);
  });
});

/** A directory that looks like a checkout to whoever types the commands of a page. */
function prepare(ports: Place["ports"]): string {
  const directory = fs.mkdtempSync(join(tmpdir(), "detcd-docs-"));
  directories.push(directory);
  fs.writeFileSync(join(directory, "Procfile"), withPorts(PROCFILE, ports));
  fs.symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  fs.symlinkSync(join(ROOT, "dist"), join(directory, "dist"));
  const { name, exports } = MANIFEST; // so that programs import the package as it is built
  const manifest = JSON.stringify({ name, type: "module", exports });
  fs.writeFileSync(join(directory, "package.json"), manifest);
  fs.mkdirSync(join(directory, "bin"));
  for (const [command, text] of Object.entries(commands(ports)))
    fs.writeFileSync(join(directory, "bin", command), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return directory;
}

/** What a page's commands are here. Where nothing says otherwise, detcd listens on the free ports
 *  that stand for etcd's own, and etcdctl asks there. */
function commands(ports: Place["ports"]): Readonly<Record<string, string>> {
  const clients = `http://localhost:${ports.get("2379")}`;
  const peers = `http://localhost:${ports.get("2380")}`;
  const listens =
    `export ETCD_LISTEN_CLIENT_URLS=${clients} ETCD_ADVERTISE_CLIENT_URLS=${clients} ` +
    `ETCD_LISTEN_PEER_URLS=${peers} ETCD_INITIAL_ADVERTISE_PEER_URLS=${peers}`;
  const etcdctl = process.env["PATH"]
    ?.split(delimiter)
    .map((folder) => join(folder, "etcdctl"))
    .find((path) => fs.existsSync(path));
  return {
    npx: 'exec "$@"',
    detcd: `case "$*" in *-client-urls*) ;; serve*) ${listens} ;; esac\nexec node ${ROOT}/detcd.mjs "$@"`,
    etcdctl:
      `case "$*" in *--endpoints*) ;; ` +
      `*) export ETCDCTL_ENDPOINTS=\${ETCDCTL_ENDPOINTS:-${clients}} ;; esac\nexec ${etcdctl} "$@"`,
    foreman: "grep -v ^# Procfile | cut -d: -f2- | (while read -r line; do $line & done; wait)",
  };
}

async function run(
  script: string,
  directory: string,
): Promise<Readonly<{ code: number | null; output: string }>> {
  const path = [join(directory, "bin"), join(ROOT, "node_modules/.bin"), process.env["PATH"]];
  const env = { ...process.env, PATH: path.join(delimiter), CI: "" }; // not each run twice
  const child = spawn("bash", ["-c", script], { cwd: directory, env, timeout: PATIENCE_MS });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.end();
  await once(child, "close");
  return { code: child.exitCode, output: output.slice(-4000) };
}
