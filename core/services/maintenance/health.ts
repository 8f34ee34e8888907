// gRPC's own health service. As in etcd, a server that answers is healthy, with or without a
// leader: whoever wants a leader says so by "hasleader", or asks for something.

import type { CallContext, CallId, Millis } from "../../contract.ts";
import { ERRORS } from "../../api/errors.ts";
import { NO_HEADER } from "../../turn/header.ts";
import type { HealthRequest, HealthWatchRequest } from "../../api/request-health.ts";
import { refusalAtDoor } from "../../turn/leader-guards.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { entries, remove, set } from "../../lib/ordered-map.ts";
import type { Turn } from "../../turn/turn.ts";
import { setStreams } from "../../turn/set-state.ts";
import { endStream, reply } from "../../turn/turn.ts";

/** Streams of those who wait for a change, and when each must end. */
export type HealthWatches = OrderedMap<CallId, Millis>;

const WHOLE_SERVER = "";

export function answerHealth(
  turn: Turn,
  call: CallId,
  request: HealthRequest,
  context: CallContext,
): void {
  const header = NO_HEADER;
  const status = "serving";
  const error = refusalAtDoor(turn, request, context);
  if (error !== null) reply(turn, call, { ok: false, error });
  else if (request.kind === "health_list") {
    const services = [{ service: WHOLE_SERVER, status } as const];
    reply(turn, call, { ok: true, value: { kind: "health_list", header, services } });
  } else if (request.service === WHOLE_SERVER) {
    reply(turn, call, { ok: true, value: { kind: "health_check", header, status } });
  } else reply(turn, call, { ok: false, error: ERRORS.UnknownService });
}

/** A service that is not known may become so: the stream goes on. */
export function openHealthWatch(
  turn: Turn,
  call: CallId,
  { service }: HealthWatchRequest,
  { deadline }: CallContext,
): void {
  setStreams(turn, {
    ...turn.state.streams,
    healthWatches: set(turn.state.streams.healthWatches, call, deadline),
  });
  const status = service === WHOLE_SERVER ? "serving" : "service_unknown";
  const response = { kind: "health_watch", header: NO_HEADER, status } as const;
  turn.effects.push({ kind: "call.push", call, response });
}

export function tickHealthWatches(turn: Turn, now: Millis): void {
  for (const [call, deadline] of entries(turn.state.streams.healthWatches)) {
    if (now < deadline) continue;
    dropHealthWatch(turn, call);
    endStream(turn, call, ERRORS.DeadlineExceeded);
  }
}

export function dropHealthWatch(turn: Turn, call: CallId): void {
  setStreams(turn, {
    ...turn.state.streams,
    healthWatches: remove(turn.state.streams.healthWatches, call),
  });
}
