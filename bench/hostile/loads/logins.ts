// Clients that log in, each on its own connection and again as soon as it has an answer: with wrong
// passwords to be a flood, or with the right one to see what the flood does to others.

import { setTimeout } from "node:timers/promises";
import type { AuthenticateRequest } from "../../../core/api/request-auth.ts";
import { fromText } from "../../../core/lib/bytes.ts";
import { Client } from "../../client.ts";
import { count, nowMs } from "../latency.ts";
import type { Wait, Waits } from "../latency.ts";
import { together } from "./load.ts";
import type { Life } from "./load.ts";

export type LoginsOptions = Readonly<{
  endpoint: string;
  clients: number;
  user: string;
  password: string;
}>;

const TIMEOUT_MS = 60_000;
const PAUSE_MS = 10; // after a failure

export async function logins(options: LoginsOptions, life: Life): Promise<Waits> {
  const { endpoint, clients, user, password } = options;
  const request: AuthenticateRequest = { kind: "authenticate", name: fromText(user), password };
  const waits: Wait[] = [];
  const failures: Record<string, number> = {};
  life.ready();
  await together(clients, async () => {
    const client = new Client(endpoint);
    while (!life.isOver()) {
      const atMs = nowMs();
      const { code, words } = await client.call(request, { timeoutMs: TIMEOUT_MS });
      waits.push({ atMs, ms: nowMs() - atMs, isAnswered: code === 0 });
      if (code === 0) continue;
      count(failures, words);
      await setTimeout(PAUSE_MS);
    }
    client.close();
  });
  return { waits, failures };
}
