// A watch's response as pieces of its bytes. What it tells of a large value is encoded once for
// all watchers that are told: a stalled one keeps a view of bytes that are there already.
//
// Events are the last field of the message, so the message is its beginning and then the events,
// each as a message that has nothing but this event.

import type { WatchEvent, WatchResponse } from "../../../core/api/request.ts";
import { watchResponseToWire } from "../convert/convert-watch.ts";
import { CODEC } from "../messages/etcd-messages.ts";

/** Below it, a copy costs less than a piece of its own. */
const SHARED_BYTES_MIN = 4096;

/** As long as an event is told to somebody, its bytes are known. */
const BYTES = new WeakMap<WatchEvent, Uint8Array>();

export function encodeWatchPieces(response: WatchResponse): readonly Uint8Array[] {
  const { events } = response;
  if (!events.some(isLarge)) return [CODEC.encode("WatchResponse", watchResponseToWire(response))];
  const pieces = [CODEC.encode("WatchResponse", { ...watchResponseToWire(response), events: [] })];
  let from = 0;
  events.forEach((event, at) => {
    if (!isLarge(event)) return;
    if (at > from) pieces.push(encodeEvents(response, events.slice(from, at)));
    pieces.push(sharedBytes(response, event));
    from = at + 1;
  });
  if (from < events.length) pieces.push(encodeEvents(response, events.slice(from)));
  return pieces;
}

function sharedBytes(response: WatchResponse, event: WatchEvent): Uint8Array {
  const known = BYTES.get(event);
  if (known !== undefined) return known;
  const bytes = encodeEvents(response, [event]);
  BYTES.set(event, bytes);
  return bytes;
}

function encodeEvents(response: WatchResponse, some: readonly WatchEvent[]): Uint8Array {
  const { events } = watchResponseToWire({ ...response, events: some });
  return CODEC.encode("WatchResponse", { events: events ?? [] });
}

function isLarge({ kv, prevKv }: WatchEvent): boolean {
  return kv.value.length + (prevKv?.value.length ?? 0) >= SHARED_BYTES_MIN;
}
