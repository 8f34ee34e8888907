// History for watchers that are behind. One pass reads a stretch of whole revisions once, for all
// watchers that wait in it; they take turns in saying where it begins, so that none starves.

import type { CallId, KvReader } from "../contract.ts";
import type { WatchEvent } from "../api/request.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, set } from "../lib/ordered-map.ts";
import type { Budget } from "../mvcc/budget.ts";
import { isSpent, spend } from "../mvcc/budget.ts";
import { eventsFrom } from "../mvcc/events.ts";
import type { Delivery, Hub, Room, Watcher, WatcherNumber } from "./hub.ts";
import { asleep, awake, byWatcher } from "./hub.ts";
import type { IntervalSet } from "./interval-set.ts";
import { insert, NO_INTERVALS } from "./interval-set.ts";

const PASS_WATCHERS_MAX = 512;

type Stretch = Readonly<{ events: readonly WatchEvent[]; through: number }>;

/** One pass, as far as the budget and a number of revisions reach; no revision is ever cut. Null:
 *  nobody who is behind has room. When the step has told enough, whoever was not
 *  told any more is the next one to begin. */
export function catchUp(
  hub: Hub,
  view: KvReader,
  room: Room,
  revisionsMax: number,
  budget: Budget,
): readonly [hub: Hub, deliveries: readonly Delivery[]] | null {
  const waiting = inTurn(hub, (call) => room.has(call));
  const begins = waiting[0];
  if (begins === undefined) return null;
  const { events, through } = readStretch(view, begins.next, hub.revision, revisionsMax, budget);
  const served = waiting.filter(({ next }) => next >= begins.next && next <= through);
  let group: OrderedMap<WatcherNumber, Watcher> = createOrderedMap();
  let intervals: IntervalSet = NO_INTERVALS;
  for (const watcher of served) {
    group = set(group, watcher.number, watcher);
    intervals = insert(intervals, watcher);
  }
  const wanted = byWatcher(intervals, group, events);
  const deliveries: Delivery[] = [];
  let next: Hub = { ...hub, turn: begins.number };
  let isEnough = false;
  for (const watcher of served) {
    const own = get(wanted, watcher.number);
    if (own !== null && !room.take(watcher.call, own)) {
      if (room.isSpent() && !isEnough) next = { ...next, turn: watcher.number - 1 };
      isEnough ||= room.isSpent();
      continue; // or a neighbour took the last place
    }
    if (own !== null) deliveries.push({ watcher, events: own });
    const further = { ...watcher, next: through + 1 };
    next = through === hub.revision ? awake(next, further) : asleep(next, further);
  }
  return [next, deliveries];
}

/** Those that are behind and have room, from the one whose turn it is. */
function inTurn(hub: Hub, hasRoom: (call: CallId) => boolean): readonly Watcher[] {
  const found: Watcher[] = [];
  const after = (hub.turn + 1) as WatcherNumber;
  for (const part of [entries(hub.behind, after), entries(hub.behind, undefined, after)]) {
    for (const [, watcher] of part) {
      if (found.length === PASS_WATCHERS_MAX) return found;
      if (hasRoom(watcher.call)) found.push(watcher);
    }
  }
  return found;
}

function readStretch(
  view: KvReader,
  from: number,
  revision: number,
  revisionsMax: number,
  budget: Budget,
): Stretch {
  const events: WatchEvent[] = [];
  let revisions = 0;
  let last = 0;
  for (const event of eventsFrom(view, from)) {
    const { modRevision, key, value } = event.kv;
    if (modRevision > last) {
      const isFull = revisions > 0 && isSpent(budget);
      if (isFull || revisions === revisionsMax) return { events, through: last };
      revisions += 1;
      last = modRevision;
    }
    spend(budget, 1, key.length + value.length);
    events.push(event);
  }
  return { events, through: revision };
}
