// A response too large for its client's gRPC, in pieces: all but the last say that more follows.
// Sizes are estimates from above, so a piece is never larger than asked for, but for one event that
// alone is.

import type { KeyValue, WatchEvent, WatchResponse } from "./request.ts";

/** Tags, lengths, revisions and a lease of one key-value on the wire take no more. */
const FRAMING_BYTES = 80;

export function fragments(whole: WatchResponse, bytesMax: number): readonly WatchResponse[] {
  const pieces: WatchEvent[][] = [];
  let bytes = bytesMax;
  for (const event of whole.events) {
    const size = sizeOf(event.kv) + (event.prevKv === null ? 0 : sizeOf(event.prevKv));
    const last = pieces.at(-1);
    if (last !== undefined && bytes + size < bytesMax) {
      last.push(event);
      bytes += size;
    } else {
      pieces.push([event]);
      bytes = FRAMING_BYTES + size;
    }
  }
  return pieces.map((events, at) => ({ ...whole, events, fragment: at < pieces.length - 1 }));
}

function sizeOf({ key, value }: KeyValue): number {
  return FRAMING_BYTES + key.length + value.length;
}
