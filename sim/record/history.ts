// What simulated clients saw. The shape is that of checker/history.ts, so that a history goes to
// the judge as it is; the types stand here too because a simulator must not know its judge.

import type { ApiError } from "../../core/api/errors.ts";
import type {
  KeyValue,
  Request,
  Response,
  WatchAsk,
  WatchResponse,
} from "../../core/api/request.ts";
import type { Bytes, NodeId } from "../../core/contract.ts";

/** One call of one client. Times are virtual microseconds; intervals are closed. */
export type SimOperation = Readonly<{
  id: number; // position in the history, from 0
  client: number;
  input: Request;
  call: number;
  return: number | null; // null: outcome unknown
  outcome: SimOutcome;
}>;

export type SimOutcome = Readonly<
  | { kind: "ok"; output: Response }
  | { kind: "failed"; error: ApiError } // certainly did not happen
  | { kind: "unknown"; error: ApiError | null } // timed out, disconnected, still running at the end
>;

/** A call that showed the token of an authentication: both by their places in the history. */
export type Shown = Readonly<{ call: number; login: number }>;

/** What the store went through, as the first node that applied it wrote it down. */
export type SimChange = Readonly<{
  revision: number;
  at: number; // when it was applied first
  events: readonly SimStored[]; // in the order of the writes
}>;
export type SimStored = Readonly<{ kind: "put" | "delete"; kv: KeyValue }>;

/** One stream of watches, as its client saw it. */
export type WatchSession = Readonly<{
  id: number;
  client: number;
  node: number;
  member: NodeId;
  openedAt: number;
  endedAt: number | null; // null: open when the run ended
  said: readonly Readonly<{ at: number; ask: WatchAsk }>[];
  heard: readonly WatchHeard[];
}>;
export type WatchHeard = Readonly<{
  at: number;
  sentAt: number;
  compacted: readonly [from: number, to: number]; // the sender's store, around that step
  response: WatchResponse;
}>;

/** What a client that keeps a copy of a range by listing and watching held at a revision. */
export type CachedView = Readonly<{
  client: number;
  at: number;
  revision: number;
  key: Bytes;
  rangeEnd: Bytes;
  kvs: readonly KeyValue[]; // by key
}>;
