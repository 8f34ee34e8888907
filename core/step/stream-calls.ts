// Calls that are streams, sorted by what they are about: where each is opened, spoken on, closed
// and dropped.

import type { CallContext, CallId, Millis } from "../contract.ts";
import { closeKeepAlive, openKeepAlive } from "../turn/leader-calls.ts";
import {
  dropBackup,
  giveBackupCredit,
  openBackup,
  tickBackups,
} from "../services/maintenance/backups.ts";
import { ERRORS } from "../api/errors.ts";
import type { ApiError } from "../api/errors.ts";
import type { StreamRequest } from "../api/request.ts";
import { refusalOnArrival } from "../turn/callers.ts";
import { guardStream, refusalAtDoor, tickGuards } from "../turn/leader-guards.ts";
import {
  dropHealthWatch,
  openHealthWatch,
  tickHealthWatches,
} from "../services/maintenance/health.ts";
import { finishKeepAlive, takeKeepAlive } from "../services/lease/keep-alive.ts";
import { remove } from "../lib/ordered-map.ts";
import {
  creditObserver,
  dropObserver,
  openObserver,
  tickObservers,
} from "../services/concurrency/observers.ts";
import {
  creditRangeStream,
  dropRangeStream,
  openRangeStream,
  tickRangeStreams,
} from "../services/kv/range-streams.ts";
import { dropStream, takeCredit, takeItem, takeStream, tickStreams } from "./streaming.ts";
import type { Turn } from "../turn/turn.ts";
import { setCalls, setStreams } from "../turn/set-state.ts";
import { endStream } from "../turn/turn.ts";

type Opening = Readonly<{ call: CallId; context: CallContext }>;

/** The first thing that is said on it comes with it. */
export function openStreamCall(
  turn: Turn,
  { call, context }: Opening,
  request: StreamRequest,
): void {
  const refusal = refusalAtDoor(turn, request, context) ?? refusalOnArrival(turn, request, context);
  if (refusal !== null) return endStream(turn, call, refusal);
  guardStream(turn, call, context);
  switch (request.kind) {
    case "watch":
      return takeStream(turn, call, request, context);
    case "lease_keep_alive": {
      const leaderCalls = openKeepAlive(turn.state.calls.leaderCalls, call, context);
      setCalls(turn, { ...turn.state.calls, leaderCalls });
      return takeKeepAlive(turn, call, request.id);
    }
    case "observe":
      return openObserver(turn, call, request, context);
    case "snapshot":
      return openBackup(turn, call, context);
    case "range_stream":
      return openRangeStream(turn, call, request, context);
    case "health_watch":
      return openHealthWatch(turn, call, request, context);
  }
}

export function takeStreamItem(turn: Turn, call: CallId, request: StreamRequest): void {
  switch (request.kind) {
    case "watch":
      return takeItem(turn, call, request);
    case "lease_keep_alive":
      return takeKeepAlive(turn, call, request.id);
    case "observe": // all that is to say was said
    case "snapshot":
    case "range_stream":
    case "health_watch":
  }
}

/** As many pushes have left for the client. */
export function creditStreamCall(turn: Turn, call: CallId, items: number): void {
  creditObserver(turn, call, items);
  creditRangeStream(turn, call, items);
  giveBackupCredit(turn, call, items);
  takeCredit(turn, call, items);
}

/** The client says no more, but listens. As in etcd, watches go on. */
export function closeStreamCall(turn: Turn, call: CallId): void {
  finishKeepAlive(turn, call);
}

/** The client has gone. */
export function dropStreamCall(turn: Turn, call: CallId): void {
  const leaderCalls = closeKeepAlive(turn.state.calls.leaderCalls, call);
  setCalls(turn, { ...turn.state.calls, leaderCalls });
  setStreams(turn, { ...turn.state.streams, guarded: remove(turn.state.streams.guarded, call) });
  dropStream(turn, call);
  dropObserver(turn, call);
  dropRangeStream(turn, call);
  dropHealthWatch(turn, call);
  dropBackup(turn, call);
}

export function tickStreamCalls(turn: Turn, now: Millis): void {
  tickStreams(turn, now);
  tickObservers(turn, now);
  tickRangeStreams(turn);
  tickHealthWatches(turn, now);
  const end = (call: CallId, error: ApiError): void => {
    dropStreamCall(turn, call);
    endStream(turn, call, error);
  };
  tickGuards(turn, (call) => end(call, ERRORS.NoLeader));
  tickBackups(turn, end);
}
