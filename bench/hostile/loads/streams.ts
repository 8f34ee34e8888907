// As many streams as it can have on one connection, a watch on each; and then one more call there.

import { setTimeout } from "node:timers/promises";
import { rangeOf, watchOf } from "../../../core/api/testing.ts";
import type { WatchRequest } from "../../../core/api/request.ts";
import { encodeRequest, pathOf } from "../../../net/wire/methods/methods.ts";
import { Client, framed, onStatus } from "../../client.ts";
import { count, nowMs } from "../latency.ts";
import type { Tally } from "../latency.ts";
import type { Life } from "./load.ts";

export type StreamsOptions = Readonly<{ endpoint: string; streams: number }>;
export type StreamsResult = Readonly<{
  made: number; // confirmed by the server
  ms: number; // until the last of them was
  refusals: Tally; // of the others, those that got a word
  otherCall: Readonly<{ ms: number; words: string }>; // "": answered
  elsewhere: Readonly<{ ms: number; words: string }>; // the same call, on another connection
}>;

const QUIET_MS = 3000; // nothing was made for so long: that is all
const OTHER_CALL_MS = 5000;

export async function streams(
  { endpoint, streams: wanted }: StreamsOptions,
  life: Life,
): Promise<StreamsResult> {
  const client = new Client(endpoint);
  const refusals: Record<string, number> = {};
  const begunMs = nowMs();
  const seen = { made: 0, ended: 0, lastMs: begunMs };
  for (let n = 0; n < wanted; n++) {
    const request: WatchRequest = { kind: "watch", ask: watchOf(`stream/${n}`) };
    const stream = client.open(pathOf(request));
    stream.write(framed(encodeRequest(request)));
    stream.once("data", () => {
      seen.made += 1;
      seen.lastMs = nowMs();
    });
    stream.resume();
    onStatus(stream, (code, words) => {
      seen.ended += 1;
      seen.lastMs = nowMs();
      if (!life.isOver()) count(refusals, words === "" ? `reset, code ${code}` : words);
    });
  }
  const goesOn = (): boolean => seen.made + seen.ended < wanted && nowMs() - seen.lastMs < QUIET_MS;
  while (goesOn()) await setTimeout(20);
  const { made } = seen;
  const ms = seen.lastMs - begunMs;
  const otherCall = await oneCall(client);
  const other = new Client(endpoint);
  const elsewhere = await oneCall(other);
  life.ready();
  await life.ended;
  for (const each of [client, other]) each.close();
  return { made, ms, refusals, otherCall, elsewhere };
}

async function oneCall(client: Client): Promise<StreamsResult["otherCall"]> {
  const begunMs = nowMs();
  const { words } = await client.call(rangeOf("other"), { timeoutMs: OTHER_CALL_MS });
  return { ms: nowMs() - begunMs, words };
}
