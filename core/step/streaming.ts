// Streams within a turn: what clients say on them, what was applied, and time become pushes.

import type { CallContext, CallId, KvWrite, Millis, Revision } from "../contract.ts";
import { ERRORS } from "../api/errors.ts";
import { replicaOf } from "../turn/header.ts";
import type { WatchRequest } from "../api/request.ts";
import type { Scene, Watched, Watching } from "../services/watch/streams.ts";
import {
  catchUpWatchers,
  closeStream,
  expiredStreams,
  giveCredit,
  isFull,
  isProgressDue,
  notifyProgress,
  openStream,
  publishEvents,
  restoreWatching,
  tellStream,
} from "../services/watch/streams.ts";
import type { Store } from "../apply/apply.ts";
import { refusalNow } from "../turn/callers.ts";
import { overlaid } from "../kv/overlay.ts";
import { eventsOfWrites } from "../mvcc/events.ts";
import type { NodeState } from "../node-state.ts";
import type { Turn } from "../turn/turn.ts";
import { setStreams } from "../turn/set-state.ts";
import { endStream } from "../turn/turn.ts";

export function takeStream(
  turn: Turn,
  call: CallId,
  request: WatchRequest,
  context: CallContext,
): void {
  setStreams(turn, {
    ...turn.state.streams,
    watching: openStream(
      turn.state.streams.watching,
      call,
      context,
      turn.state.config.limits.streamPushes,
    ),
  });
  takeItem(turn, call, request);
}

export function takeItem(turn: Turn, call: CallId, { ask }: WatchRequest): void {
  const { store } = turn.state;
  const { watching } = turn.state.streams;
  watched(turn, tellStream(watching, call, ask, sceneOf(turn, store)));
  const told = turn.state.streams.watching;
  if (ask.kind !== "create" || told.hub.behind.size === 0) return;
  keep(turn, { ...told, goesOn: true }); // read once for all that come together
}

export function takeCredit(turn: Turn, call: CallId, items: number): void {
  const { config, installing } = turn.state;
  const { watching } = turn.state.streams;
  const waited = isFull(watching, call, config.limits.streamBytes);
  keep(turn, giveCredit(watching, call, items));
  if (waited && installing === null) readHistory(turn);
}

/** There was more to tell than one step tells. */
export function hasHistory({ installing, streams }: NodeState): boolean {
  const { watching } = streams;
  return watching.goesOn && watching.hub.behind.size > 0 && installing === null;
}

export function resumeHistory(turn: Turn): void {
  if (hasHistory(turn.state)) readHistory(turn);
}

/** The client has gone. */
export function dropStream(turn: Turn, call: CallId): void {
  keep(turn, closeStream(turn.state.streams.watching, call));
}

export function tickStreams(turn: Turn, now: Millis): void {
  for (const call of expiredStreams(turn.state.streams.watching, now)) {
    dropStream(turn, call);
    endStream(turn, call, ERRORS.DeadlineExceeded);
  }
  const { config, installing, store } = turn.state;
  if (installing !== null) return;
  readHistory(turn);
  if (!isProgressDue(turn.state.streams.watching, now, config.watchProgressMs)) return;
  watched(turn, notifyProgress(turn.state.streams.watching, sceneOf(turn, store), now));
}

/** One entry was applied: `store` is the outcome, `writes` is what it did. What is too much for one
 *  step is history at once: the live watchers fall behind, and are told as those that are. */
export function publishApplied(turn: Turn, store: Store, writes: readonly KvWrite[]): void {
  const { config } = turn.state;
  const { watching } = turn.state.streams;
  const { revision } = store.mvcc;
  if (revision === watching.hub.revision) return;
  if (writes.length > config.limits.applyRows) {
    return keep(turn, { ...restoreWatching(watching, revision), goesOn: true });
  }
  const events = watching.hub.live === null ? [] : eventsOfWrites(writes);
  watched(turn, publishEvents(watching, events, sceneOf(turn, store)));
}

/** An image has taken the store's place. */
export function restoreStreams(turn: Turn, revision: Revision): void {
  keep(turn, restoreWatching(turn.state.streams.watching, revision));
}

function readHistory(turn: Turn): void {
  const { store } = turn.state;
  const { watching } = turn.state.streams;
  if (watching.hub.behind.size === 0) return;
  watched(turn, catchUpWatchers(watching, sceneOf(turn, store)));
}

function sceneOf(turn: Turn, store: Store): Scene {
  const { config, raft } = turn.state;
  const { rangeRows: rows, rangeBytes: bytes } = config.limits;
  return {
    replica: replicaOf(config, raft),
    mvcc: store.mvcc,
    view: overlaid(store.overlay, turn.kv),
    historyRevisions: config.limits.historyRevisions,
    historyBudget: { rows, bytes },
    roomLimits: { streamBytes: config.limits.streamBytes, stepBytes: config.limits.watchBytes },
    responseBytes: config.limits.requestBytes + config.limits.overheadBytes,
    refusalOf: (request, context) => refusalNow(turn, request, context),
  };
}

function watched(turn: Turn, [watching, pushes]: Watched): void {
  keep(turn, watching);
  for (const { call, response } of pushes) {
    turn.effects.push({ kind: "call.push", call, response });
  }
}

function keep(turn: Turn, watching: Watching): void {
  if (watching !== turn.state.streams.watching)
    setStreams(turn, { ...turn.state.streams, watching });
}
