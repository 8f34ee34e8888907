// A cluster of real processes to be measured, of etcd or of detcd, on free ports of this machine.

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

export type Product = Readonly<{ name: "etcd" | "detcd"; command: readonly string[] }>;

const root = join(import.meta.dirname, "..");
export const PRODUCTS: readonly Product[] = [
  { name: "etcd", command: ["etcd"] },
  { name: "detcd", command: [process.execPath, join(root, "detcd.mjs"), "serve"] },
];

export type Cluster = Readonly<{
  endpoints: readonly string[];
  pids: () => readonly number[];
  /** Ends every member and starts it again. The seconds until each answers. */
  restart: () => Promise<number>;
  stop: () => Promise<void>;
}>;

type Ports = Readonly<{ client: number; peer: number }>;

/** Resolves once the cluster takes writes. */
export async function startCluster(product: Product, members: number): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "detcd-bench-"));
  const ports: Ports[] = [];
  while (ports.length < members) {
    ports.push({ client: await freePort(), peer: await freePort() });
  }
  const endpoints = ports.map(({ client }) => `127.0.0.1:${client}`);
  let children: readonly ChildProcess[] = [];
  const begin = async (): Promise<void> => {
    children = ports.map((_, number) => start(product, folder, ports, number));
    for (const endpoint of endpoints) await answers(endpoint);
  };
  const end = async (): Promise<void> => {
    const exits = children.map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(exits);
  };
  await begin();
  return {
    endpoints,
    pids: () => children.map((child) => child.pid ?? 0),
    restart: async () => {
      await end();
      const begunMs = performance.now();
      await begin();
      return (performance.now() - begunMs) / 1000;
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true });
    },
  };
}

function start(
  { command }: Product,
  folder: string,
  ports: readonly Ports[],
  number: number,
): ChildProcess {
  const { client = 0, peer = 0 } = ports[number] ?? {};
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const [program = "", ...first] = command;
  const flags = {
    "--name": `m${number}`,
    "--data-dir": join(folder, `m${number}`),
    "--listen-client-urls": clientUrl,
    "--advertise-client-urls": clientUrl,
    "--listen-peer-urls": peerUrl,
    "--initial-advertise-peer-urls": peerUrl,
    "--initial-cluster": ports.map((own, at) => `m${at}=http://127.0.0.1:${own.peer}`).join(","),
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
async function answers(endpoint: string): Promise<void> {
  await listens(endpoint); // etcdctl, refused once, waits a second
  const env = { ...process.env, ETCDCTL_API: "3" };
  const flags = [`--endpoints=${endpoint}`, "--command-timeout=1s", "put", "ready", "yes"];
  for (let attempt = 0; attempt < 20; attempt++) {
    const done = await promisify(execFile)("etcdctl", flags, { env }).catch(() => null);
    if (done !== null) return;
  }
  throw new Error(`nothing answers at ${endpoint}`);
}

async function listens(endpoint: string): Promise<void> {
  const port = Number(endpoint.split(":")[1]);
  for (let attempt = 0; attempt < 3000; attempt++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await setTimeout(20);
  }
  throw new Error(`nothing listens at ${endpoint}`);
}
