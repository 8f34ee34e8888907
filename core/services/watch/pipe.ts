// What is on its way to the client of one stream: so many responses, and so many bytes of them.
//
// The driver gives responses back, in the order in which they were pushed, and knows nothing of
// sizes: what each took is remembered here, small neighbours together. So what a client does not
// read costs a few numbers.

import type { WatchEvent } from "../../api/request.ts";

export type Pipe = Readonly<{
  pushes: number; // that may follow; negative: what was asked for was answered nevertheless
  bytes: number; // on their way
  runs: readonly Run[]; // the oldest first
}>;

/** Neighbours, given back together. */
type Run = Readonly<{ pushes: number; bytes: number }>;

/** Tags, lengths, revisions and a lease of one key-value on the wire take no more. */
export const FRAMING_BYTES = 80;
/** Below it, neighbours are one run. */
const RUN_BYTES = 16 * 1024;
const RUN_PUSHES = 16;

export function createPipe(pushes: number): Pipe {
  return { pushes, bytes: 0, runs: [] };
}

/** Whether another response may follow, when so much more of each was decided on. A response that
 *  is larger than all the room may go alone. */
export function hasRoom(pipe: Pipe, bytesMax: number, pushes: number, bytes: number): boolean {
  return pushes < pipe.pushes && pipe.bytes + bytes < bytesMax;
}

export function pushInto({ pushes, bytes, runs }: Pipe, size: number): Pipe {
  const last = runs.at(-1);
  const joins =
    last !== undefined && last.pushes < RUN_PUSHES && last.bytes + size <= RUN_BYTES ? last : null;
  const before = joins === null ? runs : runs.slice(0, -1);
  const run = { pushes: (joins?.pushes ?? 0) + 1, bytes: (joins?.bytes ?? 0) + size };
  return { pushes: pushes - 1, bytes: bytes + size, runs: [...before, run] };
}

/** So many responses have left for the client. Of a run, its bytes leave with its last one. */
export function leavePipe({ pushes, bytes, runs }: Pipe, items: number): Pipe {
  let left = items;
  let gone = 0;
  let at = 0;
  for (const run of runs) {
    if (run.pushes > left) break;
    left -= run.pushes;
    gone += run.bytes;
    at += 1;
  }
  const rest = runs.slice(at);
  const [first] = rest;
  if (first !== undefined && left > 0) rest[0] = { ...first, pushes: first.pushes - left };
  return { pushes: pushes + items, bytes: bytes - gone, runs: rest };
}

/** An estimate from above. */
export function sizeOfEvents(events: readonly WatchEvent[]): number {
  let size = 0;
  for (const event of events) size += sizeOfEvent(event);
  return size;
}

export function sizeOfEvent({ kv, prevKv }: WatchEvent): number {
  const own = FRAMING_BYTES + kv.key.length + kv.value.length;
  if (prevKv === null) return own;
  return own + FRAMING_BYTES + prevKv.key.length + prevKv.value.length;
}
