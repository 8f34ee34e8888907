// Linearizable reads that wait: first for Raft to name an index, then for that index to be applied
// here.
//
// One question is out at a time; reads that arrive meanwhile join the next one, since an answer
// vouches only for reads that were here when the question was asked. Every attempt has a context of
// its own, so that a late answer to an earlier attempt cannot satisfy a later one (etcd#20418).

import type { CallId, Index, Millis } from "../contract.ts";

export type Reads = Readonly<{
  attempts: number; // contexts handed out in this life
  next: readonly CallId[];
  asked: Readonly<{ context: bigint; at: Millis; calls: readonly CallId[] }> | null;
  confirmed: readonly Readonly<{ index: Index; calls: readonly CallId[] }>[];
}>;

export const NO_READS: Reads = { attempts: 0, next: [], asked: null, confirmed: [] };

export function joinReads(reads: Reads, call: CallId): Reads {
  return { ...reads, next: [...reads.next, call] };
}

/** A read that needs no leader, only this index applied. */
export function confirmRead(reads: Reads, call: CallId, index: Index): Reads {
  return { ...reads, confirmed: [...reads.confirmed, { index, calls: [call] }] };
}

/** Whether a read still waits, for Raft's word or for what that names. */
export function isReading({ next, asked, confirmed }: Reads, call: CallId): boolean {
  const isOf = (calls: readonly CallId[]): boolean => calls.includes(call);
  return isOf(next) || isOf(asked?.calls ?? []) || confirmed.some(({ calls }) => isOf(calls));
}

/** A question for Raft, if one is due; `life` makes contexts unique across restarts. */
export function maybeAsk(
  reads: Reads,
  life: bigint,
  now: Millis,
  retryMs: number,
): readonly [reads: Reads, context: bigint | null] {
  const waited = reads.asked === null ? 0 : now - reads.asked.at;
  const calls = reads.asked === null ? reads.next : [...reads.asked.calls, ...reads.next];
  if (calls.length === 0 || (reads.asked !== null && waited < retryMs)) return [reads, null];
  const attempts = reads.attempts + 1;
  const context = BigInt.asUintN(64, life + BigInt(attempts));
  return [{ ...reads, attempts, next: [], asked: { context, at: now, calls } }, context];
}

/** Raft's answer. Null: no leader could vouch; the reads go back to the queue for a while. */
export function answerReads(reads: Reads, context: bigint, index: Index | null): Reads {
  if (reads.asked === null || reads.asked.context !== context) return reads;
  const { calls } = reads.asked;
  if (index === null) return { ...reads, asked: null, next: [...calls, ...reads.next] };
  return { ...reads, asked: null, confirmed: [...reads.confirmed, { index, calls }] };
}

/** The reads that may be served now that `applied` is applied. */
export function takeServable(
  reads: Reads,
  applied: Index,
): readonly [reads: Reads, calls: readonly CallId[]] {
  if (!reads.confirmed.some((group) => group.index <= applied)) return [reads, []];
  const calls = reads.confirmed.filter((group) => group.index <= applied).flatMap((g) => g.calls);
  const confirmed = reads.confirmed.filter((group) => group.index > applied);
  return [{ ...reads, confirmed }, calls];
}
