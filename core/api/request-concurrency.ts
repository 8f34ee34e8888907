// The calls of the Lock and the Election service. Each is made of ordinary calls on keys and leases
// (core/concurrency/), so that nothing of them is in the log or in the store but keys.

import type { Bytes, LeaseId } from "../contract.ts";
import type { Header, KeyValue } from "./request.ts";

export type ConcurrencyRequest =
  LockRequest | UnlockRequest | CampaignRequest | ProclaimRequest | LeaderRequest | ResignRequest;
export type LockRequest = Readonly<{ kind: "lock"; name: Bytes; lease: LeaseId }>;
export type UnlockRequest = Readonly<{ kind: "unlock"; key: Bytes }>;
export type CampaignRequest = Readonly<{
  kind: "campaign";
  name: Bytes;
  lease: LeaseId; // 0 here and in a lock: the server grants one
  value: Uint8Array;
}>;
export type ProclaimRequest = Readonly<{
  kind: "proclaim";
  leader: LeaderKey | null;
  value: Uint8Array;
}>;
export type LeaderRequest = Readonly<{ kind: "leader"; name: Bytes }>;
export type ResignRequest = Readonly<{ kind: "resign"; leader: LeaderKey | null }>;

/** Opens a stream of those who lead, one after the other. */
export type ObserveRequest = Readonly<{ kind: "observe"; name: Bytes }>;

/** What proves a lead: the key, and the revision that made it. */
export type LeaderKey = Readonly<{ name: Bytes; key: Bytes; revision: number; lease: LeaseId }>;

export type ConcurrencyResponse = Readonly<
  | { kind: "lock"; header: Header; key: Bytes }
  | { kind: "campaign"; header: Header; leader: LeaderKey }
  | { kind: "leader"; header: Header; kv: KeyValue }
  | { kind: "unlock"; header: Header }
  | { kind: "proclaim"; header: Header }
  | { kind: "resign"; header: Header }
>;
export type ObserveResponse = Readonly<{ kind: "observe"; header: Header; kv: KeyValue }>;

const KINDS: Readonly<Record<ConcurrencyRequest["kind"], true>> = {
  lock: true,
  unlock: true,
  campaign: true,
  proclaim: true,
  leader: true,
  resign: true,
};

export function isConcurrencyRequest(
  request: Readonly<{ kind: string }>,
): request is ConcurrencyRequest {
  return request.kind in KINDS;
}
