// When leases run out: known to the leader of a term, and to nobody else.
//
// A node hears the time by ticks, so the present is somewhat later than the last tick said. A lease
// that is granted or renewed therefore begins to run at the *next* tick: no client can have asked
// after that, and so none can lose its lease before its time.
//
// A new leader does not know how long leases had left, but for what the one before it noted in the
// log. It gives each that, or else its full time, and an election timeout more, because the leader
// before it may have renewed a lease just before it was deposed.

import type { Bytes, Index, LeaseId, Millis, Term } from "../contract.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, first, fromSorted, get, has } from "../lib/ordered-map.ts";
import { remove, set } from "../lib/ordered-map.ts";
import type { Lessor } from "./lessor.ts";
import { allLeases, idOfKey, leaseKey } from "./lessor.ts";

export type Deadlines = Readonly<{
  term: Term; // in which this node leads
  fresh: OrderedMap<Bytes, Fresh>; // begin to run at the next tick
  running: OrderedMap<Bytes, Running>; // by lease
  order: OrderedMap<Bytes, LeaseId>; // by deadline, then by lease
  /** Ran out, and the entry that revokes it is in the log at this index: no way back. */
  revoking: OrderedMap<Bytes, Index>;
}>;

type Fresh = Readonly<{ id: LeaseId; lastsMs: number }>;
type Running = Readonly<{ id: LeaseId; endsAt: Millis }>;

/** Of a node that leads `term` from now on and has applied all that was committed before. */
export function createDeadlines(term: Term, lessor: Lessor, extraMs: number): Deadlines {
  const fresh: [Bytes, Fresh][] = [];
  for (const { id, ttlSeconds, remainingSeconds } of allLeases(lessor)) {
    const seconds = remainingSeconds > 0 ? remainingSeconds : ttlSeconds;
    fresh.push([leaseKey(id), { id, lastsMs: seconds * 1000 + extraMs }]);
  }
  const nothing = { running: NOTHING, order: NOTHING, revoking: NOTHING };
  return { term, fresh: fromSorted(fresh), ...nothing };
}

/** The lease has its whole time before it again. Not for one that is being revoked. */
export function renew(deadlines: Deadlines, id: LeaseId, ttlSeconds: number): Deadlines {
  const { fresh, ...stopped } = stop(deadlines, id);
  return { ...stopped, fresh: set(fresh, leaseKey(id), { id, lastsMs: ttlSeconds * 1000 }) };
}

/** The lease is no more. */
export function forget(deadlines: Deadlines, id: LeaseId): Deadlines {
  const stopped = stop(deadlines, id);
  return { ...stopped, revoking: remove(stopped.revoking, leaseKey(id)) };
}

/** The present, as a tick tells it: what is fresh begins to run. */
export function startFresh(deadlines: Deadlines, now: Millis): Deadlines {
  if (deadlines.fresh.size === 0) return deadlines;
  let { running, order } = deadlines;
  for (const [key, { id, lastsMs }] of entries(deadlines.fresh)) {
    const endsAt = (now + lastsMs) as Millis;
    running = set(running, key, { id, endsAt });
    order = set(order, orderKey(endsAt, key), id);
  }
  return { ...deadlines, fresh: NOTHING, running, order };
}

/** The lease that ran out first, if one has. */
export function maybeExpired(deadlines: Deadlines, now: Millis): LeaseId | null {
  const earliest = first(deadlines.order);
  if (earliest === null) return null;
  const running = get(deadlines.running, leaseKey(earliest[1]));
  return running !== null && running.endsAt <= now ? running.id : null;
}

/** Its revocation is in the log. */
export function markRevoking(deadlines: Deadlines, id: LeaseId, index: Index): Deadlines {
  const stopped = stop(deadlines, id);
  return { ...stopped, revoking: set(stopped.revoking, leaseKey(id), index) };
}

/** Null: the lease may be renewed; else where in the log its end is. */
export function revokingAt(deadlines: Deadlines, id: bigint): Index | null {
  return get(deadlines.revoking, leaseKey(id));
}

/** What a lease has left, in whole milliseconds. */
export function remainingMs(deadlines: Deadlines, id: bigint, now: Millis): number {
  const key = leaseKey(id);
  const fresh = get(deadlines.fresh, key);
  if (fresh !== null) return fresh.lastsMs;
  const running = get(deadlines.running, key);
  return running === null ? 0 : Math.max(0, running.endsAt - now);
}

/** As etcd lists leases: the first to run out comes first. They lie in this order, but for those
 *  that begin to run at the next tick. */
export function inOrderOfEnds(deadlines: Deadlines, now: Millis): readonly LeaseId[] {
  const { revoking, order, running } = deadlines;
  const ids = Array.from(entries(revoking), ([key]) => idOfKey(key));
  const fresh = Array.from(entries(deadlines.fresh), ([, each]) => each);
  fresh.sort((a, b) => a.lastsMs - b.lastsMs);
  let next = 0;
  for (const [at, id] of entries(order)) {
    if (next < fresh.length) {
      const endsAt = get(running, leaseOfOrder(at))?.endsAt ?? now;
      for (let each = fresh[next]; each !== undefined; each = fresh[++next]) {
        if (now + each.lastsMs >= endsAt) break;
        ids.push(each.id);
      }
    }
    ids.push(id);
  }
  for (; next < fresh.length; next++) ids.push((fresh[next] as Fresh).id);
  return ids;
}

const NOTHING: OrderedMap<Bytes, never> = createOrderedMap();

function stop(deadlines: Deadlines, id: LeaseId): Deadlines {
  const key = leaseKey(id);
  const running = get(deadlines.running, key);
  const fresh = has(deadlines.fresh, key) ? remove(deadlines.fresh, key) : deadlines.fresh;
  if (running === null) return { ...deadlines, fresh };
  return {
    ...deadlines,
    fresh,
    running: remove(deadlines.running, key),
    order: remove(deadlines.order, orderKey(running.endsAt, key)),
  };
}

function orderKey(endsAt: Millis, key: Bytes): Bytes {
  return (leaseKey(BigInt(endsAt)) + key) as Bytes;
}

function leaseOfOrder(key: Bytes): Bytes {
  return key.slice(leaseKey(0n).length) as Bytes;
}
