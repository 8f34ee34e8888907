// Small puts, and how long each of them waits. Either one every so often, whether or not the last
// one was answered: a server that stalls is then seen by all that came meanwhile. Or one after the
// other, as fast as they are answered. This process does nothing else, or it would measure itself.

import { setTimeout } from "node:timers/promises";
import type { Bytes } from "../../../core/contract.ts";
import { putOf } from "../../../core/api/testing.ts";
import { Client } from "../../client.ts";
import { count, nowMs } from "../latency.ts";
import type { Wait, Waits } from "../latency.ts";
import type { Life } from "./load.ts";

export type PutsOptions = Readonly<{
  endpoint: string;
  everyMs: number; // 0: one after the other
  most: number; // so many, unless it is ended before
  prefix: string;
  valueBytes: number;
  token: string;
}>;

const KEYS = 100;
const RECONNECT_MS = 20;

export async function puts(options: PutsOptions, life: Life): Promise<Waits> {
  const { endpoint, everyMs, most, prefix, valueBytes, token } = options;
  const client = new Client(endpoint);
  const value = new Uint8Array(valueBytes).fill(120);
  const waits: Wait[] = [];
  const failures: Record<string, number> = {};
  const put = async (n: number): Promise<void> => {
    const atMs = nowMs();
    const request = putOf(prefix, "", { key: `${prefix}${n % KEYS}` as Bytes, value });
    const { code, words } = await client.call(request, { token });
    waits.push({ atMs, ms: nowMs() - atMs, isAnswered: code === 0 });
    if (code !== 0) count(failures, words);
    if (code !== 0 && everyMs === 0) await setTimeout(RECONNECT_MS);
  };
  const under: Promise<void>[] = [];
  await put(0); // connects
  waits.length = 0;
  life.ready();
  const begunMs = nowMs();
  for (let n = 0; n < most && !life.isOver(); n++) {
    if (everyMs > 0) {
      under.push(put(n));
      await setTimeout(Math.max(0, begunMs + (n + 1) * everyMs - nowMs()));
    } else {
      await put(n);
    }
  }
  await Promise.all(under);
  client.close();
  return { waits, failures };
}
