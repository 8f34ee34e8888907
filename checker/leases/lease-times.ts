// What a history says about when leases were there: for certain, or perhaps. Clients do not see
// when a lease ends, so the judge is told.

import type { RequestOp, Response } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";

/** A lease is no more: it ran out, or somebody revoked it. */
export type LeaseEnd = Readonly<{
  lease: bigint;
  ranOut: boolean;
  at: number; // when it was applied first
  revision: number; // of the store, without its keys
  keys: readonly string[]; // what went with it
}>;

/** A grant or a keep-alive: the time of the lease began anew at some moment of the call. */
export type Renewal = Readonly<{
  operation: Operation;
  lease: bigint;
  isGrant: boolean;
  call: number;
  return: number; // infinite: the outcome is not known
  lasts: number;
}>;

export type LeaseTimeline = Readonly<{
  renewals: ReadonlyMap<bigint, readonly Renewal[]>;
  ends: ReadonlyMap<bigint, readonly LeaseEnd[]>;
}>;

export function createLeaseTimeline(
  history: readonly Operation[],
  ends: readonly LeaseEnd[],
): LeaseTimeline {
  const grants = new Map<bigint, number>(); // lease → what it lasts
  const renewals: Renewal[] = [];
  for (const operation of history) {
    const { input, outcome, call, return: end } = operation;
    if (outcome.kind === "failed") continue;
    const output = outcome.kind === "ok" ? outcome.output : null;
    const base = { operation, call, return: end ?? Number.POSITIVE_INFINITY };
    if (input.kind === "lease_grant") {
      const known = output?.kind === "lease_grant" ? output : input;
      const lasts = known.ttlSeconds * 1_000_000;
      grants.set(known.id, lasts);
      renewals.push({ ...base, lease: known.id, isGrant: true, lasts });
    } else if (input.kind === "lease_keep_alive") {
      if (output?.kind === "lease_keep_alive" && output.ttlSeconds === 0) continue;
      const lasts = grants.get(input.id) ?? 0;
      renewals.push({ ...base, lease: input.id, isGrant: false, lasts });
    }
  }
  return {
    renewals: Map.groupBy(renewals, ({ lease }) => lease),
    ends: Map.groupBy(ends, ({ lease }) => lease),
  };
}

export function grantsOf(times: LeaseTimeline, lease: bigint): readonly Renewal[] {
  return (times.renewals.get(lease) ?? []).filter(({ isGrant }) => isGrant);
}

/** The lease may have been there at some moment from `from` through `to`. */
export function mayLive(times: LeaseTimeline, lease: bigint, from: number, to: number): boolean {
  const ends = times.ends.get(lease) ?? [];
  return grantsOf(times, lease).some(
    (grant) => grant.call <= to && !ends.some(({ at }) => at > grant.return && at < from),
  );
}

/** The lease was there all the time from `from` through `to`. */
export function mustLive(times: LeaseTimeline, lease: bigint, from: number, to: number): boolean {
  const ends = times.ends.get(lease) ?? [];
  return grantsOf(times, lease).some(
    (grant) => grant.return < from && !ends.some(({ at }) => at >= grant.call && at <= to),
  );
}

/** The leases on which the operation put keys. */
export function leasesPutOn(input: RequestOp, output: Response): readonly bigint[] {
  if (input.kind === "put") return input.lease === 0n || input.ignoreLease ? [] : [input.lease];
  if (input.kind !== "txn" || output.kind !== "txn") return [];
  const branch = output.succeeded ? input.success : input.failure;
  return branch.flatMap((op, at) => {
    const part = output.responses[at];
    return part === undefined ? [] : leasesPutOn(op, part);
  });
}
