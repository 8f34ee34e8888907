// What many waits come to: the middle one, one in a hundred, and the longest.

export type Wait = Readonly<{
  atMs: number; // when it was sent, on the clock of all processes
  ms: number;
  isAnswered: boolean; // else it is how long it took to fail
}>;

/** Waits of one kind, and in which words those that failed did so. */
export type Waits = Readonly<{ waits: readonly Wait[]; failures: Tally }>;
export type Tally = Readonly<Record<string, number>>;

/** The least value that so large a share of them does not exceed: one that was really seen. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** The longest time between two answers, or between an answer and an end of the time looked at: a
 *  client that asks all the time was without a server for as long. */
export function longestSilenceMs(
  waits: readonly Wait[],
  [fromMs, toMs]: readonly [number, number],
): number {
  const answers = waits
    .filter(({ isAnswered }) => isAnswered)
    .map(({ atMs, ms }) => atMs + ms)
    .filter((ms) => ms >= fromMs && ms <= toMs)
    .toSorted((a, b) => a - b);
  const times = [fromMs, ...answers, toMs];
  return times.reduce((most, time, at) => Math.max(most, time - (times[at - 1] ?? time)), 0);
}

/** The clock that processes of one machine share. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** One more of this kind. */
export function count(tally: Record<string, number>, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}

export function total(tally: Tally): number {
  return Object.values(tally).reduce((sum, each) => sum + each, 0);
}
