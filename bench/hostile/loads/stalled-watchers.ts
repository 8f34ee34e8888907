// Watchers that do not read: each on a connection of its own, made and confirmed, and from then on
// left with the room that HTTP/2 gives it at first.

import { once } from "node:events";
import { encodeRequest, pathOf } from "../../../net/wire/methods/methods.ts";
import type { WatchRequest } from "../../../core/api/request.ts";
import { prefixEnd } from "../../../core/lib/bytes.ts";
import type { Bytes } from "../../../core/contract.ts";
import { watchOf } from "../../../core/api/testing.ts";
import { Client, WINDOW_BYTES_MIN, framed } from "../../client.ts";
import type { Life } from "./load.ts";

export type StalledWatchersOptions = Readonly<{
  endpoint: string;
  watchers: number;
  prefix: string;
}>;
export type StalledWatchersResult = Readonly<{ made: number }>;

const MADE_MS = 30_000;

export async function stalledWatchers(
  { endpoint, watchers, prefix }: StalledWatchersOptions,
  life: Life,
): Promise<StalledWatchersResult> {
  const request: WatchRequest = {
    kind: "watch",
    ask: watchOf(prefix, prefixEnd(prefix as Bytes) as Bytes),
  };
  const clients: Client[] = [];
  let made = 0;
  for (let n = 0; n < watchers; n++) {
    const client = new Client(endpoint, WINDOW_BYTES_MIN);
    clients.push(client);
    const stream = client.open(pathOf(request));
    stream.write(framed(encodeRequest(request)));
    const confirmed = once(stream, "data", { signal: AbortSignal.timeout(MADE_MS) });
    const isMade = await confirmed.then(
      () => true,
      () => false,
    );
    stream.pause();
    if (isMade) made += 1;
  }
  life.ready();
  await life.ended;
  for (const client of clients) client.close();
  return { made };
}
