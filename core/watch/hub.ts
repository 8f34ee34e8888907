// Watchers, in two classes. A live one has been told everything up to the store's revision and
// hears each new one as it is applied. One that is behind (it began in the past, its client does
// not read, or an image took the store's place) is a revision, not a queue: history is read again
// for it (catch-up.ts). So a slow client costs no memory, and nothing can be lost on the way.

import type { Brand, Bytes, CallId, Revision } from "../contract.ts";
import type { WatchEvent } from "../api/request.ts";
import { must } from "../lib/assert.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove as removeKey, set } from "../lib/ordered-map.ts";
import type { IntervalSet } from "./interval-set.ts";
import { insert, NO_INTERVALS, remove, touching } from "./interval-set.ts";

/** Counts the watchers of a node's life, in the order of their creation. */
export type WatcherNumber = Brand<number, "WatcherNumber">;

export type Watcher = Readonly<{
  number: WatcherNumber;
  call: CallId; // the stream that it belongs to
  from: Bytes;
  to: Bytes; // exclusive
  noPut: boolean;
  noDelete: boolean;
  /** Nothing below it is for this watcher, ever. It never goes back. */
  next: number;
}>;

export type Hub = Readonly<{
  watchers: OrderedMap<WatcherNumber, Watcher>;
  live: IntervalSet;
  behind: OrderedMap<WatcherNumber, Watcher>;
  made: number;
  turn: number; // the number after which the next watcher to catch up is looked for
  revision: Revision; // every live watcher was told all up to here
}>;

/** What one response of a watcher tells. */
export type Delivery = Readonly<{ watcher: Watcher; events: readonly WatchEvent[] }>;

/** The pipes of the clients: whether another response fits, and the same while taking the place,
 *  unless this step has told enough. */
export type Room = Readonly<{
  has: (call: CallId) => boolean;
  take: (call: CallId, events: readonly WatchEvent[]) => boolean;
  isSpent: () => boolean;
}>;

export function createHub(revision: Revision): Hub {
  return {
    watchers: createOrderedMap(),
    live: NO_INTERVALS,
    behind: createOrderedMap(),
    made: 0,
    turn: 0,
    revision,
  };
}

/** Adds a watcher of what happens from revision `next` on. */
export function addWatcher(
  hub: Hub,
  spec: Omit<Watcher, "number">,
): readonly [hub: Hub, number: WatcherNumber] {
  const number = (hub.made + 1) as WatcherNumber;
  const watcher = { ...spec, number };
  const added = { ...hub, made: number };
  return [watcher.next > hub.revision ? awake(added, watcher) : asleep(added, watcher), number];
}

export function removeWatcher(hub: Hub, number: WatcherNumber): Hub {
  const watcher = get(hub.watchers, number);
  if (watcher === null) return hub;
  const watchers = removeKey(hub.watchers, number);
  return {
    ...hub,
    watchers,
    live: remove(hub.live, watcher),
    behind: removeKey(hub.behind, number),
  };
}

export function isLive(hub: Hub, number: WatcherNumber): boolean {
  return get(hub.behind, number) === null;
}

/** Tells the events of the next revision to the live watchers that they concern. Who has no room
 *  falls behind. */
export function publish(
  hub: Hub,
  revision: Revision,
  events: readonly WatchEvent[],
  room: Room,
): readonly [hub: Hub, deliveries: readonly Delivery[]] {
  let next: Hub = { ...hub, revision };
  const deliveries: Delivery[] = [];
  for (const [number, wanted] of entries(byWatcher(hub.live, hub.watchers, events))) {
    const watcher = watcherOf(hub, number);
    if (room.take(watcher.call, wanted)) deliveries.push({ watcher, events: wanted });
    else next = asleep(next, { ...watcher, next: revision });
  }
  return [next, deliveries];
}

/** The store was replaced by one at a higher revision: history is read again, by each watcher from
 *  where it is. */
export function restoreHub(hub: Hub, revision: Revision): Hub {
  let next = hub;
  for (const [number, watcher] of entries(hub.watchers)) {
    if (!isLive(hub, number)) continue;
    const own = Math.max(watcher.next, hub.revision + 1);
    if (own <= revision) next = asleep(next, { ...watcher, next: own });
  }
  return { ...next, revision };
}

/** The watchers that want what is below this revision: there is no history for them any more. */
export function lapsed(hub: Hub, compacted: number): readonly Watcher[] {
  const found: Watcher[] = [];
  for (const [, watcher] of entries(hub.behind)) {
    if (watcher.next < compacted) found.push(watcher);
  }
  return found;
}

/** Events sorted by the watchers that want them; watchers ascend, events stay in order. */
export function byWatcher(
  intervals: IntervalSet,
  watchers: OrderedMap<WatcherNumber, Watcher>,
  events: Iterable<WatchEvent>,
): OrderedMap<WatcherNumber, readonly WatchEvent[]> {
  let found: OrderedMap<WatcherNumber, WatchEvent[]> = createOrderedMap();
  for (const event of events) {
    for (const number of touching(intervals, event.kv.key) as readonly WatcherNumber[]) {
      const watcher = must(get(watchers, number), `watcher ${number} is gone`);
      if (!wants(watcher, event)) continue;
      const wanted = get(found, number);
      if (wanted === null) found = set(found, number, [event]);
      else wanted.push(event);
    }
  }
  return found;
}

function watcherOf(hub: Hub, number: WatcherNumber): Watcher {
  return must(get(hub.watchers, number), `watcher ${number} is gone`);
}

/** The watcher has caught up, or begins in the future. */
export function awake(hub: Hub, watcher: Watcher): Hub {
  const { number } = watcher;
  return {
    ...hub,
    watchers: set(hub.watchers, number, watcher),
    live: insert(hub.live, watcher),
    behind: removeKey(hub.behind, number),
  };
}

/** The watcher is behind, or further on but still behind. */
export function asleep(hub: Hub, watcher: Watcher): Hub {
  const { number } = watcher;
  return {
    ...hub,
    watchers: set(hub.watchers, number, watcher),
    live: remove(hub.live, watcher),
    behind: set(hub.behind, number, watcher),
  };
}

function wants(watcher: Watcher, { kind, kv }: WatchEvent): boolean {
  if (kv.modRevision < watcher.next) return false;
  return kind === "put" ? !watcher.noPut : !watcher.noDelete;
}
