// Watches against a list of all events ever: whatever the credit, the passes through history, the
// images that take the store's place, and the order of it all, every watch hears exactly its
// events, once, in order, each revision whole.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, CallId, ClusterId, Millis, NodeId, Term } from "../../contract.ts";
import { createMemoryKv, type MemoryKv } from "../../kv/memory-kv.ts";
import { eventsOfWrites } from "../../mvcc/events.ts";
import type { Mvcc } from "../../mvcc/store.ts";
import { restoreMvcc } from "../../mvcc/store.ts";
import { scheduleCompaction, walkCompaction } from "../../mvcc/compaction.ts";
import { applyKv } from "../../mvcc/txn/txn.ts";
import type { KvRequest, WatchAsk, WatchEvent, WatchResponse } from "../../api/request.ts";
import { entries, get } from "../../lib/ordered-map.ts";
import { sizeOfEvents } from "./pipe.ts";
import type { Push, Scene, Watched, Watching } from "./streams.ts";
import {
  catchUpWatchers,
  closeStream,
  createWatching,
  giveCredit,
  openStream,
  publishEvents,
  restoreWatching,
  tellStream,
} from "./streams.ts";
import { deleteOf, putOf, txnOf, watchOf } from "../../api/testing.ts";

const SEED = 20261102;
const REPLICA = { clusterId: 1n as ClusterId, memberId: 2n as NodeId, raftTerm: 3 as Term };
const SPEAKER = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };

const key = fc.constantFrom("a", "b", "c", "d");
const write: fc.Arbitrary<Exclude<KvRequest, { kind: "range" }>> = fc.oneof(
  fc.tuple(key, fc.string({ maxLength: 2 })).map(([at, text]) => putOf(at, text)),
  fc.tuple(key, fc.constantFrom("", "c", "\0")).map(([from, end]) => deleteOf(from, end)),
  fc.constant(txnOf([], [putOf("a", "t"), putOf("c", "t"), deleteOf("b")])),
);
const create = fc
  .record({
    from: fc.constantFrom("", "a", "b"),
    end: fc.constantFrom("", "c", "\0"),
    start: fc.oneof(fc.constant(0), fc.nat({ max: 25 })),
    noPut: fc.nat({ max: 4 }).map((n) => n === 0),
    noDelete: fc.nat({ max: 4 }).map((n) => n === 0),
    prevKv: fc.boolean(),
  })
  .map(({ from, end, start, ...more }) => watchOf(from, end, { startRevision: start, ...more }));
const order = fc.oneof(
  { weight: 6, arbitrary: write.map((request) => ({ kind: "write", request }) as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("create"),
      call: fc.integer({ min: 1, max: 3 }),
      ask: create,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("credit"),
      call: fc.integer({ min: 1, max: 3 }),
      items: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "tick" } as const) },
  {
    weight: 1,
    arbitrary: fc
      .array(write, { maxLength: 4 })
      .map((writes) => ({ kind: "image", writes }) as const),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close"), call: fc.constant(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact"), back: fc.nat({ max: 5 }) }) },
);

type Order = typeof order extends fc.Arbitrary<infer T> ? T : never;
type Watch = {
  ask: Extract<WatchAsk, { kind: "create" }>;
  from: number;
  responses: WatchResponse[];
  compacted: number; // 0: not cancelled
};

class Stage {
  #kv: MemoryKv = createMemoryKv();
  #mvcc: Mvcc = restoreMvcc(this.#kv);
  watching: Watching = createWatching(this.#mvcc.revision, 0 as Millis);
  compacted = 0;
  readonly events: WatchEvent[] = [];
  readonly watches = new Map<string, Watch>();

  constructor() {
    for (const call of [1, 2, 3]) this.#openStream(call);
  }

  obey(each: Order): void {
    switch (each.kind) {
      case "write": {
        const events = this.#write(each.request);
        if (events === null) return;
        return this.#hear(publishEvents(this.watching, events, this.scene()));
      }
      case "image":
        for (const request of each.writes) this.#write(request);
        this.watching = restoreWatching(this.watching, this.#mvcc.revision);
        return;
      case "create": {
        const before = this.#mvcc.revision;
        const watched = tellStream(this.watching, each.call as CallId, each.ask, this.scene());
        for (const { call, response } of watched[1]) {
          if (response.canceled) continue;
          const from = each.ask.startRevision === 0 ? before + 1 : each.ask.startRevision;
          this.watches.set(`${call}/${response.watchId}`, {
            ask: each.ask,
            from,
            responses: [],
            compacted: 0,
          });
        }
        return this.#hear(watched);
      }
      case "compact":
        return this.#compact(this.#mvcc.revision - each.back);
      case "credit":
        this.watching = giveCredit(this.watching, each.call as CallId, each.items);
        return;
      case "tick":
        return this.#hear(catchUpWatchers(this.watching, this.scene()));
      case "close": {
        this.watching = closeStream(this.watching, each.call as CallId);
        for (const name of this.watches.keys()) {
          if (name.startsWith(`${each.call}/`)) this.watches.delete(name);
        }
        return this.#openStream(each.call);
      }
    }
  }

  scene(): Scene {
    return {
      replica: REPLICA,
      mvcc: this.#mvcc,
      view: this.#kv,
      responseBytes: 1e6,
      historyRevisions: 2,
      historyBudget: { rows: 3, bytes: 1000 },
      roomLimits: { streamBytes: STREAM_BYTES, stepBytes: STEP_BYTES },
      refusalOf: () => null,
    };
  }

  #compact(revision: number): void {
    const scheduled = scheduleCompaction(this.#mvcc, revision);
    if (!scheduled.ok) return;
    const { next } = scheduled.value.mvcc.compaction;
    const walked = walkCompaction(scheduled.value.mvcc, this.#kv, next, 1000);
    this.#kv.perform([...scheduled.value.writes, ...walked.writes]);
    this.#mvcc = walked.mvcc;
    this.compacted = revision;
  }

  #openStream(call: number): void {
    this.watching = openStream(this.watching, call as CallId, SPEAKER, 2);
  }

  #write(request: Exclude<KvRequest, { kind: "range" }>): readonly WatchEvent[] | null {
    const applied = applyKv(this.#mvcc, this.#kv, request, REPLICA, () => false);
    if (applied.mvcc.revision === this.#mvcc.revision) return null;
    this.#kv.perform(applied.writes);
    const previous = new Map(this.#state());
    this.#mvcc = applied.mvcc;
    const events = eventsOfWrites(applied.writes);
    this.events.push(
      ...events.map((event) => ({ ...event, prevKv: previous.get(event.kv.key) ?? null })),
    );
    return events;
  }

  /** The present state, by replaying all events. */
  #state(): (readonly [Bytes, WatchEvent["kv"]])[] {
    const state = new Map<Bytes, WatchEvent["kv"]>();
    for (const { kind, kv } of this.events) {
      if (kind === "put") state.set(kv.key, kv);
      else state.delete(kv.key);
    }
    return [...state];
  }

  /** No more than one response goes beyond what may be on its way, nor beyond what a step tells. */
  #expectBounds(before: Watching, after: Watching, pushes: readonly Push[]): void {
    const sizes = pushes.map(({ response }) => sizeOfEvents(response.events));
    const largest = Math.max(0, ...sizes);
    const told = sizes.reduce((sum, size) => sum + size, 0) - largest;
    expect(told).toBeLessThanOrEqual(2 * STEP_BYTES + EVENT_BYTES_MAX);
    for (const [call, { pipe }] of entries(after.streams)) {
      const runs = pipe.runs.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(pipe.bytes).toBe(runs);
      if (pipe.bytes > (get(before.streams, call)?.pipe.bytes ?? 0)) {
        expect(pipe.bytes).toBeLessThanOrEqual(2 * STREAM_BYTES + largest);
      }
    }
  }

  #hear([watching, pushes]: Watched): void {
    this.#expectBounds(this.watching, watching, pushes);
    this.watching = watching;
    for (const { call, response } of pushes) {
      const watch = this.watches.get(`${call}/${response.watchId}`);
      if (watch === undefined) continue;
      expect(watch.compacted).toBe(0); // the last word
      watch.compacted = response.compactRevision;
      if (response.events.length > 0) watch.responses.push(response);
    }
  }
}

const EVENT_BYTES_MAX = 2 * 84; // with what was there before
const STREAM_BYTES = 400;
const STEP_BYTES = 300;

function expectedOf({ ask, from }: Watch, events: readonly WatchEvent[]): readonly WatchEvent[] {
  const first = ask.key === "" ? "\0" : ask.key;
  const wanted = events.filter(({ kind, kv }) => {
    const one = ask.rangeEnd === "" && kv.key === first;
    const many = ask.rangeEnd !== "" && kv.key >= first;
    const below = ask.rangeEnd === "\0" || kv.key < ask.rangeEnd;
    const kept = kind === "put" ? !ask.noPut : !ask.noDelete;
    return kv.modRevision >= from && (one || (many && below)) && kept;
  });
  return ask.prevKv ? wanted : wanted.map((event) => ({ ...event, prevKv: null }));
}

describe("watches", () => {
  it("hear exactly their events, once, in order and each revision whole", () => {
    const property = fc.property(fc.array(order, { maxLength: 60, size: "max" }), (orders) => {
      const stage = new Stage();
      for (const each of orders) stage.obey(each);
      for (let tick = 0; tick < 400 && stage.watching.hub.behind.size > 0; tick++) {
        for (let call = 1; call <= 3; call++) stage.obey({ kind: "credit", call, items: 1000 });
        stage.obey({ kind: "tick" });
      }
      expect(stage.watching.hub.behind.size).toBe(0);
      for (const watch of stage.watches.values()) {
        const heard = watch.responses.flatMap((response) => response.events);
        const expected = expectedOf(watch, stage.events);
        if (watch.compacted === 0) expect(heard.length).toBe(expected.length);
        else expect(watch.compacted).toBeGreaterThan(heard.at(-1)?.kv.modRevision ?? watch.from);
        heard.forEach((event, at) => {
          const isLost = event.prevKv === null && event.kv.modRevision <= stage.compacted;
          expect(isLost ? { ...expected[at], prevKv: null } : expected[at]).toEqual(event);
        });
        let last = 0;
        for (const { events, header } of watch.responses) {
          expect(events[0]?.kv.modRevision).toBeGreaterThan(last);
          last = events.at(-1)?.kv.modRevision ?? 0;
          expect(header.revision).toBeGreaterThanOrEqual(last);
        }
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 400 });
  });
});
