// The field tables of gRPC's health.proto. Its map is a list of entries on the wire.

export const HEALTH_MESSAGES = {
  HealthCheckRequest: {
    service: [1, "string"],
  },
  HealthCheckResponse: {
    status: [1, "enum ServingStatus"],
  },
  HealthListRequest: {},
  HealthListResponse: {
    statuses: [1, "HealthListEntry", "repeated"],
  },
  HealthListEntry: {
    key: [1, "string"],
    value: [2, "HealthCheckResponse"],
  },
} as const;
