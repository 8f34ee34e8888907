// The quota, where a member takes calls: what would make its own store too large is not proposed.
//
// Sizes are a member's own, and no two are equal, so nothing at apply may look at them. A member
// that sees its store full says so in the log (the alarm NOSPACE), and from that entry on all
// members refuse alike (core/apply/alarms.ts).

import type { KvReader } from "../../contract.ts";
import { costOf } from "../../apply/cost.ts";
import type { ProposedRequest } from "../../step/plan.ts";

export function exceedsQuota(request: ProposedRequest, quotaBytes: number, kv: KvReader): boolean {
  const cost = costOf(request);
  return cost > 0 && kv.sizeInUseBytes() + cost >= quotaBytes;
}
