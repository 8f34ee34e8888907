// What was there before, for those who asked for it: read once, however many did.

import type { KvReader } from "../../contract.ts";
import { previousOf } from "../../mvcc/events.ts";
import type { Mvcc } from "../../mvcc/store.ts";
import type { WatchEvent } from "../../api/request.ts";

export function createPrevious(
  mvcc: Mvcc,
  view: KvReader,
): (events: readonly WatchEvent[]) => readonly WatchEvent[] {
  const known = new Map<WatchEvent, WatchEvent>();
  const withPrevious = (event: WatchEvent): WatchEvent => {
    const found = known.get(event);
    if (found !== undefined) return found;
    const prevKv = previousOf(mvcc, view, event);
    const whole = prevKv === null ? event : { ...event, prevKv };
    known.set(event, whole);
    return whole;
  };
  return (events) => events.map(withPrevious);
}
