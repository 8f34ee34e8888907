// What clients may rely on about leases (L1 to L9): they are granted for as long as was asked,
// nothing hangs on one that is over, and the servers end them in time, neither early nor late.

import type { Response } from "../../core/api/request.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { describeAny } from "../verdict/describe-call.ts";
import type { Operation } from "../history.ts";
import { brokenLeaseKeys } from "./lease-keys.ts";
import type { LeaseEnd, LeaseTimeline, Renewal } from "./lease-times.ts";
import { createLeaseTimeline, grantsOf, leasesPutOn, mayLive, mustLive } from "./lease-times.ts";
import type { Complaint, RuleId } from "../rules.ts";
import { complain, firstOfEach } from "../rules.ts";

export type { LeaseEnd } from "./lease-times.ts";

/** Microseconds, of the clock of the history. */
export type LeaseTimes = Readonly<{
  endsAt: number; // of the observation
  calmAt: number; // from here on one leader leads
  slack: number; // beyond its time, for a lease and for elections
  clocksAreRight: boolean;
}>;

/** The first breach of each rule. */
export function brokenLeaseRules(
  history: readonly Operation[],
  ends: readonly LeaseEnd[],
  chronicle: Chronicle,
  when: LeaseTimes,
): readonly Complaint[] {
  const times = createLeaseTimeline(history, ends);
  return firstOfEach([
    ...history.flatMap((operation) => complaintsAbout(operation, times)),
    ...(when.clocksAreRight ? history.flatMap((each) => shortenedTime(each, times)) : []),
    ...(when.clocksAreRight ? earlyEnds(times, ends) : []),
    ...(when.clocksAreRight ? lateEnds(times, when) : []),
    ...brokenLeaseKeys(history, ends, chronicle),
  ]);
}

/** About one answer. */
function complaintsAbout(operation: Operation, times: LeaseTimeline): readonly Complaint[] {
  const { outcome, call, return: end } = operation;
  if (end === null) return [];
  const object = (rule: RuleId, why: string): Complaint =>
    complain(rule, [`  ${describeAny(operation)}`, `However, ${why}.`]);
  if (outcome.kind === "failed") {
    return flawsOfRefusal(operation, call, end, times).map((why) => object("L2", why));
  }
  return outcome.kind === "ok" ? flawsOfAnswer(operation, outcome.output, end, times, object) : [];
}

type Object = (rule: RuleId, why: string) => Complaint;

function flawsOfAnswer(
  operation: Operation,
  output: Response,
  end: number,
  times: LeaseTimeline,
  object: Object,
): readonly Complaint[] {
  const { input, call } = operation;
  switch (input.kind) {
    case "lease_grant":
      return flawsOfGrant(operation, output, end, times).map((why) => object("L1", why));
    case "put":
    case "txn":
      return leasesPutOn(input, output)
        .filter((lease) => !mayLive(times, lease, call, end))
        .map((lease) => object("L2", `lease ${lease} was over`));
    case "lease_keep_alive":
      if (output.kind !== "lease_keep_alive") return [];
      return flawsOfKeepAlive(input.id, output.ttlSeconds, call, end, times, object);
    case "lease_time_to_live": {
      if (output.kind !== "lease_time_to_live") return [];
      const { ttlSeconds, grantedTtlSeconds } = output;
      if (ttlSeconds < 0) {
        const isThere = mustLive(times, input.id, call, end);
        return isThere ? [object("L7", "the lease was there all the time")] : [];
      }
      const flaws: Complaint[] = [];
      if (!mayLive(times, input.id, call, end)) flaws.push(object("L6", "the lease was over"));
      if (ttlSeconds > grantedTtlSeconds) {
        flaws.push(object("L8", `it was granted for ${grantedTtlSeconds} s only`));
      }
      if (!isGrantedFor(times, input.id, grantedTtlSeconds)) {
        flaws.push(object("L7", `nobody was granted it for ${grantedTtlSeconds} s`));
      }
      return flaws;
    }
    default:
      return [];
  }
}

function flawsOfGrant(
  { id, input, call }: Operation,
  output: Response,
  end: number,
  times: LeaseTimeline,
): readonly string[] {
  if (input.kind !== "lease_grant" || output.kind !== "lease_grant") return [];
  const flaws: string[] = [];
  if (output.ttlSeconds < input.ttlSeconds) flaws.push("that is shorter than asked for");
  if (input.id !== 0n && output.id !== input.id) flaws.push("that is another lease");
  const others = grantsOf(times, output.id).filter(({ operation }) => operation.id !== id);
  const known = { ...times, renewals: new Map([[output.id, others]]) };
  if (mustLive(known, output.id, call, end)) flaws.push("another lease of that id was there");
  return flaws;
}

function flawsOfKeepAlive(
  lease: bigint,
  ttlSeconds: number,
  call: number,
  end: number,
  times: LeaseTimeline,
  object: Object,
): readonly Complaint[] {
  if (ttlSeconds === 0) {
    const isThere = mustLive(times, lease, call, end);
    return isThere ? [object("L2", "the lease was there all the time")] : [];
  }
  if (!mayLive(times, lease, call, end)) {
    const last = (times.ends.get(lease) ?? []).findLast(({ at }) => at < call);
    const ranOut = last?.ranOut === true;
    return [object(ranOut ? "L9" : "L6", ranOut ? "the lease had run out" : "it was revoked")];
  }
  if (isGrantedFor(times, lease, ttlSeconds)) return [];
  return [object("L8", "nobody was granted so much")];
}

function flawsOfRefusal(
  { input, outcome }: Operation,
  call: number,
  end: number,
  times: LeaseTimeline,
): readonly string[] {
  if (outcome.kind !== "failed") return [];
  const { name } = outcome.error;
  if (name === "LeaseNotFound") {
    if (input.kind !== "put" && input.kind !== "lease_revoke") return [];
    const lease = input.kind === "put" ? input.lease : input.id;
    return mustLive(times, lease, call, end) ? ["the lease was there all the time"] : [];
  }
  if (name !== "LeaseExist" || input.kind !== "lease_grant") return [];
  return mayLive(times, input.id, call, end) ? [] : ["no lease of that id was there"];
}

/** A grant that was not answered may have been for more than was asked for. */
function isGrantedFor(times: LeaseTimeline, lease: bigint, seconds: number): boolean {
  const told = seconds * 1_000_000;
  return grantsOf(times, lease).some(({ lasts, return: end }) =>
    end === Infinity ? lasts <= told : lasts === told,
  );
}

/** L7: less time was told than the last renewal had promised. Answers are in whole seconds. */
function shortenedTime(operation: Operation, times: LeaseTimeline): readonly Complaint[] {
  const { input, outcome, call, return: end } = operation;
  if (input.kind !== "lease_time_to_live" || outcome.kind !== "ok" || end === null) return [];
  const { output } = outcome;
  if (output.kind !== "lease_time_to_live" || output.ttlSeconds < 0) return [];
  const left = (output.ttlSeconds + 1) * 1_000_000;
  const ends = times.ends.get(input.id) ?? [];
  const promise = (times.renewals.get(input.id) ?? []).find((renewal) => {
    if (renewal.return > call || ends.some(({ at }) => at >= renewal.call && at <= end))
      return false;
    return renewal.lasts - (end - renewal.call) > left;
  });
  if (promise === undefined) return [];
  const lines = [promise.operation, operation].map((each) => `  ${describeAny(each)}`);
  return [complain("L7", [...lines, "However, more had been promised."])];
}

/** L4: no grant was that old, or a keep-alive that was acknowledged was younger. */
function earlyEnds(times: LeaseTimeline, ends: readonly LeaseEnd[]): readonly Complaint[] {
  const endedBefore = new Map<bigint, number>();
  const complaints: Complaint[] = [];
  for (const { lease, ranOut, at } of ends) {
    const since = endedBefore.get(lease) ?? Number.NEGATIVE_INFINITY;
    endedBefore.set(lease, at);
    if (!ranOut) continue;
    // One that nobody was told of: the servers chose its id, and the answer to its grant was lost.
    const known = times.renewals.get(lease) ?? times.renewals.get(0n) ?? [];
    const possible = known.filter((renewal) => renewal.call <= at && renewal.return >= since);
    const grants = possible.filter(({ isGrant }) => isGrant);
    const isOld = grants.some((grant) => grant.call + grant.lasts <= at);
    const young = isOld
      ? possible.find((each) => isOfThisLife(each, since, at) && each.call + each.lasts > at)
      : grants[0];
    if (isOld && young === undefined) continue;
    const by = young === undefined ? [] : [`  ${describeAny(young.operation)}`];
    const after = at - (young?.call ?? at);
    const early = `However, lease ${lease} ran out at ${at} µs, ${after} µs later.`;
    complaints.push(complain("L4", [...by, early]));
  }
  return complaints;

  /** Acknowledged, and certainly of the lease that ended at `at`. */
  function isOfThisLife(renewal: Renewal, since: number, at: number): boolean {
    if (renewal.isGrant || renewal.call < since || renewal.return === Infinity) return false;
    if (renewal.return <= at) return true;
    return !grantsOf(times, renewal.lease).some(
      (grant) => grant.call <= renewal.return && grant.return >= at,
    );
  }
}

/** L5. A keep-alive of unknown outcome may have been heard at any time. */
function lateEnds(
  times: LeaseTimeline,
  { endsAt, calmAt, slack }: LeaseTimes,
): readonly Complaint[] {
  const complaints: Complaint[] = [];
  for (const [lease, renewals] of times.renewals) {
    for (const grant of renewals.filter(({ isGrant }) => isGrant)) {
      const end = (times.ends.get(lease) ?? []).find(({ at }) => at >= grant.call);
      const endedAt = end?.at ?? endsAt;
      const last = renewals
        .filter(({ call }) => call <= endedAt)
        .reduce((latest, each) => Math.max(latest, each.return), -Infinity);
      const due = Math.max(last, calmAt) + grant.lasts + slack;
      if (endedAt <= due) continue;
      const when = end === undefined ? "never ended" : `ended at ${end.at} µs only`;
      const after = `However, the lease ${when}; it was due by ${due} µs.`;
      complaints.push(complain("L5", [`  ${describeAny(grant.operation)}`, after]));
    }
  }
  return complaints;
}
