// What a request may add to the store, as etcd estimates it: a charge against the quota. Zero: it
// adds nothing. Source: etcd server/storage/quota.go.

import type { AuthRequest } from "../api/request-auth.ts";
import type { RequestOp } from "../api/request.ts";
import type { MembershipRequest } from "../api/request-membership.ts";

const KEY_BYTES = 256; // what a key costs besides its own bytes and those of its value
const LEASE_BYTES = 64;

type Costing =
  | RequestOp
  | Readonly<{ kind: "lease_grant" | "lease_revoke" | "compact" | "alarm" | "downgrade" }>
  | MembershipRequest
  | Readonly<{ kind: AuthRequest["kind"] }>;

export function costOf(request: Costing): number {
  switch (request.kind) {
    case "put":
      return KEY_BYTES + request.key.length + request.value.length;
    case "txn":
      return Math.max(sum(request.success), sum(request.failure));
    case "lease_grant":
      return LEASE_BYTES;
    case "range":
    case "delete_range":
    case "compact":
    case "alarm":
    case "downgrade":
    case "lease_revoke":
    case "empty":
      return 0;
    default: // users, roles and members are few
      return 0;
  }
}

function sum(operations: readonly RequestOp[]): number {
  return operations.reduce((bytes, operation) => bytes + costOf(operation), 0);
}
