// The methods of the Lock and the Election service.

import type { ConcurrencyRequest, LeaderKey } from "../../../core/api/request-concurrency.ts";
import {
  headerOnlyFromWire,
  keyValueFromWire,
  headerFromWire,
} from "../convert/convert-response.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import { leaseId, saturate } from "../convert/numbers.ts";

export const CONCURRENCY_METHODS: Rows<ConcurrencyRequest["kind"] | "observe"> = {
  lock: createRow({
    path: "/v3lockpb.Lock/Lock",
    http: ["/v3/lock/lock"],
    kind: "lock",
    request: "LockRequest",
    response: "LockResponse",
    fromRequest: (request) => request,
    toRequest: ({ name, lease }) => ({ kind: "lock", name, lease: leaseId(lease) }),
    fromResponse: (response) => response,
    toResponse: ({ header, key }) => ({ kind: "lock", header: headerFromWire(header), key }),
  }),
  unlock: createRow({
    path: "/v3lockpb.Lock/Unlock",
    http: ["/v3/lock/unlock"],
    kind: "unlock",
    request: "UnlockRequest",
    response: "UnlockResponse",
    fromRequest: (request) => request,
    toRequest: ({ key }) => ({ kind: "unlock", key }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("unlock", wire),
  }),
  campaign: createRow({
    path: "/v3electionpb.Election/Campaign",
    http: ["/v3/election/campaign"],
    kind: "campaign",
    request: "CampaignRequest",
    response: "CampaignResponse",
    fromRequest: (request) => request,
    toRequest: ({ name, lease, value }) => {
      return { kind: "campaign", name, lease: leaseId(lease), value };
    },
    fromResponse: ({ header, leader }) => ({ header, leader: leaderKeyToWire(leader) }),
    toResponse: (wire) => {
      const leader = leaderKeyFromWire(wire.leader);
      const header = headerFromWire(wire.header);
      return leader === null ? null : { kind: "campaign", header, leader };
    },
  }),
  proclaim: createRow({
    path: "/v3electionpb.Election/Proclaim",
    http: ["/v3/election/proclaim"],
    kind: "proclaim",
    request: "ProclaimRequest",
    response: "ProclaimResponse",
    fromRequest: ({ leader, value }) => ({ leader: leaderKeyToWire(leader), value }),
    toRequest: ({ leader, value }) => {
      return { kind: "proclaim", leader: leaderKeyFromWire(leader), value };
    },
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("proclaim", wire),
  }),
  resign: createRow({
    path: "/v3electionpb.Election/Resign",
    http: ["/v3/election/resign"],
    kind: "resign",
    request: "ResignRequest",
    response: "ResignResponse",
    fromRequest: ({ leader }) => ({ leader: leaderKeyToWire(leader) }),
    toRequest: ({ leader }) => ({ kind: "resign", leader: leaderKeyFromWire(leader) }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("resign", wire),
  }),
  leader: createRow({
    path: "/v3electionpb.Election/Leader",
    http: ["/v3/election/leader"],
    kind: "leader",
    request: "LeaderRequest",
    response: "LeaderResponse",
    fromRequest: (request) => request,
    toRequest: ({ name }) => ({ kind: "leader", name }),
    fromResponse: (response) => response,
    toResponse: (wire) => leaderFromWire("leader", wire),
  }),
  observe: createRow({
    path: "/v3electionpb.Election/Observe",
    http: ["/v3/election/observe"],
    kind: "observe",
    stream: "server",
    request: "LeaderRequest",
    response: "LeaderResponse",
    fromRequest: (request) => request,
    toRequest: ({ name }) => ({ kind: "observe", name }),
    fromResponse: (response) => response,
    toResponse: (wire) => leaderFromWire("observe", wire),
  }),
};

function leaderKeyToWire(leader: LeaderKey | null): ToWire<"LeaderKey"> | null {
  return leader === null ? null : { ...leader, rev: leader.revision };
}

function leaderKeyFromWire(wire: Wire<"LeaderKey"> | null): LeaderKey | null {
  if (wire === null) return null;
  const { name, key, rev, lease } = wire;
  return { name, key, revision: saturate(rev), lease: leaseId(lease) };
}

function leaderFromWire<K extends "leader" | "observe">(kind: K, wire: Wire<"LeaderResponse">) {
  if (wire.kv === null) return null;
  return { kind, header: headerFromWire(wire.header), kv: keyValueFromWire(wire.kv) };
}
