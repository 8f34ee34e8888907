// Many sorted runs as one sorted sequence, of which one takes as much as one needs.

/** The least item of all that is left, again and again; of equal ones that of the earliest run.
 *  `at` says how far each run is used up, and is moved along. */
export function* mergeRuns<T>(
  runs: readonly (readonly T[])[],
  at: number[],
  compare: (a: T, b: T) => number,
): Generator<T, void, undefined> {
  const headOf = (run: number): T => (runs[run] as readonly T[])[at[run] as number] as T;
  const isBefore = (a: number, b: number): boolean => {
    const order = compare(headOf(a), headOf(b));
    return order < 0 || (order === 0 && a < b);
  };
  // The numbers of the runs that are not used up, as a heap: no run is before that at half its
  // place.
  const heap = runs.map((_, run) => run).filter((run) => hasMore(runs, at, run));
  for (let place = (heap.length >> 1) - 1; place >= 0; place--) sink(heap, place, isBefore);
  while (heap.length > 0) {
    const least = heap[0] as number;
    const item = headOf(least);
    at[least] = (at[least] as number) + 1;
    if (!hasMore(runs, at, least)) {
      const last = heap.pop() as number;
      if (heap.length > 0) heap[0] = last;
    }
    sink(heap, 0, isBefore);
    yield item;
  }
}

function hasMore(
  runs: readonly (readonly unknown[])[],
  at: readonly number[],
  run: number,
): boolean {
  return (at[run] as number) < (runs[run] as readonly unknown[]).length;
}

/** Moves what is at this place down to where nothing below is before it. */
function sink(heap: number[], from: number, isBefore: (a: number, b: number) => boolean): void {
  let place = from;
  for (;;) {
    let first = place;
    for (const below of [2 * place + 1, 2 * place + 2]) {
      if (below < heap.length && isBefore(heap[below] as number, heap[first] as number)) {
        first = below;
      }
    }
    if (first === place) return;
    [heap[place], heap[first]] = [heap[first] as number, heap[place] as number];
    place = first;
  }
}
