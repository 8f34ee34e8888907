// Which leases the leader notes in the log, and when: once in an interval, those that have more
// than an interval left. In batches, one per tick, so that many leases cost no tick much.

import type { Bytes, LeaseId, Millis } from "../contract.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import { entries } from "../lib/ordered-map.ts";
import type { Deadlines } from "./deadlines.ts";

/** The round that is under way; `next`: the lease to go on with. */
export type Round = Readonly<{ next: Bytes; dueAt: Millis }>;
type Remaining = Readonly<{ id: LeaseId; remainingSeconds: number }>;

const BATCH_MAX = 1000;

/** The first one comes an interval after the node began to lead. */
export function firstRound(now: Millis, intervalMs: number): Round {
  return { next: EMPTY, dueAt: (now + intervalMs) as Millis };
}

/** What to note now, and when to go on. */
export function takeRound(
  round: Round,
  deadlines: Deadlines,
  now: Millis,
  intervalMs: number,
): readonly [round: Round, noted: readonly Remaining[]] {
  if (now < round.dueAt) return [round, []];
  const noted: Remaining[] = [];
  for (const [key, { id, endsAt }] of entries(deadlines.running, round.next, ABOVE_ALL)) {
    if (noted.length === BATCH_MAX) return [{ ...round, next: key }, noted];
    const leftMs = endsAt - now;
    // Never less than is left: nobody may lose a lease before its time.
    if (leftMs > intervalMs) noted.push({ id, remainingSeconds: Math.ceil(leftMs / 1000) });
  }
  return [firstRound(now, intervalMs), noted];
}
