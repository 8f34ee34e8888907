// How large the world is: drawn as faults are, printed with a run, and shrunk when it fails. All of
// it is zero in most runs, which are small so that they are many.

import { assert } from "../../core/lib/assert.ts";

export type Sizes = Readonly<{
  keys: number; // that the store holds when the run begins, on every member
  valueBytes: number; // of each of these
  leased: number; // of these, so many hang on one lease, which nobody keeps alive
  leaseSeconds: number; // from when there is a leader
  giants: number; // clients whose every call is as large as it may be
  watchers: number; // that one giant opens at once
  nameBytes: number; // of the longest names: of keys, users, roles
  pastEntries: number; // that the members have behind them when the run begins
  pastTerms: number;
}>;

export const SMALL: Sizes = {
  keys: 0,
  valueBytes: 0,
  leased: 0,
  leaseSeconds: 0,
  giants: 0,
  watchers: 0,
  nameBytes: 0,
  pastEntries: 0,
  pastTerms: 0,
};

/** Sizes that somebody gave; the others are as drawn. */
export type GivenSizes = Partial<Sizes>;
export const AS_DRAWN: GivenSizes = {};

/** What the smallest sizes that still fail are found among. A lease's time is no size. */
const SHRINKING = [
  "keys",
  "leased",
  "watchers",
  "nameBytes",
  "valueBytes",
  "giants",
  "pastEntries",
  "pastTerms",
] as const;

export function checkSizes(sizes: Sizes): void {
  for (const size of Object.values(sizes))
    assert(Number.isSafeInteger(size) && size >= 0, "a size");
  assert(sizes.leased <= sizes.keys, "no more keys hang on a lease than there are");
  assert(sizes.leased === 0 || sizes.leaseSeconds > 0, "a lease lasts a second or more");
}

/** What is given goes, and the rest follows. */
export function withSizes(drawn: Sizes, given: GivenSizes): Sizes {
  const sizes = { ...drawn, ...given };
  const leased = Math.min(sizes.leased, sizes.keys);
  return { ...sizes, leased, leaseSeconds: leased > 0 ? Math.max(1, sizes.leaseSeconds) : 0 };
}

/** Each of them halved, the ones that matter most first. */
export function* smallerSizes(sizes: Sizes): Generator<Sizes, void> {
  for (const name of SHRINKING) {
    if (sizes[name] > 0) yield withSizes(sizes, { [name]: Math.floor(sizes[name] / 2) });
  }
}

/** `--value-bytes` for `valueBytes`, and so on. */
export const SIZE_FLAGS: readonly (readonly [flag: string, size: keyof Sizes])[] = (
  Object.keys(SMALL) as (keyof Sizes)[]
).map((size) => [size.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), size]);

/** As they are given on a command line: those that are not as drawn. */
export function printSizes(given: GivenSizes): string {
  const flags = SIZE_FLAGS.filter(([, size]) => given[size] !== undefined);
  return flags.map(([flag, size]) => `--${flag} ${given[size]}`).join(" ");
}
