// Two sorted sequences of entries as one.

import type { OrderedKey } from "./ordered-map.ts";

/** Both in one order, ascending or (`reverse`) descending. Of two entries with one key the upper
 *  wins. The lower runs inside a for-of loop: a caller who stops early closes its cursor. */
export function* merged<K extends OrderedKey, A, B>(
  upper: Iterator<readonly [K, A]>,
  lower: Iterable<readonly [K, B]>,
  reverse: boolean,
): Generator<readonly [key: K, value: A | B], void, undefined> {
  let next = upper.next();
  for (const entry of lower) {
    const key = entry[0];
    while (next.done !== true && (reverse ? next.value[0] > key : next.value[0] < key)) {
      yield next.value;
      next = upper.next();
    }
    if (next.done !== true && next.value[0] === key) {
      yield next.value;
      next = upper.next();
    } else {
      yield entry;
    }
  }
  for (; next.done !== true; next = upper.next()) yield next.value;
}
