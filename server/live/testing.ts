// For live tests: members as real processes, and the real etcdctl.

import { isUtf8 } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Request } from "../../core/api/request.ts";
import { putOf } from "../../core/api/testing.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import type { EtcdClient } from "../../net/socket/client.ts";

export type MemberPlan = Readonly<{
  name: string;
  dataDirectory: string;
  clientUrl: string;
  peerUrl: string;
  initialCluster: string;
}>;

export type Running = Readonly<{ plan: MemberPlan; process: MemberProcess; client: EtcdClient }>;
export type Finished = Readonly<{ code: number | null; stdout: string; stderr: string }>;

const MAIN = pathToFileURL(join(import.meta.dirname, "../main.ts")).href;
const RUN_MAIN =
  `import { main } from ${JSON.stringify(MAIN)};` +
  `process.exitCode = await main("serve", process.argv.slice(1));`;
const [FIRST_PORT, LAST_PORT] = [10_000, 32_000];
/** Processes that run at the same time have ids close to each other, and begin far apart. */
let nextPort = FIRST_PORT + (process.pid % 40) * 500;

const children = new Set<ChildProcess>();
const directories: string[] = [];

/** For what comes at once, but for a busy machine. */
export const PATIENCE_MS = 60_000;
export const HAS_ETCDCTL: boolean = isInstalled("etcdctl", "version", "etcd-client");
/** Whether a process may be given network or mounts of its own, as a container is. */
export const HAS_NAMESPACES: boolean = isInstalled("unshare", "--net --mount true", "util-linux");
export const HAS_ETCD: boolean = HAS_ETCDCTL && isInstalled("etcd", "--version", "etcd-server");

/** Live tests skip where a real tool is missing, but not where DETCD_REQUIRE_LIVE is set, as in
 *  CI. */
function isInstalled(tool: string, flag: string, debianPackage: string): boolean {
  if (spawnSync(tool, flag.split(" ")).status === 0) return true;
  if (process.env["DETCD_REQUIRE_LIVE"] === undefined) return false;
  throw new Error(`${tool} is missing and must not be: apt-get install ${debianPackage}`);
}

export async function planMembers(names: readonly string[]): Promise<readonly MemberPlan[]> {
  const root = fs.mkdtempSync(join(tmpdir(), "detcd-live-"));
  directories.push(root);
  const ports = await freePorts(2 * names.length);
  const peerUrlOf = (at: number): string => `http://127.0.0.1:${ports[2 * at + 1]}`;
  const initialCluster = names.map((name, at) => `${name}=${peerUrlOf(at)}`).join(",");
  return names.map((name, at) => ({
    name,
    dataDirectory: join(root, `${name}.etcd`),
    clientUrl: `http://127.0.0.1:${ports[2 * at]}`,
    peerUrl: peerUrlOf(at),
    initialCluster,
  }));
}

export function flagsOf(plan: MemberPlan): readonly string[] {
  const flags = {
    name: plan.name,
    "data-dir": plan.dataDirectory,
    "listen-client-urls": plan.clientUrl,
    "advertise-client-urls": plan.clientUrl,
    "listen-peer-urls": plan.peerUrl,
    "initial-advertise-peer-urls": plan.peerUrl,
    "initial-cluster": plan.initialCluster,
    "initial-cluster-token": "live-test",
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

export class MemberProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #output = "";

  /** `through`: a command that runs another one, as unshare does. */
  constructor(flags: readonly string[], through: readonly string[] = []) {
    const serve = [process.execPath, "--input-type=module", "-e", RUN_MAIN, "--", ...flags];
    const [command, ...args] = [...through, ...serve] as [string, ...string[]];
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    children.add(this.#child);
    this.#exit = once(this.#child, "exit");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves once the words are in the output. */
  async says(words: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.#output.includes(words)) {
      if (
        this.#child.exitCode !== null ||
        this.#child.signalCode !== null ||
        Date.now() > deadline
      ) {
        throw new Error(`never said ${JSON.stringify(words)}:\n${this.#output}`);
      }
      await pause(20);
    }
  }

  /** Its exit code, or the signal that ended it. */
  async exited(): Promise<number | NodeJS.Signals | null> {
    await this.#exit;
    children.delete(this.#child);
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.signal(signal);
    return this.exited();
  }
}

/** A member that serves, which takes a leader: those of a new cluster are started together. */
export async function startMember(
  plan: MemberPlan,
  more: readonly string[] = [],
  through: readonly string[] = [],
): Promise<MemberProcess> {
  const member = new MemberProcess([...flagsOf(plan), ...more], through);
  await member.says("ready to serve client requests");
  return member;
}

/** The same, with a client of its own. */
export async function startRunning(
  plan: MemberPlan,
  more: readonly string[] = [],
): Promise<Running> {
  const process = await startMember(plan, more);
  return { plan, process, client: createEtcdClient(plan.clientUrl) };
}

/** Whether a member says that it leads, to whom this token was given. */
export async function leads(client: EtcdClient, token = ""): Promise<boolean> {
  const answer = await client.call({ kind: "status" }, PATIENCE_MS, token);
  if (!answer.ok || answer.value.kind !== "status") return false;
  return answer.value.leader === answer.value.header.memberId;
}

/** A member that is a real etcd, once it has a leader. `who`: where it asks for users. */
export async function startEtcd(
  plan: MemberPlan,
  more: readonly string[] = [],
  who: readonly string[] = [],
): Promise<void> {
  children.add(spawn("etcd", [...flagsOf(plan), ...more], { stdio: "ignore" }));
  await eventually(async () => (await etcdctl([plan.clientUrl], [...who, "get", "k"])).code === 0);
}

/** One run of `detcd serve` that is expected to end by itself. */
export async function runToEnd(
  flags: readonly string[],
  through: readonly string[] = [],
): Promise<Readonly<{ code: number | NodeJS.Signals | null; output: string }>> {
  const member = new MemberProcess(flags, through);
  const code = await member.exited();
  return { code, output: member.output.trim() };
}

/** It is as patient as these tests, and ended with them. */
export function spawnEtcdctl(
  endpoints: readonly string[],
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  const flags = ["--dial-timeout=60s", "--command-timeout=60s"]; // of two, the last one counts
  const child = spawn("etcdctl", ["--endpoints", endpoints.join(","), ...flags, ...args], {
    env: { ...process.env, ETCDCTL_API: "3" },
  });
  children.add(child);
  void once(child, "close").then(() => children.delete(child));
  return child;
}

export async function etcdctl(
  endpoints: readonly string[],
  args: readonly string[],
  input = "",
): Promise<Finished> {
  const child = spawnEtcdctl(endpoints, args);
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
  child.stdin.on("error", () => undefined); // it may end without having read all
  child.stdin.end(input);
  await once(child, "close");
  return { code: child.exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** Not all that etcdctl prints is text: what is not has one char per byte. */
function textOf(chunks: readonly Buffer[]): string {
  const bytes = Buffer.concat(chunks);
  return isUtf8(bytes) ? bytes.toString("utf8") : bytes.toString("latin1");
}

export function putRequest(key: string, value: Uint8Array): Request {
  return { ...putOf(key, ""), value };
}

/** Repeats until it holds. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${holds.toString()}`);
    await pause(50);
  }
}

/** Ends what is left of this test file. */
export async function cleanUp(): Promise<void> {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(
    [...children].map(async (child) => child.exitCode ?? child.signalCode ?? once(child, "exit")),
  );
  children.clear();
  for (const path of directories.splice(0)) fs.rmSync(path, { recursive: true, force: true });
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

/** Below those that outgoing connections take, so that none of them is in the way later. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = nextPort; // others come here while this one is looked at
    nextPort = port < LAST_PORT ? port + 1 : FIRST_PORT;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const isListening = await once(server, "listening").then(
    () => true,
    () => false,
  );
  if (isListening) await once(server.close(), "close");
  return isListening;
}
