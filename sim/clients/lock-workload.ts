// What clients ask of locks and elections.

import type { Request } from "../../core/api/request.ts";
import type { LeaderKey } from "../../core/api/request-concurrency.ts";
import type { Bytes, LeaseId } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import type { CallName } from "../options/options.ts";
import type { Draw } from "./workload.ts";

/** Two locks and two elections, on one lease per client, which runs out now and then. */
export function chooseLock(
  { client }: CallName,
  value: Uint8Array,
  leader: LeaderKey | null,
  draw: Draw,
): Request {
  const lease = BigInt(1001 + client) as LeaseId;
  const lockName = fromText(`lock${draw(2, "lock")}`);
  const voteName = fromText(`vote${draw(2, "vote")}`);
  switch (draw(12, "lock call")) {
    case 0:
    case 1:
      return { kind: "lease_grant", id: lease, ttlSeconds: 2 + draw(5, "ttl") };
    case 2:
    case 3:
    case 4:
      return { kind: "lock", name: lockName, lease };
    case 5:
    case 6:
      return { kind: "unlock", key: `${lockName}/${lease.toString(16)}` as Bytes };
    case 7:
    case 8:
      return { kind: "campaign", name: voteName, lease, value };
    case 9:
      return { kind: "proclaim", leader, value };
    case 10:
      return { kind: "leader", name: voteName };
    default:
      return { kind: "resign", leader };
  }
}
