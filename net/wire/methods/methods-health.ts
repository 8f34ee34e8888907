// The methods of gRPC's own health service.

import { HEALTH_STATUSES } from "../../../core/api/request-health.ts";
import type { HealthStatus } from "../../../core/api/request-health.ts";
import { headerFromWire } from "../convert/convert-response.ts";
import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";

/** There is none on the wire. */
const header = headerFromWire(null);

export const HEALTH_METHODS: Rows<"health_check" | "health_list" | "health_watch"> = {
  health_check: createRow({
    path: "/grpc.health.v1.Health/Check",
    kind: "health_check",
    request: "HealthCheckRequest",
    response: "HealthCheckResponse",
    fromRequest: (request) => request,
    toRequest: ({ service }) => ({ kind: "health_check", service }),
    fromResponse: ({ status }) => ({ status: numberOf(status) }),
    toResponse: ({ status }) => ({ kind: "health_check", header, status: statusOf(status) }),
  }),
  health_list: createRow({
    path: "/grpc.health.v1.Health/List",
    kind: "health_list",
    request: "HealthListRequest",
    response: "HealthListResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "health_list" }),
    fromResponse: ({ services }) => ({
      statuses: services.map(({ service, status }) => ({
        key: service,
        value: { status: numberOf(status) },
      })),
    }),
    toResponse: ({ statuses }) => ({
      kind: "health_list",
      header,
      services: statuses.map(({ key, value }) => ({
        service: key,
        status: statusOf(value?.status ?? 0),
      })),
    }),
  }),
  health_watch: createRow({
    path: "/grpc.health.v1.Health/Watch",
    kind: "health_watch",
    stream: "server",
    request: "HealthCheckRequest",
    response: "HealthCheckResponse",
    fromRequest: (request) => request,
    toRequest: ({ service }) => ({ kind: "health_watch", service }),
    fromResponse: ({ status }) => ({ status: numberOf(status) }),
    toResponse: ({ status }) => ({ kind: "health_watch", header, status: statusOf(status) }),
  }),
};

function numberOf(status: HealthStatus): number {
  return HEALTH_STATUSES.indexOf(status);
}

function statusOf(number: number): HealthStatus {
  return HEALTH_STATUSES[number] ?? "unknown";
}
