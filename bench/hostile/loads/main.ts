// The process of a load. It is told its options and when to end by the process that started it, and
// does not outlive it.

import { logins } from "./logins.ts";
import type { LoginsOptions } from "./logins.ts";
import type { Waits } from "../latency.ts";
import type { Life } from "./load.ts";
import { puts } from "./puts.ts";
import type { PutsOptions } from "./puts.ts";
import { ranges } from "./ranges.ts";
import type { RangesOptions, RangesResult } from "./ranges.ts";
import { stalledWatchers } from "./stalled-watchers.ts";
import type { StalledWatchersOptions, StalledWatchersResult } from "./stalled-watchers.ts";
import { streams } from "./streams.ts";
import type { StreamsOptions, StreamsResult } from "./streams.ts";

/** What each is told, and what it answers with. */
export type Loads = Readonly<{
  puts: [options: PutsOptions, result: Waits];
  ranges: [options: RangesOptions, result: RangesResult];
  stalledWatchers: [options: StalledWatchersOptions, result: StalledWatchersResult];
  streams: [options: StreamsOptions, result: StreamsResult];
  logins: [options: LoginsOptions, result: Waits];
}>;

/** What such a process says. */
export type Said = Readonly<{ kind: "ready" } | { kind: "result"; result: unknown }>;

type Runners = { [K in keyof Loads]: (options: Loads[K][0], life: Life) => Promise<Loads[K][1]> };
const RUNNERS: Runners = { puts, ranges, stalledWatchers, streams, logins };

const [name = "", options = "{}"] = process.argv.slice(2);
let isOver = false;
const ended = new Promise<void>((resolve) => {
  process.once("message", () => {
    isOver = true;
    resolve();
  });
});
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("SIGINT", () => undefined); // Ctrl-C is for the one that started it
const say = (said: Said): unknown => process.send?.(said);
const run = RUNNERS[name as keyof Loads] as (options: unknown, life: Life) => Promise<unknown>;
const life: Life = { ready: () => say({ kind: "ready" }), ended, isOver: () => isOver };
say({ kind: "result", result: await run(JSON.parse(options), life) });
