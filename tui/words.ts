// Numbers as people read them, and messages in a few words.

import { describeEntries, describeMessage } from "../core/raft/transcript.ts";
import type { Flight, Frame, Micros } from "../sim/run/frame.ts";
import { nameOf } from "./cluster.ts";

/** `412 ms`, `1.8 s`, `3 min 20 s`. */
export function sinceText(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 60_000) return `${(whole / 1000).toFixed(1)} s`;
  return `${Math.floor(whole / 60_000)} min ${Math.floor((whole % 60_000) / 1000)} s`;
}

/** `3.2 ms`: short spans, where tenths matter. */
export function shortText(micros: Micros): string {
  return micros < 10_000
    ? `${(Math.max(0, micros) / 1000).toFixed(1)} ms`
    : sinceText(micros / 1000);
}

/** A moment of the run: `1.234 s`, `1:02.345`. */
export function timeText(micros: Micros): string {
  const seconds = Math.floor(micros / 1_000_000);
  const millis = String(Math.floor(micros / 1000) % 1000).padStart(3, "0");
  if (seconds < 60) return `${seconds}.${millis} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}.${millis}`;
}

export function countText(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

export function routeText(frame: Frame, flight: Flight): string {
  return `${nameOf(frame, flight.from)} > ${nameOf(frame, flight.to)}`;
}

/** What a flight carries. */
export function cargoText(flight: Flight): string {
  return flight.message === null ? "snapshot image" : describeMessage(flight.message);
}

/** The same where there is little room: what it is, the term, and what it brings. */
export function shortCargoText({ message }: Flight): string {
  if (message === null) return "snapshot";
  const head = `${message.kind.replace("_response", " reply")} t${message.term}`;
  switch (message.kind) {
    case "append":
      return message.entries.length === 0 ? head : `${head} ${describeEntries(message.entries)}`;
    case "append_response":
      return message.rejected ? `${head} no` : `${head} ${message.index}`;
    case "vote":
    case "pre_vote":
      return `${head} last ${message.lastTerm}/${message.lastIndex}`;
    case "vote_response":
    case "pre_vote_response":
      return `${head} ${message.granted ? "yes" : "no"}`;
    default:
      return head;
  }
}
