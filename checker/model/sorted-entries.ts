// Entries by key, in runs of a few hundred: a change copies one run and the list of runs, so a
// judge follows a large store about as fast as a small one. What was before stays as it was.

export type Sorted<E extends Keyed> = readonly (readonly E[])[]; // no run is empty
type Keyed = Readonly<{ key: string }>;

const RUN_MAX = 256;

export function findEntry<E extends Keyed>(runs: Sorted<E>, key: string): E | null {
  const run = runs[runOf(runs, key)];
  const found = run?.[lowerBound(run, key)];
  return found?.key === key ? found : null;
}

/** All of them from this key on. */
export function* entriesFrom<E extends Keyed>(runs: Sorted<E>, key: string): Generator<E, void> {
  for (let at = runOf(runs, key); at < runs.length; at++) {
    const run = runs[at] as readonly E[];
    for (let place = lowerBound(run, key); place < run.length; place++) yield run[place] as E;
  }
}

/** With this entry, in place of an older one with its key. */
export function withEntry<E extends Keyed>(runs: Sorted<E>, entry: E): Sorted<E> {
  if (runs.length === 0) return [[entry]];
  const at = runOf(runs, entry.key);
  const run = (runs[at] as readonly E[]).slice();
  const place = lowerBound(run, entry.key);
  run.splice(place, run[place]?.key === entry.key ? 1 : 0, entry);
  const half = run.length >> 1;
  const parts = run.length <= RUN_MAX ? [run] : [run.slice(0, half), run.slice(half)];
  return [...runs.slice(0, at), ...parts, ...runs.slice(at + 1)];
}

/** The last run that begins at or before `key`, or the first. */
function runOf(runs: Sorted<Keyed>, key: string): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (((runs[middle] as readonly Keyed[])[0] as Keyed).key <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The first place whose key is not below `key`. */
function lowerBound(run: readonly Keyed[], key: string): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((run[middle] as Keyed).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
