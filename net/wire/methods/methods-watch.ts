// The method of the Watch service.

import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import {
  watchFromWire,
  watchResponseFromWire,
  watchResponseToWire,
  watchToWire,
} from "../convert/convert-watch.ts";

export const WATCH_METHODS: Rows<"watch"> = {
  watch: createRow({
    path: "/etcdserverpb.Watch/Watch",
    http: ["/v3/watch"],
    kind: "watch",
    stream: "both",
    request: "WatchRequest",
    response: "WatchResponse",
    fromRequest: watchToWire,
    toRequest: watchFromWire,
    fromResponse: watchResponseToWire,
    toResponse: watchResponseFromWire,
  }),
};
