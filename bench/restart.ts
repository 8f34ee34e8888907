// A full store: what it takes in memory, and how long a member that holds it is away when it is
// restarted. Filled and restarted by turns with a real etcd, in one run. etcd maps its file too, so
// resident memory is of one kind on both sides.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { residentMb } from "./memory.ts";
import type { Figure, Report } from "./report.ts";
import { median } from "./report.ts";
import type { Product } from "./server-cluster.ts";
import { startCluster, versionsOf } from "./server-cluster.ts";
import { pushAll } from "../core/lib/lists.ts";

type Fill = Readonly<{ name: string; puts: number; keys: number }>;
type Sample = Readonly<{
  seconds: number[]; // from the start of the process to an answer, each time
  memoryMb: number; // resident, after the fill
  restartedMb: number; // the same, after the last restart
}>;

const RESTARTS = 3;
const FILLS: readonly Fill[] = [
  { name: "1,000,000 revisions of 100,000 keys", puts: 1_000_000, keys: 100_000 },
  { name: "1,000,000 keys", puts: 1_000_000, keys: 1_000_000 },
];

export async function benchRestart(products: readonly Product[], loadgen: string): Promise<Report> {
  const figures: Figure[] = [];
  for (const fill of FILLS) {
    const samples = new Map<Product["name"], Sample>();
    for (const product of products)
      samples.set(product.name, await measure(product, fill, loadgen));
    pushAll(figures, compare(fill, samples));
  }
  const command = "npm run bench -- restart --loadgen LOADGEN";
  return { suite: "restart", command, versions: versionsOf(products), figures };
}

async function measure(product: Product, fill: Fill, loadgen: string): Promise<Sample> {
  const cluster = await startCluster(product, 1);
  const where = ["-eps", cluster.endpoints.join(",")];
  const keys = ["-n", String(fill.puts), "-keyspace", String(fill.keys), "-clients", "256"];
  await promisify(execFile)(loadgen, [...where, "-mode", "fill", ...keys]);
  const memoryMb = residentMb(cluster.pids()[0]);
  const seconds: number[] = [];
  while (seconds.length < RESTARTS) seconds.push(await cluster.restart());
  const restartedMb = residentMb(cluster.pids()[0]);
  await cluster.stop();
  return { seconds, memoryMb, restartedMb };
}

function compare({ name }: Fill, samples: ReadonlyMap<Product["name"], Sample>): Figure[] {
  const [etcd, detcd] = [samples.get("etcd"), samples.get("detcd")];
  const [theirs, ours] = [etcd?.seconds ?? [], detcd?.seconds ?? []];
  const memory = (what: "memoryMb" | "restartedMb"): number[] => [
    (detcd?.[what] ?? Number.NaN) / (etcd?.[what] ?? Number.NaN),
  ];
  return [
    { name: `${name}: restart, etcd`, unit: "s", rounds: theirs },
    { name: `${name}: restart, detcd`, unit: "s", rounds: ours },
    {
      name: `${name}: restart, detcd/etcd`,
      unit: "ratio",
      rounds: [median(ours) / median(theirs)],
    },
    { name: `${name}: memory once filled, detcd/etcd`, unit: "ratio", rounds: memory("memoryMb") },
    {
      name: `${name}: memory once restarted, detcd/etcd`,
      unit: "ratio",
      rounds: memory("restartedMb"),
    },
  ];
}
