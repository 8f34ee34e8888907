// Lists of any length. `push(...list)` and `Math.max(...list)` hand each element over as an
// argument, and an engine takes some hundred thousand of those: a list that grows with the data
// must never be spread into a call.

/** Adds all of `more` to the end of `list`. */
export function pushAll<T>(list: T[], more: Iterable<T>): void {
  for (const each of more) list.push(each);
}

/** What the map holds for this key; where it holds nothing, what is made now. */
export function madeFor<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}

/** `least`, or what is greater among `numbers`. */
export function atLeast(least: number, numbers: Iterable<number>): number {
  let greatest = least;
  for (const each of numbers) if (each > greatest) greatest = each;
  return greatest;
}

/** `most`, or what is less among `numbers`. */
export function atMost(most: number, numbers: Iterable<number>): number {
  let least = most;
  for (const each of numbers) if (each < least) least = each;
  return least;
}
