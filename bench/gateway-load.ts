// Ranges over the JSON gateway: clients that keep their connections, as Patroni's do, each asking
// again when it is answered. What it costs the members is read where the system counts it.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";

export type Sample = Readonly<{
  cpuMicros: number; // of all members together, for one answer
  perSecond: number;
  p50Micros: number;
  p99Micros: number;
  memoryMb: number; // resident, of all members together
}>;

const CLIENTS = 64;
const KEYS = 10_000;

/** For so long. The endpoints take turns. */
export async function loadGateway(
  endpoints: readonly string[],
  pids: readonly number[],
  forMs: number,
): Promise<Sample> {
  const latencies: number[] = [];
  const begunMs = performance.now();
  const before = cpuSeconds(pids);
  await Promise.all(
    Array.from({ length: CLIENTS }, (_, nth) => {
      const endpoint = endpoints[nth % endpoints.length] as string;
      return askOften(endpoint, nth, begunMs + forMs, latencies);
    }),
  );
  const seconds = (performance.now() - begunMs) / 1000;
  const cpu = cpuSeconds(pids) - before;
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => (latencies[Math.floor(part * latencies.length)] ?? 0) * 1000;
  return {
    cpuMicros: (cpu * 1e6) / latencies.length,
    perSecond: latencies.length / seconds,
    p50Micros: at(0.5),
    p99Micros: at(0.99),
    memoryMb: pids.reduce((sum, pid) => sum + residentMb(pid), 0),
  };
}

/** A connection of its own; the next request when the answer is there. */
function askOften(
  endpoint: string,
  seed: number,
  untilMs: number,
  latencies: number[],
): Promise<void> {
  const [host = "", port = ""] = endpoint.split(":");
  const socket = connect(Number(port), host).setNoDelay(true).setEncoding("latin1");
  let key = seed;
  let heard = "";
  let askedMs = 0;
  const ask = (): void => {
    key = (key * 31 + 7) % KEYS;
    askedMs = performance.now();
    sendRange(socket, key);
  };
  return new Promise((resolve, reject) => {
    socket.once("error", reject).once("connect", ask);
    socket.on("data", (text: string) => {
      heard += text;
      if (!isWhole(heard)) return;
      if (!heard.startsWith("HTTP/1.1 200")) return reject(new Error(heard));
      latencies.push(performance.now() - askedMs);
      heard = "";
      if (performance.now() < untilMs) return ask();
      socket.destroy();
      resolve();
    });
  });
}

function sendRange(socket: Socket, key: number): void {
  const name = Buffer.from(`key-${String(key).padStart(8, "0")}`).toString("base64");
  const body = `{"key":"${name}"}`;
  const head = `Host: localhost\r\nContent-Length: ${body.length}`;
  socket.write(`POST /v3/kv/range HTTP/1.1\r\n${head}\r\n\r\n${body}`);
}

function isWhole(heard: string): boolean {
  const head = heard.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\nContent-Length: (\d+)/i.exec(heard)?.[1];
  return heard.length >= head + 4 + Number(length);
}

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** In user and kernel together. */
function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
