// What one step handled, and the time that it takes of its node for it. Nothing is measured: it is
// counted from what the step read of its store, wrote and answered, so that it is the same each
// time. A step that handles a whole store makes its node deaf and dumb for seconds, as in life.

import type { Effect } from "../../core/contract.ts";
import type { KeyValue, Response } from "../../core/api/request.ts";
import type { Micros } from "../run/frame.ts";

export type Load = Readonly<{
  rows: number; // read from the store
  writes: number; // to the store
  pairs: number; // in answers, but for those of a deletion
  previous: number; // which is told whole what it deleted
  events: number; // of watches
  bytes: number; // of these, and of what is said to peers
}>;

/** What is small takes no time: a run of small things is what it was. */
export type CpuOptions = Readonly<{
  itemMicros: number; // for each row, write, pair and event
  kilobyteMicros: number;
  freeMicros: number; // a step that would take less takes nothing
}>;

export const NO_LOAD: Load = { rows: 0, writes: 0, pairs: 0, previous: 0, events: 0, bytes: 0 };

const KILOBYTE = 1024;

export function loadOf(rows: number, effects: readonly Effect[]): Load {
  let [writes, pairs, previous, events, bytes] = [0, 0, 0, 0, 0];
  const count = (kv: KeyValue, isPrevious: boolean): void => {
    if (isPrevious) previous += 1;
    else pairs += 1;
    bytes += kv.key.length + kv.value.length;
  };
  for (const effect of effects) {
    if (effect.kind === "kv") writes += effect.writes.length;
    else if (effect.kind === "call.part") effect.kvs.forEach((kv) => count(kv, false));
    else if (effect.kind === "call.push") {
      eachPair(effect.response, count);
      if (effect.response.kind === "watch") {
        events += effect.response.events.length;
        for (const { kv } of effect.response.events) bytes += kv.key.length + kv.value.length;
      }
    } else if (effect.kind === "call.reply") {
      if (effect.result.ok) eachPair(effect.result.value, count);
    } else if (effect.kind === "peer.send" && effect.message.kind === "append") {
      for (const { data } of effect.message.entries) bytes += data.length;
    }
  }
  return { rows, writes, pairs, previous, events, bytes };
}

export function timeOf(load: Load, cpu: CpuOptions): Micros {
  const { rows, writes, pairs, previous, events, bytes } = load;
  const { itemMicros, kilobyteMicros, freeMicros } = cpu;
  const items = itemMicros * (rows + writes + pairs + previous + events);
  const micros = items + kilobyteMicros * Math.floor(bytes / KILOBYTE);
  return micros < freeMicros ? 0 : micros;
}

type Count = (kv: KeyValue, isPrevious: boolean) => void;

function eachPair(response: Response, count: Count): void {
  switch (response.kind) {
    case "range":
    case "range_stream":
      return response.kvs.forEach((kv) => count(kv, false));
    case "put":
      if (response.prevKv !== null) count(response.prevKv, false);
      return;
    case "delete_range":
      return response.prevKvs.forEach((kv) => count(kv, true));
    case "txn":
      for (const each of response.responses) eachPair(each, count);
      return;
    default: // of one size
  }
}
