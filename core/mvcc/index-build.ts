// The index of a whole table of rows at once, for a member that starts: what addVersion would make
// of them one by one, without the copy of a path for each.

import type { Bytes } from "../contract.ts";
import { fromSorted } from "../lib/ordered-map.ts";
import {
  assertFollows,
  type History,
  isTombstone,
  type KeyIndex,
  type Version,
} from "./key-index.ts";

/** One key's versions so far, ascending. */
type Growing = { newest: Version; older: Version[] | null };

/** `written`: every version there is, in the order in which they were written. */
export function buildKeyIndex(
  written: Iterable<readonly [key: Bytes, version: Version]>,
): KeyIndex {
  const growing = new Map<Bytes, Growing>(); // its order is not seen: keys are sorted below
  for (const [key, version] of written) {
    const history = growing.get(key);
    if (history === undefined) growing.set(key, { newest: version, older: null });
    else append(history, version);
  }
  const live: [Bytes, History][] = [];
  const dead: [Bytes, History][] = [];
  for (const key of [...growing.keys()].toSorted((a, b) => (a < b ? -1 : 1))) {
    const { newest, older } = growing.get(key) as Growing;
    const history = { newest, older: older && fromSorted(older.map((each) => [each.main, each])) };
    (isTombstone(newest) ? dead : live).push([key, history]);
  }
  return { live: fromSorted(live), dead: fromSorted(dead) };
}

function append(history: Growing, version: Version): void {
  const { newest } = history;
  assertFollows(newest, version);
  // Nobody can read between two writes of one revision: the later one is all there ever was.
  if (newest.main !== version.main) {
    if (history.older === null) history.older = [newest];
    else history.older.push(newest);
  }
  history.newest = version;
}
