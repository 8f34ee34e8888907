// One member of detcd and one of the real etcd under the same load from the same client, in turn,
// in one run. Server and client share the cores, so throughput says little; CPU per operation is
// the figure to trust, and only the ratio of the two servers survives a change of machine.

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Figure, Report } from "./report.ts";
import { median } from "./report.ts";

type Load = Readonly<{ name: string; flags: readonly string[] }>;
type Sample = Readonly<{
  cpuMicros: number;
  perSecond: number;
  p50Micros: number;
  p99Micros: number;
}>;
type Server = Readonly<{ name: string; command: readonly string[] }>;

const ROUNDS = 3;
const LOADS: readonly Load[] = [
  { name: "put, 1 client", flags: ["-mode", "put", "-clients", "1", "-conns", "1"] },
  { name: "put, 64 clients", flags: ["-mode", "put", "-clients", "64"] },
  { name: "linearizable range, 64 clients", flags: ["-mode", "range", "-clients", "64"] },
  { name: "serializable range, 64 clients", flags: ["-mode", "range", "-ser", "-clients", "64"] },
];
const root = join(import.meta.dirname, "..");
const SERVERS: readonly Server[] = [
  { name: "etcd", command: ["etcd"] },
  { name: "detcd", command: [process.execPath, join(root, "detcd.mjs"), "serve"] },
];

/** `loadgen`: a client for etcd's API that prints operations, latencies and the CPU of `-pids`. */
export async function benchServer(loadgen: string): Promise<Report> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of SERVERS) {
      for (const [load, sample] of await measure(server, loadgen)) {
        const key = `${load.name} ${server.name}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  const figures = LOADS.flatMap(({ name }) => compare(name, samples));
  return { suite: "server", command: "npm run bench -- server --loadgen LOADGEN", figures };
}

async function measure(server: Server, loadgen: string): Promise<(readonly [Load, Sample])[]> {
  const folder = mkdtempSync(join(tmpdir(), "detcd-bench-"));
  const [client, peer] = [await freePort(), await freePort()];
  const child = start(server, folder, client, peer);
  await answers(client);
  const results: (readonly [Load, Sample])[] = [];
  for (const load of LOADS) {
    const flags = ["-eps", `127.0.0.1:${client}`, "-pids", String(child.pid), "-keyspace", "10000"];
    const { stdout } = await promisify(execFile)(loadgen, [...flags, ...load.flags, "-dur", "4s"]);
    results.push([load, parse(stdout)]);
  }
  child.kill("SIGTERM");
  await once(child, "exit");
  rmSync(folder, { recursive: true });
  return results;
}

function start(server: Server, folder: string, client: number, peer: number): ChildProcess {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const [program = "", ...first] = server.command;
  const flags = {
    "--name": "bench",
    "--data-dir": join(folder, "data"),
    "--listen-client-urls": clientUrl,
    "--advertise-client-urls": clientUrl,
    "--listen-peer-urls": peerUrl,
    "--initial-advertise-peer-urls": peerUrl,
    "--initial-cluster": `bench=${peerUrl}`,
  };
  return spawn(program, [...first, ...Object.entries(flags).flat()], { stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Waits until a put is answered: the member has a leader. */
async function answers(port: number): Promise<void> {
  const env = { ...process.env, ETCDCTL_API: "3" };
  const flags = [`--endpoints=127.0.0.1:${port}`, "--command-timeout=1s", "put", "ready", "yes"];
  for (let attempt = 0; attempt < 20; attempt++) {
    const done = await promisify(execFile)("etcdctl", flags, { env }).catch(() => null);
    if (done !== null) return;
  }
  throw new Error(`nothing answers on port ${port}`);
}

function parse(output: string): Sample {
  const read = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return {
    perSecond: read(/ (\d+) op\/s/),
    p50Micros: read(/p50=(\d+)us/),
    p99Micros: read(/p99=(\d+)/),
    cpuMicros: read(/srv cpu\/op=([\d.]+)us/),
  };
}

function compare(load: string, samples: ReadonlyMap<string, readonly Sample[]>): Figure[] {
  const of = (server: string, what: keyof Sample): number[] =>
    (samples.get(`${load} ${server}`) ?? []).map((sample) => sample[what]);
  const ratio = (what: keyof Sample): number[] => [
    median(of("detcd", what)) / median(of("etcd", what)),
  ];
  return [
    { name: `${load}: CPU, etcd`, unit: "µs/op", rounds: of("etcd", "cpuMicros") },
    { name: `${load}: CPU, detcd`, unit: "µs/op", rounds: of("detcd", "cpuMicros") },
    { name: `${load}: CPU, detcd/etcd`, unit: "ratio", rounds: ratio("cpuMicros") },
    { name: `${load}: throughput, detcd/etcd`, unit: "ratio", rounds: ratio("perSecond") },
    { name: `${load}: median latency, detcd/etcd`, unit: "ratio", rounds: ratio("p50Micros") },
    { name: `${load}: p99 latency, detcd/etcd`, unit: "ratio", rounds: ratio("p99Micros") },
  ];
}
