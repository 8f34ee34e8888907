// Who overlaps whom, worked out once. Intervals are closed: a call at the very time of another's
// return is concurrent with it.

import type { Operation } from "../history.ts";

export type Timeline<I, O> = Readonly<{
  /** Operations with an answer, by return. */
  known: readonly Readonly<{ id: number; slot: number; input: I; output: O }>[];
  /** Operations that may have happened, by call. */
  unknown: readonly Readonly<{ id: number; input: I }>[];
  /** For each return: the known operations called by then that have not returned before, the one
   *  that returns first of all. */
  pending: readonly (readonly number[])[];
  /** For each return: how many of the unknown operations had been called by then. */
  callable: readonly number[];
  /** Operations that are pending together have different slots; 32 slots fill a word. */
  words: number;
}>;

type Moment = Readonly<{ time: number; isReturn: boolean; at: number }>;

export function createTimeline<I, O>(history: readonly Operation<I, O>[]): Timeline<I, O> {
  const unknown = history
    .filter(({ outcome }) => outcome.kind === "unknown")
    .toSorted((a, b) => a.call - b.call || a.id - b.id);
  const answered = history
    .flatMap(({ id, input, call, return: end, outcome }) =>
      outcome.kind === "ok" && end !== null
        ? [{ id, input, call, end, output: outcome.output }]
        : [],
    )
    .toSorted((a, b) => a.end - b.end || a.id - b.id);
  const moments: Moment[] = answered.flatMap(({ call, end }, at) => [
    { time: call, isReturn: false, at },
    { time: end, isReturn: true, at },
  ]);
  moments.sort((a, b) => byTime(a, b) || Number(a.isReturn) - Number(b.isReturn) || a.at - b.at);

  const slots: number[] = answered.map(() => -1);
  const free: number[] = [];
  const pending: number[][] = [];
  const open = new Set<number>();
  let slotCount = 0;
  for (const { isReturn, at } of moments) {
    if (!isReturn) {
      slots[at] = free.pop() ?? slotCount++;
      open.add(at);
      continue;
    }
    open.delete(at);
    pending.push([at, ...open]);
    free.push(slots[at] as number);
  }

  let called = 0;
  const callable = answered.map(({ end }) => {
    while (called < unknown.length && (unknown[called] as Operation).call <= end) called++;
    return called;
  });
  return {
    known: answered.map(({ id, input, output }, at) => ({
      id,
      input,
      output,
      slot: slots[at] as number,
    })),
    unknown: unknown.map(({ id, input }) => ({ id, input })),
    pending,
    callable,
    words: Math.max(1, Math.ceil(slotCount / 32)),
  };
}

/** Calls may be at −∞, whose difference with itself is not a number. */
function byTime(a: Moment, b: Moment): number {
  if (a.time === b.time) return 0;
  return a.time < b.time ? -1 : 1;
}
