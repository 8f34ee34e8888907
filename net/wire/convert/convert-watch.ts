// Watches: wire objects ↔ the plain data of core/api, both ways.

import type {
  WatchAsk,
  WatchEvent,
  WatchRequest,
  WatchResponse,
} from "../../../core/api/request.ts";
import { assertNever } from "../../../core/lib/assert.ts";
import { headerFromWire, keyValueFromWire } from "./convert-response.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { saturate, watchId } from "./numbers.ts";

const NO_PUT = 0;
const NO_DELETE = 1;
const PUT = 0;
const DELETE = 1;

export function watchFromWire(wire: Wire<"WatchRequest">): WatchRequest {
  return { kind: "watch", ask: askFromWire(wire) };
}

export function watchToWire({ ask }: WatchRequest): ToWire<"WatchRequest"> {
  switch (ask.kind) {
    case "create": {
      const filters = [...(ask.noPut ? [NO_PUT] : []), ...(ask.noDelete ? [NO_DELETE] : [])];
      return { createRequest: { ...ask, filters } };
    }
    case "cancel":
      return { cancelRequest: ask };
    case "progress":
      return { progressRequest: {} };
    case "nothing":
      return {};
    default:
      return assertNever(ask);
  }
}

export function watchResponseFromWire(wire: Wire<"WatchResponse">): WatchResponse | null {
  const events: WatchEvent[] = [];
  for (const item of wire.events) {
    const event = eventFromWire(item);
    if (event === null) return null;
    events.push(event);
  }
  return {
    kind: "watch",
    header: headerFromWire(wire.header),
    watchId: watchId(wire.watchId),
    created: wire.created,
    canceled: wire.canceled,
    compactRevision: saturate(wire.compactRevision),
    cancelReason: wire.cancelReason,
    fragment: wire.fragment,
    events,
  };
}

export function watchResponseToWire(response: WatchResponse): ToWire<"WatchResponse"> {
  const events = response.events.map(({ kind, kv, prevKv }) => {
    return { type: kind === "put" ? PUT : DELETE, kv, prevKv };
  });
  return { ...response, events };
}

function askFromWire(wire: Wire<"WatchRequest">): WatchAsk {
  const { createRequest, cancelRequest, progressRequest } = wire;
  if (createRequest !== null) {
    const { key, rangeEnd, progressNotify, filters, prevKv, fragment } = createRequest;
    return {
      kind: "create",
      key,
      rangeEnd,
      startRevision: saturate(createRequest.startRevision),
      progressNotify,
      noPut: filters.includes(NO_PUT),
      noDelete: filters.includes(NO_DELETE),
      prevKv,
      watchId: watchId(createRequest.watchId),
      fragment,
    };
  }
  if (cancelRequest !== null) return { kind: "cancel", watchId: watchId(cancelRequest.watchId) };
  return { kind: progressRequest === null ? "nothing" : "progress" };
}

/** Null: an event about no key, or of a type that no etcd knows. */
function eventFromWire({ type, kv, prevKv }: Wire<"Event">): WatchEvent | null {
  if (kv === null || (type !== PUT && type !== DELETE)) return null;
  return {
    kind: type === PUT ? "put" : "delete",
    kv: keyValueFromWire(kv),
    prevKv: prevKv === null ? null : keyValueFromWire(prevKv),
  };
}
