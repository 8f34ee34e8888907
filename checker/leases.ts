// What clients may rely on about leases: they are granted for as long as was asked, nothing hangs
// on one that is over, and the servers end them in time, neither early nor late.
//
// The judge is told when leases ended: clients do not see it. A lease may have been there whenever
// a grant, acknowledged or of unknown outcome, can have been in force.

import type { Operation } from "./history.ts";

/** A lease is no more: it ran out, or somebody revoked it. */
export type LeaseEnd = Readonly<{ lease: bigint; ranOut: boolean; at: number }>;

/** Microseconds, of the clock of the history. */
export type LeaseTimes = Readonly<{
  endsAt: number; // of the observation
  calmAt: number; // from here on one leader leads
  slack: number; // beyond its time, for a lease and for elections
  clocksAreRight: boolean;
}>;

type Grant = Readonly<{
  lease: bigint;
  call: number;
  return: number; // Infinity: the outcome is not known
  lasts: number;
}>;

/** A sentence about the first promise that was not kept, or null. */
export function firstBrokenLease(
  history: readonly Operation[],
  ends: readonly LeaseEnd[],
  times: LeaseTimes,
): string | null {
  const grants = grantsIn(history);
  return (
    brokenGrant(history) ??
    brokenUse(history, grants, ends) ??
    (times.clocksAreRight ? earlyEnd(grants, ends) : null) ??
    (times.clocksAreRight ? lateEnd(grants, ends, times) : null)
  );
}

function grantsIn(history: readonly Operation[]): readonly Grant[] {
  const grants: Grant[] = [];
  for (const { input, outcome, call, return: end } of history) {
    if (input.kind !== "lease_grant" || outcome.kind === "failed") continue;
    const known = outcome.kind === "ok" && outcome.output.kind === "lease_grant";
    const lasts = (known ? outcome.output.ttlSeconds : input.ttlSeconds) * 1_000_000;
    const lease = known ? outcome.output.id : input.id;
    grants.push({ lease, call, return: end ?? Number.POSITIVE_INFINITY, lasts });
  }
  return grants;
}

/** Shorter than asked for, or another lease than asked for. */
function brokenGrant(history: readonly Operation[]): string | null {
  for (const { id, input, outcome } of history) {
    if (input.kind !== "lease_grant" || outcome.kind !== "ok") continue;
    const { output } = outcome;
    if (output.kind !== "lease_grant") return `call ${id}, a grant, was answered as another`;
    if (output.ttlSeconds < input.ttlSeconds) {
      return `call ${id} asked for ${input.ttlSeconds} s and got ${output.ttlSeconds} s`;
    }
    if (input.id !== 0n && output.id !== input.id) {
      return `call ${id} asked for lease ${input.id} and got ${output.id}`;
    }
  }
  return null;
}

/** Something was put on a lease, or a lease had time left, when it was certainly over. */
function brokenUse(
  history: readonly Operation[],
  grants: readonly Grant[],
  ends: readonly LeaseEnd[],
): string | null {
  for (const { id, input, outcome, call, return: end } of history) {
    if (outcome.kind !== "ok" || end === null) continue;
    const { output } = outcome;
    if (input.kind === "put" && input.lease !== 0n) {
      if (mayLive(input.lease, call, end)) continue;
      return `call ${id} put a key on lease ${input.lease}, which was over`;
    }
    if (output.kind !== "lease_time_to_live" || input.kind !== "lease_time_to_live") continue;
    const { ttlSeconds, grantedTtlSeconds } = output;
    if (ttlSeconds > grantedTtlSeconds || ttlSeconds < -1) {
      return `call ${id} was told of ${ttlSeconds} s left of ${grantedTtlSeconds} s`;
    }
    if (ttlSeconds >= 0 && !mayLive(input.id, call, end)) {
      return `call ${id} was told that lease ${input.id} has ${ttlSeconds} s, and it was over`;
    }
  }
  return null;

  function mayLive(lease: bigint, from: number, through: number): boolean {
    return grants.some((grant) => {
      if (grant.lease !== lease || grant.call > through) return false;
      return !ends.some((each) => {
        return each.lease === lease && each.at > grant.return && each.at < from;
      });
    });
  }
}

/** A lease ran out although no grant of it was that old. */
function earlyEnd(grants: readonly Grant[], ends: readonly LeaseEnd[]): string | null {
  const endedBefore = new Map<bigint, number>();
  for (const { lease, ranOut, at } of ends) {
    const since = endedBefore.get(lease) ?? Number.NEGATIVE_INFINITY;
    endedBefore.set(lease, at);
    if (!ranOut) continue;
    const possible = grants.filter((grant) => {
      return grant.lease === lease && grant.call <= at && grant.return >= since;
    });
    if (possible.some((grant) => grant.call + grant.lasts <= at)) continue;
    const oldest = Math.min(...possible.map((grant) => grant.call));
    return `lease ${lease} ran out at ${at} µs, ${at - oldest} µs after it was asked for`;
  }
  return null;
}

function lateEnd(
  grants: readonly Grant[],
  ends: readonly LeaseEnd[],
  { endsAt, calmAt, slack }: LeaseTimes,
): string | null {
  for (const grant of grants) {
    const due = Math.max(grant.return, calmAt) + grant.lasts + slack;
    if (due > endsAt) continue; // or its outcome is not known
    if (ends.some(({ lease, at }) => lease === grant.lease && at >= grant.call)) continue;
    return `lease ${grant.lease}, granted at ${grant.return} µs, never ended`;
  }
  return null;
}
