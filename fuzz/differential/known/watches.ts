// What watches tell in which detcd follows the newest etcd, or itself, and 3.4.23 does not.

import { A, asked, DELETE, PUT, watch } from "./known-difference.ts";
import type { KnownDifference } from "./known-difference.ts";
import { show } from "../steps/show.ts";
import type { Told } from "../watches.ts";

const LARGE = asked("put", { key: A, value: new Uint8Array(700_000).fill(1) });
const PASS_BYTES = 1024 * 1024;

export const KNOWN_STORIES: readonly KnownDifference[] = [
  {
    kind: "story",
    name: "progress of watches that are not up to date",
    reason: "3.4.23 answers at once; since 3.4.25 only if every watch of the stream is up to date",
    proof: [watch({ createRequest: { key: A, startRevision: 9 } }), watch({ progressRequest: {} })],
    older: ({ ours, theirs }) => {
      const own = ours.progress.map((each) => show(each.header?.revision));
      let next = 0;
      for (const each of theirs.progress) if (show(each.header?.revision) === own[next]) next++;
      return next === own.length ? { ...ours, progress: theirs.progress } : ours;
    },
  },
  {
    kind: "story",
    name: "the deletion at a compacted revision",
    reason: "3.4.23 forgets it, so that who watches from there on misses it (etcd#19179)",
    proof: [
      PUT,
      DELETE,
      { kind: "compact", at: 0, as: "", message: { revision: 3, physical: true } },
      watch({ createRequest: { key: A, startRevision: 3 } }),
    ],
    older: ({ ours, theirs, compacted }) => ({
      ...ours,
      events: ours.events.map((told, number) =>
        told.flatMap((each) => {
          const known = new Set(theirs.events[number]?.flatMap(({ events }) => events.map(show)));
          const events = each.events.filter((event) => {
            const isAtCompaction = compacted.has(Number(event.kv?.modRevision));
            return event.type === 0 || !isAtCompaction || known.has(show(event));
          });
          if (events.length === each.events.length) return [each];
          return events.length === 0 ? [] : [{ ...each, events }];
        }),
      ),
    }),
  },
  {
    kind: "story",
    name: "much history in one piece",
    reason: "etcd reads a thousand revisions at once, detcd about a megabyte of them",
    proof: [
      ...Array.from({ length: 3 }, () => LARGE),
      watch({ createRequest: { key: A, startRevision: 2 } }),
    ],
    older: ({ ours, theirs }) => ({
      ...ours,
      events: ours.events.map((told, number) => {
        const other = theirs.events[number] ?? [];
        const isMuch = other.some(({ events }) => valueBytes(events) > PASS_BYTES);
        const isSame = show(told.flatMap(eventsOf)) === show(other.flatMap(eventsOf));
        return isMuch && isSame ? other : told;
      }),
    }),
  },
];

function eventsOf({ events }: Told): Told["events"] {
  return events;
}

function valueBytes(events: Told["events"]): number {
  return events.reduce((sum, { kv }) => sum + (kv?.value.length ?? 0), 0);
}
