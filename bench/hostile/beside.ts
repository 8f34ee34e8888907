// What a small put waits beside something else: it is put all the time, by a process of its own.

import type { Trial } from "./trial.ts";
import { percentile, total } from "./latency.ts";
import type { Waits } from "./latency.ts";

const EVERY_MS = 20;
const VALUE_BYTES = 16;

export type PutOptions = Readonly<{ everyMs?: number; token?: string }>;

/** The waits of puts at this member for as long as the work takes. */
export async function putsBeside(
  { crew }: Trial,
  endpoint: string,
  work: () => Promise<unknown>,
  { everyMs = EVERY_MS, token = "" }: PutOptions = {},
): Promise<Waits> {
  const most = Number.MAX_SAFE_INTEGER;
  const options = { endpoint, everyMs, most, prefix: "put/", valueBytes: VALUE_BYTES, token };
  const worker = await crew.start("puts", options);
  try {
    await work();
  } finally {
    await worker.end();
  }
  return worker.result;
}

export function figuresOf({ figure, note }: Trial, what: string, { waits, failures }: Waits): void {
  const all = waits.map(({ ms }) => ms);
  figure(`${what}: median`, "ms", percentile(all, 0.5));
  figure(`${what}: p99`, "ms", percentile(all, 0.99));
  figure(`${what}: longest`, "ms", percentile(all, 1));
  failuresOf({ figure, note }, what, { waits, failures });
}

export function failuresOf(
  { figure, note }: Pick<Trial, "figure" | "note">,
  what: string,
  { waits, failures }: Waits,
): void {
  figure(`${what}: failed`, "count", total(failures));
  for (const [words, times] of Object.entries(failures)) {
    note(`${what}: ${times} of ${waits.length} failed: ${words}`);
  }
}
