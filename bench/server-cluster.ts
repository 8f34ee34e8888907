// A cluster of real processes to be measured, of etcd or of detcd, on free ports of this machine.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { putOf } from "../core/api/testing.ts";
import { Client } from "./client.ts";
import { Member } from "./member.ts";
import { ownFolder, removeFolder } from "./owned.ts";

export type Product = Readonly<{
  name: "etcd" | "detcd";
  version: string;
  command: readonly string[];
}>;

export type Cluster = Readonly<{
  members: readonly Member[];
  endpoints: readonly string[];
  pids: () => readonly number[];
  /** Ends every member and starts it again. The seconds until each answers. */
  restart: () => Promise<number>;
  stop: () => Promise<void>;
}>;

type Ports = Readonly<{ client: number; peer: number }>;

const root = join(import.meta.dirname, "..");
const START_MS = 60_000;

/** Both, the yardstick first: this etcd, "" for the one on PATH. Null if it cannot be run. */
export function findProducts(etcd: string): readonly Product[] | null {
  const program = etcd === "" ? "etcd" : etcd;
  const version = versionOf(program);
  if (version === null) return null;
  const own = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
  return [
    { name: "etcd", version, command: [program] },
    {
      name: "detcd",
      version: own.toString().trim(),
      command: [process.execPath, join(root, "detcd.mjs"), "serve"],
    },
  ];
}

export function versionsOf(products: readonly Product[]): Readonly<Record<string, string>> {
  return Object.fromEntries(products.map(({ name, version }) => [name, version]));
}

/** Resolves once the cluster takes writes. The flags are those of every member. */
export async function startCluster(
  product: Product,
  size: number,
  flags: readonly string[] = [],
): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "detcd-bench-"));
  ownFolder(folder);
  const ports: Ports[] = [];
  while (ports.length < size) ports.push({ client: await freePort(), peer: await freePort() });
  const members = ports.map(({ client }, at) => {
    const command = [...product.command, ...flagsOf(folder, ports, at), ...flags];
    return new Member(`m${at}`, `127.0.0.1:${client}`, command, join(folder, `m${at}.log`));
  });
  const begin = async (): Promise<void> => {
    for (const member of members) member.start();
    for (const member of members) await answers(member);
  };
  const end = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.end()));
  };
  const stop = async (): Promise<void> => {
    await end();
    removeFolder(folder);
  };
  await begin().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    members,
    endpoints: members.map(({ endpoint }) => endpoint),
    pids: () => members.map(({ pid }) => pid),
    restart: async () => {
      await end();
      const begunMs = performance.now();
      await begin();
      return (performance.now() - begunMs) / 1000;
    },
    stop,
  };
}

/** Waits until a put is answered: the member has a leader. */
export async function answers(member: Member): Promise<void> {
  const client = new Client(member.endpoint);
  const put = putOf("ready", "yes");
  const begunMs = performance.now();
  let words = "";
  while (!member.isDead && performance.now() - begunMs < START_MS) {
    const answer = await client.call(put, { timeoutMs: 5000 });
    words = answer.words;
    if (answer.code === 0) return client.close();
    await setTimeout(20);
  }
  client.close();
  const silence = `nothing answers at ${member.endpoint}: ${words}`;
  throw new Error(member.isDead ? await member.died : silence);
}

function versionOf(program: string): string | null {
  try {
    const said = execFileSync(program, ["--version"], { encoding: "utf8" });
    return /etcd Version: (\S+)/.exec(said)?.[1] ?? null;
  } catch {
    return null; // not there, or not a program
  }
}

function flagsOf(folder: string, ports: readonly Ports[], at: number): readonly string[] {
  const { client = 0, peer = 0 } = ports[at] ?? {};
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const flags = {
    "--name": `m${at}`,
    "--data-dir": join(folder, `m${at}`),
    "--listen-client-urls": clientUrl,
    "--advertise-client-urls": clientUrl,
    "--listen-peer-urls": peerUrl,
    "--initial-advertise-peer-urls": peerUrl,
    "--initial-cluster": ports.map((own, m) => `m${m}=http://127.0.0.1:${own.peer}`).join(","),
  };
  return Object.entries(flags).flat();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
