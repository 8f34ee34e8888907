// Clients that read a whole range, again and again. What they are sent is counted and dropped.

import { setTimeout } from "node:timers/promises";
import { prefixEnd } from "../../../core/lib/bytes.ts";
import { rangeOf } from "../../../core/api/testing.ts";
import type { Bytes } from "../../../core/contract.ts";
import { Client } from "../../client.ts";
import { count } from "../latency.ts";
import type { Tally } from "../latency.ts";
import { together } from "./load.ts";
import type { Life } from "./load.ts";

export type RangesOptions = Readonly<{ endpoint: string; clients: number; prefix: string }>;
export type RangesResult = Readonly<{ answers: number; bytes: number; failures: Tally }>;

const PAUSE_MS = 100; // after a failure

export async function ranges(options: RangesOptions, life: Life): Promise<RangesResult> {
  const { endpoint, clients, prefix } = options;
  const request = rangeOf(prefix, { rangeEnd: prefixEnd(prefix as Bytes) as Bytes });
  const failures: Record<string, number> = {};
  const [all, callOptions] = [
    { answers: 0, bytes: 0 },
    { timeoutMs: 60_000, isKept: false },
  ];
  life.ready();
  await together(clients, async () => {
    const client = new Client(endpoint);
    void life.ended.then(() => client.close()); // what is under way is broken off
    while (!life.isOver()) {
      const { code, words, bytes } = await client.call(request, callOptions);
      all.bytes += bytes;
      if (code === 0) all.answers += 1;
      else if (!life.isOver()) count(failures, words);
      if (code !== 0) await setTimeout(PAUSE_MS);
    }
    client.close();
  });
  return { ...all, failures };
}
