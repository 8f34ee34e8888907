// The calls of gRPC's own health service (grpc.health.v1), as load balancers and probes make them.

import type { Header } from "./request.ts";

/** Of which service; "": of the server as a whole, and etcd knows of no other. */
export type HealthRequest = Readonly<
  { kind: "health_check"; service: string } | { kind: "health_list" }
>;
/** Opens a stream of what changes. */
export type HealthWatchRequest = Readonly<{ kind: "health_watch"; service: string }>;

/** By their wire numbers. */
export const HEALTH_STATUSES = ["unknown", "serving", "not_serving", "service_unknown"] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** There is no header on the wire: it is zero here. */
export type HealthResponse = Readonly<
  | { kind: "health_check"; header: Header; status: HealthStatus }
  | {
      kind: "health_list";
      header: Header;
      services: readonly Readonly<{ service: string; status: HealthStatus }>[];
    }
>;
export type HealthWatchResponse = Readonly<{
  kind: "health_watch";
  header: Header;
  status: HealthStatus;
}>;

export function isHealthRequest(request: Readonly<{ kind: string }>): request is HealthRequest {
  return request.kind === "health_check" || request.kind === "health_list";
}
