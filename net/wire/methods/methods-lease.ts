// The methods of the Lease service.

import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import { leaseGrantFromWire } from "../convert/convert-request.ts";
import {
  keepAliveResponseFromWire,
  leaseGrantResponseFromWire,
  leaseRevokeResponseFromWire,
  leasesResponseFromWire,
  timeToLiveResponseFromWire,
  timeToLiveResponseToWire,
} from "../convert/convert-response.ts";
import { leaseId } from "../convert/numbers.ts";

export const LEASE_METHODS: Rows<
  "lease_grant" | "lease_revoke" | "lease_keep_alive" | "lease_time_to_live" | "lease_leases"
> = {
  lease_grant: createRow({
    path: "/etcdserverpb.Lease/LeaseGrant",
    http: ["/v3/lease/grant"],
    kind: "lease_grant",
    request: "LeaseGrantRequest",
    response: "LeaseGrantResponse",
    fromRequest: ({ id, ttlSeconds }) => ({ id, ttl: ttlSeconds }),
    toRequest: (wire) => leaseGrantFromWire(wire),
    fromResponse: ({ header, id, ttlSeconds }) => ({ header, id, ttl: ttlSeconds }),
    toResponse: leaseGrantResponseFromWire,
  }),
  lease_revoke: createRow({
    path: "/etcdserverpb.Lease/LeaseRevoke",
    http: ["/v3/lease/revoke", "/v3/kv/lease/revoke"],
    kind: "lease_revoke",
    request: "LeaseRevokeRequest",
    response: "LeaseRevokeResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "lease_revoke", id: leaseId(wire.id) }),
    fromResponse: (response) => response,
    toResponse: leaseRevokeResponseFromWire,
  }),
  lease_keep_alive: createRow({
    path: "/etcdserverpb.Lease/LeaseKeepAlive",
    http: ["/v3/lease/keepalive"],
    kind: "lease_keep_alive",
    stream: "both",
    request: "LeaseKeepAliveRequest",
    response: "LeaseKeepAliveResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "lease_keep_alive", id: leaseId(wire.id) }),
    fromResponse: ({ header, id, ttlSeconds }) => ({ header, id, ttl: ttlSeconds }),
    toResponse: keepAliveResponseFromWire,
  }),
  lease_time_to_live: createRow({
    path: "/etcdserverpb.Lease/LeaseTimeToLive",
    http: ["/v3/lease/timetolive", "/v3/kv/lease/timetolive"],
    kind: "lease_time_to_live",
    request: "LeaseTimeToLiveRequest",
    response: "LeaseTimeToLiveResponse",
    fromRequest: (request) => request,
    toRequest: ({ id, keys }) => ({ kind: "lease_time_to_live", id: leaseId(id), keys }),
    fromResponse: timeToLiveResponseToWire,
    toResponse: timeToLiveResponseFromWire,
  }),
  lease_leases: createRow({
    path: "/etcdserverpb.Lease/LeaseLeases",
    http: ["/v3/lease/leases", "/v3/kv/lease/leases"],
    kind: "lease_leases",
    request: "LeaseLeasesRequest",
    response: "LeaseLeasesResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "lease_leases" }),
    fromResponse: ({ header, leases }) => ({ header, leases: leases.map((id) => ({ id })) }),
    toResponse: leasesResponseFromWire,
  }),
};
