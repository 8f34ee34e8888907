// Streams of watches as their clients saw them, and what the store went through meanwhile. Types of
// the API, none of its values; plain data, so that real servers can be judged as well.

import type { KeyValue, WatchAsk, WatchResponse } from "../../core/api/request.ts";

/** One revision. Times are those of the history. */
export type Change = Readonly<{
  revision: number;
  at: number; // when it was applied first, anywhere
  events: readonly Stored[]; // in the order of the writes
}>;
/** Of a deletion only the key and the revision mean something. */
export type Stored = Readonly<{ kind: "put" | "delete"; kv: KeyValue }>;

/** One stream, from its opening to its end. */
export type Session = Readonly<{
  id: number;
  client: number;
  node: number; // how people call the member
  member: bigint; // and how it calls itself
  openedAt: number;
  endedAt: number | null; // null: open when the observation ended
  said: readonly Readonly<{ at: number; ask: WatchAsk }>[];
  heard: readonly Heard[];
}>;

export type Heard = Readonly<{
  at: number;
  sentAt: number;
  /** Up to where the sender's store was compacted just before it spoke, and just after; −1: not. */
  compacted: readonly [from: number, to: number];
  response: WatchResponse;
}>;

/** What a client that keeps a copy of a range by listing and watching held at a revision. */
export type CachedView = Readonly<{
  client: number;
  at: number;
  revision: number;
  key: string;
  rangeEnd: string;
  kvs: readonly KeyValue[]; // by key
}>;
