// detcd and the real etcd under the same load from the same client, in turn, in one run; one member
// and three. Servers and client share the cores, so throughput says little; CPU per operation is
// the figure to trust, and only the ratio of the two survives a change of machine.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadGateway } from "./gateway-load.ts";
import type { Sample } from "./gateway-load.ts";
import type { Figure, Report } from "./report.ts";
import { median } from "./report.ts";
import type { Product } from "./server-cluster.ts";
import { startCluster, versionsOf } from "./server-cluster.ts";

/** `flags` null: over the JSON gateway, which the client below does not speak. */
type Load = Readonly<{ name: string; flags: readonly string[] | null }>;

const ROUNDS = 3;
const GATEWAY_MS = 2_500;
const SIZES = [1, 3];
const LOADS: readonly Load[] = [
  { name: "put, 1 client", flags: ["-mode", "put", "-clients", "1", "-conns", "1"] },
  { name: "put, 64 clients", flags: ["-mode", "put"] },
  { name: "linearizable range", flags: ["-mode", "range"] },
  { name: "serializable range", flags: ["-mode", "range", "-ser"] },
  { name: "range of 1,000 keys", flags: ["-mode", "prefix", "-clients", "8"] },
  { name: "txn", flags: ["-mode", "txn"] },
  {
    name: "watch, 1,000 watchers on 100 streams",
    flags: ["-mode", "watch", "-watchers", "1000", "-streams", "100", "-rate", "100"],
  },
  { name: "lease grant", flags: ["-mode", "grant"] },
  { name: "lease keep-alive", flags: ["-mode", "keepalive"] },
  { name: "linearizable range over the gateway", flags: null },
];

/** `loadgen`: a client for etcd's API that prints operations, latencies, and the CPU and memory of
 *  `-pids`. */
export async function benchServer(products: readonly Product[], loadgen: string): Promise<Report> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const members of SIZES) {
      for (const product of products) {
        for (const [load, sample] of await measure(product, members, loadgen)) {
          const key = keyOf(load, members, product.name);
          samples.set(key, [...(samples.get(key) ?? []), sample]);
        }
      }
    }
  }
  const figures = SIZES.flatMap((members) =>
    LOADS.flatMap((load) => compare(load, members, samples)),
  );
  const command = "npm run bench -- server --loadgen LOADGEN";
  return { suite: "server", command, versions: versionsOf(products), figures };
}

async function measure(
  product: Product,
  members: number,
  loadgen: string,
): Promise<(readonly [Load, Sample])[]> {
  const cluster = await startCluster(product, members);
  const where = ["-eps", cluster.endpoints.join(","), "-pids", cluster.pids().join(",")];
  const results: (readonly [Load, Sample])[] = [];
  for (const load of LOADS) {
    if (load.flags === null) {
      results.push([load, await loadGateway(cluster.endpoints, cluster.pids(), GATEWAY_MS)]);
      continue;
    }
    const flags = [...where, "-keyspace", "10000", ...load.flags, "-dur", "2.5s"];
    const { stdout } = await promisify(execFile)(loadgen, flags);
    results.push([load, parse(stdout)]);
  }
  await cluster.stop();
  return results;
}

function parse(output: string): Sample {
  const read = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const memory = /rss=([\dMB,]+)/.exec(output)?.[1] ?? "";
  return {
    perSecond: read(/ (\d+) op\/s/),
    p50Micros: read(/p50=(\d+)us/),
    p99Micros: read(/p99=(\d+)/),
    cpuMicros: read(/srv cpu\/op=([\d.]+)us/),
    memoryMb: memory.split(",").reduce((sum, each) => sum + Number.parseInt(each, 10), 0),
  };
}

function keyOf(load: Load, members: number, product: string): string {
  return `${load.name}, ${members} ${members === 1 ? "member" : "members"}: ${product}`;
}

function compare(
  load: Load,
  members: number,
  samples: ReadonlyMap<string, readonly Sample[]>,
): Figure[] {
  const of = (product: Product["name"], what: keyof Sample): number[] =>
    (samples.get(keyOf(load, members, product)) ?? []).map((sample) => sample[what]);
  const ratio = (what: keyof Sample): number[] => [
    median(of("detcd", what)) / median(of("etcd", what)),
  ];
  const name = keyOf(load, members, "");
  return [
    { name: `${name}CPU, etcd`, unit: "µs/op", rounds: of("etcd", "cpuMicros") },
    { name: `${name}CPU, detcd`, unit: "µs/op", rounds: of("detcd", "cpuMicros") },
    { name: `${name}CPU, detcd/etcd`, unit: "ratio", rounds: ratio("cpuMicros") },
    { name: `${name}throughput, detcd/etcd`, unit: "ratio", rounds: ratio("perSecond") },
    { name: `${name}median latency, detcd/etcd`, unit: "ratio", rounds: ratio("p50Micros") },
    { name: `${name}p99 latency, detcd/etcd`, unit: "ratio", rounds: ratio("p99Micros") },
    { name: `${name}memory, detcd/etcd`, unit: "ratio", rounds: ratio("memoryMb") },
  ];
}
