// What the client of a stream of watches is told, case by case, in etcd's words.

import { describe, expect, it } from "vitest";
import type { CallId, ClusterId, Millis, NodeId, Revision, Term } from "../../contract.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { eventsOfWrites } from "../../mvcc/events.ts";
import { restoreMvcc } from "../../mvcc/store.ts";
import { applyKv } from "../../mvcc/txn/txn.ts";
import { describeResult } from "../../transcript/transcript.ts";
import { fragments } from "./fragments.ts";
import type { PutRequest, TxnRequest, WatchAsk, WatchResponse } from "../../api/request.ts";
import type { Scene, Watched } from "./streams.ts";
import {
  catchUpWatchers,
  createWatching,
  giveCredit,
  isProgressDue,
  notifyProgress,
  openStream,
  publishEvents,
  restoreWatching,
  tellStream,
} from "./streams.ts";
import { deleteOf, putOf, txnOf, watchOf } from "../../api/testing.ts";

const CALL = 1 as CallId;
const REPLICA = { clusterId: 1n as ClusterId, memberId: 2n as NodeId, raftTerm: 3 as Term };
const SPEAKER = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };

/** One stream, and what it is told since it was last looked at. */
class Stage {
  readonly #kv = createMemoryKv();
  #mvcc = restoreMvcc(this.#kv);
  #watching = openStream(createWatching(1 as Revision, 0 as Millis), CALL, SPEAKER, 3);
  #told: WatchResponse[] = [];
  roomLimits = { streamBytes: 1e6, stepBytes: 1e6 };

  ask(ask: WatchAsk): readonly string[] {
    return this.#take(tellStream(this.#watching, CALL, ask, this.#scene()));
  }

  put(key: string, value: string): readonly string[] {
    return this.write(putOf(key, value));
  }

  write(request: PutRequest | TxnRequest): readonly string[] {
    const { mvcc, writes } = applyKv(this.#mvcc, this.#kv, request, REPLICA, () => false);
    this.#mvcc = mvcc;
    this.#kv.perform(writes);
    return this.#take(publishEvents(this.#watching, eventsOfWrites(writes), this.#scene()));
  }

  tick(now = 0): readonly string[] {
    const [watching, pushes] = catchUpWatchers(this.#watching, this.#scene());
    this.#take([watching, pushes]);
    if (!isProgressDue(watching, now as Millis, 1000)) return this.#take([watching, pushes]);
    const notices = notifyProgress(watching, this.#scene(), now as Millis);
    return this.#take([notices[0], [...pushes, ...notices[1]]]);
  }

  credit(items: number): void {
    this.#watching = giveCredit(this.#watching, CALL, items);
  }

  get goesOn(): boolean {
    return this.#watching.goesOn;
  }

  image(): void {
    this.#watching = restoreWatching(this.#watching, this.#mvcc.revision);
  }

  get last(): WatchResponse | undefined {
    return this.#told.at(-1);
  }

  #scene(): Scene {
    const { revision } = this.#mvcc;
    expect(revision).toBeGreaterThanOrEqual(1);
    const historyBudget = { rows: 1000, bytes: 1_000_000 };
    const limits = {
      responseBytes: 300,
      historyRevisions: 10,
      historyBudget,
      refusalOf: () => null,
    };
    const { roomLimits } = this;
    return { replica: REPLICA, mvcc: this.#mvcc, view: this.#kv, roomLimits, ...limits };
  }

  #take([watching, pushes]: Watched): readonly string[] {
    this.#watching = watching;
    this.#told = pushes.map(({ response }) => response);
    return this.#told.map((value) => describeResult({ ok: true, value }).replace("watch ", ""));
  }
}

function refused(words: string): string {
  return `id=-1 revision=1 created canceled (${words})`;
}

describe("a stream of watches", () => {
  it("numbers its watches from zero and skips the ids that the client chose", () => {
    const stage = new Stage();
    expect(stage.ask(watchOf("a", "", { watchId: 1n }))).toEqual(["id=1 revision=1 created"]);
    expect(stage.ask(watchOf("a"))).toEqual(["id=0 revision=1 created"]);
    expect(stage.ask(watchOf("a"))).toEqual(["id=2 revision=1 created"]);
    expect(stage.ask({ kind: "cancel", watchId: 2n })).toEqual(["id=2 revision=1 canceled"]);
    expect(stage.ask({ kind: "cancel", watchId: 2n })).toEqual([]);
    expect(stage.ask(watchOf("a"))).toEqual(["id=3 revision=1 created"]);
  });

  it("refuses a watch in etcd's words", () => {
    const stage = new Stage();
    expect(stage.ask(watchOf("b", "a"))).toEqual([refused("mvcc: watcher range is empty")]);
    stage.ask(watchOf("a", "", { watchId: 7n }));
    expect(stage.ask(watchOf("a", "", { watchId: 7n }))).toEqual([
      refused("mvcc: duplicate watch ID provided on the WatchStream"),
    ]);
    expect(stage.ask(watchOf("a", "", { startRevision: -1 }))).toEqual([
      refused("etcdserver: mvcc: required revision has been compacted"),
    ]);
  });

  it("tells nothing that came before a creation, even where its transaction deleted the key", () => {
    const stage = new Stage();
    stage.ask(watchOf("a", "", { prevKv: true }));
    stage.put("a", "1");
    stage.write(txnOf([], [deleteOf("a", "\0"), putOf("a", "2")]));
    const [gone, made] = stage.last?.events ?? [];
    expect(gone?.prevKv).toMatchObject({ modRevision: 2 });
    expect(made).toMatchObject({ kind: "put", kv: { createRevision: 3 }, prevKv: null });
  });

  it("tells nothing before the revision at which a watch begins", () => {
    const stage = new Stage();
    stage.ask(watchOf("a", "", { startRevision: 3, progressNotify: true }));
    expect(stage.ask({ kind: "progress" })).toEqual([]);
    expect(stage.put("a", "x")).toEqual([]);
    expect(stage.tick(1000)).toEqual([]);
    expect(stage.put("a", "y")).toEqual(["id=0 revision=3 3:put a=y"]);
  });

  it("keeps what a client without room misses, and tells progress only when all is told", () => {
    const stage = new Stage();
    stage.ask(watchOf("a", "", { prevKv: true }));
    expect(stage.put("a", "1")).toEqual(["id=0 revision=2 2:put a=1"]);
    expect(stage.put("a", "2")).toEqual(["id=0 revision=3 3:put a=2 was 1"]);
    expect(stage.put("a", "3")).toEqual([]);
    expect(stage.put("a", "4")).toEqual([]);
    expect(stage.ask({ kind: "progress" })).toEqual([]);
    expect(stage.tick()).toEqual([]);
    stage.credit(2);
    expect(stage.tick()).toEqual(["id=0 revision=5 4:put a=3 was 2 5:put a=4 was 3"]);
    expect(stage.ask({ kind: "progress" })).toEqual(["id=-1 revision=5"]);
  });

  it("notices progress once an interval, unless there were events in it", () => {
    const stage = new Stage();
    stage.credit(10);
    stage.ask(watchOf("a", "", { progressNotify: true }));
    expect(stage.tick(999)).toEqual([]);
    expect(stage.tick(1000)).toEqual(["id=0 revision=1"]);
    stage.put("a", "1");
    expect(stage.tick(2000)).toEqual([]);
    expect(stage.tick(3000)).toEqual(["id=0 revision=2"]);
  });

  it("never goes back when an image takes the store's place", () => {
    const stage = new Stage();
    stage.credit(10);
    stage.ask(watchOf("a"));
    stage.ask(watchOf("a", "", { startRevision: 9 }));
    stage.put("a", "1");
    stage.image();
    expect(stage.tick()).toEqual([]);
    expect(stage.put("a", "2")).toEqual(["id=0 revision=3 3:put a=2"]);
  });

  it("lets a watch wait while so many bytes are on their way, whatever they are in", () => {
    const stage = new Stage();
    stage.credit(100);
    stage.roomLimits = { streamBytes: 1000, stepBytes: 1e6 };
    stage.ask(watchOf("a"));
    stage.put("a", "x".repeat(900));
    expect(stage.last?.events).toHaveLength(1);
    stage.put("a", "x".repeat(5000)); // there is some room left: one response may go beyond it
    expect(stage.last?.events).toHaveLength(1);
    expect(stage.put("a", "3")).toEqual([]);
    expect(stage.tick()).toEqual([]);
    stage.credit(2); // the answer to the creation, and the first event
    expect(stage.tick()).toEqual([]);
    stage.credit(1);
    expect(stage.tick()).toEqual(["id=0 revision=4 4:put a=3"]);
    expect(stage.put("a", "4")).toEqual(["id=0 revision=5 5:put a=4"]);
  });

  it("tells so much in a step, and the rest in steps that follow at once", () => {
    const stage = new Stage();
    stage.credit(100);
    for (let at = 0; at < 4; at++) stage.ask(watchOf("a", "z"));
    stage.roomLimits = { streamBytes: 1e6, stepBytes: 1 };
    expect(stage.put("a", "1")).toEqual(["id=0 revision=2 2:put a=1"]);
    expect(stage.goesOn).toBe(true);
    const rest = [stage.tick(), stage.tick(), stage.tick()];
    expect(rest.map((told) => told.join())).toEqual([
      "id=1 revision=2 2:put a=1",
      "id=2 revision=2 2:put a=1",
      "id=3 revision=2 2:put a=1",
    ]);
    expect(stage.tick()).toEqual([]);
    expect(stage.goesOn).toBe(false);
  });

  it("cuts a large response into fragments, an event at least in each", () => {
    const stage = new Stage();
    stage.credit(10);
    for (const key of ["a", "b", "c"]) stage.put(key, "x".repeat(100));
    stage.ask(watchOf("a", "z", { startRevision: 1 }));
    stage.tick();
    const whole = stage.last as WatchResponse;
    expect(whole.events).toHaveLength(3);
    const shape = (bytes: number): unknown =>
      fragments(whole, bytes).map(({ events, fragment }) => [events.length, fragment]);
    expect(shape(10_000)).toEqual([[3, false]]);
    expect(shape(500)).toEqual([
      [2, true],
      [1, false],
    ]);
    expect(shape(10)).toEqual([
      [1, true],
      [1, true],
      [1, false],
    ]);
  });
});
