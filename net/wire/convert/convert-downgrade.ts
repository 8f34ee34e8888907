// Downgrades: wire objects ↔ the plain data of core/api.

import { DOWNGRADE_ACTIONS } from "../../../core/api/request-maintenance.ts";
import type { DowngradeRequest, DowngradeResponse } from "../../../core/api/request-maintenance.ts";
import { headerFromWire } from "./convert-response.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";

/** A number that no enum of etcd has: how the word "unknown" is sent. */
const UNKNOWN = 127;

export function downgradeFromWire(wire: Wire<"DowngradeRequest">): DowngradeRequest {
  const action = DOWNGRADE_ACTIONS[wire.action] ?? "unknown";
  return { kind: "downgrade", action, version: wire.version };
}

export function downgradeToWire({ action, version }: DowngradeRequest): ToWire<"DowngradeRequest"> {
  const number = action === "unknown" ? UNKNOWN : DOWNGRADE_ACTIONS.indexOf(action);
  return { action: number, version };
}

export function downgradeResponseFromWire(wire: Wire<"DowngradeResponse">): DowngradeResponse {
  return { kind: "downgrade", header: headerFromWire(wire.header), version: wire.version };
}
