// Who may be told more, within one step: so much fits into the pipe of each stream, and one step
// tells so much in all. What comes after that is told by a later step, from history: watchers by
// the thousand and revisions of megabytes never meet in one.

import type { CallId } from "../../contract.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { createOrderedMap, get, set } from "../../lib/ordered-map.ts";
import type { Room } from "../../watch/hub.ts";
import type { Pipe } from "./pipe.ts";
import { hasRoom, sizeOfEvents } from "./pipe.ts";
import type { WatchEvent } from "../../api/request.ts";

export type RoomLimits = Readonly<{
  streamBytes: number; // on their way to one client: beyond it, its watches wait
  stepBytes: number; // that one step tells
}>;

/** What was decided on for a stream; it is spent when it is pushed. */
type Taken = Readonly<{ pushes: number; bytes: number }>;

/** Of a value above it, drivers send the same bytes to all who are told. */
const SHARED_BYTES = 4096;
const NOTHING: Taken = { pushes: 0, bytes: 0 };

/** `told` counts on from what the step told before. */
export type StepRoom = Room & Readonly<{ told: () => number }>;

export function createRoom(
  pipeOf: (call: CallId) => Pipe | null,
  { streamBytes, stepBytes }: RoomLimits,
  toldBefore: number,
): StepRoom {
  let taken: OrderedMap<CallId, Taken> = createOrderedMap();
  let told = toldBefore;
  const has = (call: CallId): boolean => {
    const pipe = pipeOf(call);
    if (pipe === null) return false;
    const { pushes, bytes } = get(taken, call) ?? NOTHING;
    return hasRoom(pipe, streamBytes, pushes, bytes);
  };
  const take = (call: CallId, events: readonly WatchEvent[]): boolean => {
    if (told >= stepBytes || !has(call)) return false;
    const { pushes, bytes } = get(taken, call) ?? NOTHING;
    taken = set(taken, call, { pushes: pushes + 1, bytes: bytes + sizeOfEvents(events) });
    told += priceOf(events);
    return true;
  };
  return { has, take, isSpent: () => told >= stepBytes, told: () => told };
}

/** What it takes to tell another watcher of these. */
function priceOf(events: readonly WatchEvent[]): number {
  let price = 0;
  for (const { kv } of events) {
    price += kv.key.length + Math.min(kv.value.length, SHARED_BYTES) + SHARED_BYTES / 64;
  }
  return price;
}
