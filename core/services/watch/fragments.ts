// A response too large for its client's gRPC, in pieces: all but the last say that more follows.
// Sizes are estimates from above, so a piece is never larger than asked for, but for one event that
// alone is.

import { FRAMING_BYTES, sizeOfEvent } from "./pipe.ts";
import type { WatchEvent, WatchResponse } from "../../api/request.ts";

export function fragments(whole: WatchResponse, bytesMax: number): readonly WatchResponse[] {
  const pieces: WatchEvent[][] = [];
  let bytes = bytesMax;
  for (const event of whole.events) {
    const size = sizeOfEvent(event);
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
