// A client that watches, as etcd's own client does: several watches on one stream, which are
// resumed behind what they have heard, at another member, when the stream breaks. One of them may
// keep a copy of all keys: it lists them, and from there on lives by what it is told.

import type { KeyValue, WatchAsk, WatchResponse } from "../../core/api/request.ts";
import { rangeOf } from "../../core/api/testing.ts";
import type { Bytes } from "../../core/contract.ts";
import { pushAll } from "../../core/lib/lists.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { ClientContext, Reply } from "./client.ts";
import { makeCall } from "./client.ts";
import type { CachedView } from "../record/history.ts";
import type { ClientEnd, Sent } from "../cluster/streams.ts";
import type { WatchRecorder } from "../record/watch-recorder.ts";
import type { Draw, Wish } from "./watch-wishes.ts";
import { ALL_KEYS, chooseDawdle, chooseWish, drawOf, wishOfCopy } from "./watch-wishes.ts";

export type WatcherContext = ClientContext &
  Readonly<{ watches: WatchRecorder; resumed: () => void; promptFrom: number }>;

/** Behind the numbers of all other clients. */
const FIRST = 100;
const WATCHES_MAX = 3;
const PATH = pathOf({ kind: "watch", ask: { kind: "nothing" } });

type Watch = {
  wish: Wish;
  next: number; // where to resume; 0: where nothing is known yet
  id: bigint | null; // null: not there, or not yet
  copy: Map<Bytes, KeyValue> | null;
  copyRevision: number; // 0: to be listed
  pieces: WatchResponse["events"];
};

type Stream = {
  readonly end: ClientEnd;
  readonly session: number;
  readonly asked: Watch[]; // creations under way, oldest first
};

export class Watcher {
  readonly #number: number;
  readonly #context: WatcherContext;
  readonly #views: CachedView[] = [];
  #watches: Watch[] = [];
  #stream: Stream | null = null;
  #known = 1; // the highest revision heard of
  #acts = 0;
  #node: number;

  constructor(number: number, context: WatcherContext) {
    this.#number = number;
    this.#context = context;
    this.#node = 1 + context.fates.below(context.nodes, "watcher", number, "node");
  }

  start(): void {
    const { world } = this.#context;
    const draw = this.#draw();
    const count = 1 + draw(WATCHES_MAX, "watches");
    for (let nth = 0; nth < count; nth++) this.#watches.push(this.#choose(nth === 0));
    world.after(draw(1_000_000, "phase"), () => {
      this.#open();
      this.#live();
    });
  }

  /** The copy, whenever the server said how far it was, and as it is now. */
  views(): readonly CachedView[] {
    return [...this.#views, ...this.#watches.flatMap((watch) => this.#view(watch))];
  }

  #choose(mayCopy: boolean): Watch {
    const draw = this.#draw();
    const copy = mayCopy && draw(2, "copy") === 0 ? new Map<Bytes, KeyValue>() : null;
    const { keys } = this.#context.options;
    const wish = copy === null ? chooseWish(draw, keys, this.#known) : wishOfCopy(draw, 0);
    return { wish, next: wish.startRevision, id: null, copy, copyRevision: 0, pieces: [] };
  }

  #open(): void {
    const { line, watches, world, promptFrom } = this.#context;
    const draw = this.#draw();
    const client = FIRST + this.#number;
    const dawdles = chooseDawdle(draw);
    const session = watches.open(client, this.#node, line.idOf(this.#node));
    const end = line.open(this.#node, {
      client,
      path: PATH,
      token: "",
      requireLeader: false,
      dawdle: () => (world.now < promptFrom ? dawdles : 0),
      hears: (reply, sent) => {
        if (this.#stream === stream) this.#hear(stream, reply, sent);
      },
    });
    const stream: Stream = { end, session, asked: [] };
    this.#stream = stream;
    for (const watch of this.#watches) this.#create(stream, watch);
    this.#mindSilence(stream);
  }

  /** Whoever is not answered goes elsewhere. */
  #mindSilence(stream: Stream): void {
    const { world, options } = this.#context;
    world.after(options.timeoutMs * 1000, () => {
      if (this.#stream === stream && stream.asked.length > 0) this.#leave(stream);
    });
  }

  #create(stream: Stream, watch: Watch): void {
    watch.id = null;
    watch.pieces = [];
    if (watch.copy !== null && watch.copyRevision === 0) return this.#list(stream, watch);
    stream.asked.push(watch);
    this.#say(stream, { ...watch.wish, startRevision: watch.next });
  }

  #list(stream: Stream, watch: Watch): void {
    const request = rangeOf(ALL_KEYS.key, { rangeEnd: ALL_KEYS.end as Bytes });
    const client = FIRST + this.#number;
    makeCall(this.#context, client, this.#node, request, null, (outcome) => {
      if (this.#stream !== stream || watch.copy === null) return;
      if (outcome.kind !== "ok" || outcome.output.kind !== "range") return this.#leave(stream);
      const { header, kvs } = outcome.output;
      watch.copy = new Map(kvs.map((kv) => [kv.key, kv]));
      watch.copyRevision = header.revision;
      watch.next = header.revision + 1;
      this.#create(stream, watch);
      this.#mindSilence(stream);
    });
  }

  #say(stream: Stream, ask: WatchAsk): void {
    this.#context.watches.said(stream.session, ask);
    stream.end.say(encodeRequest({ kind: "watch", ask }));
  }

  #hear(stream: Stream, reply: Reply, sent: Sent): void {
    const decoded = reply.kind === "response" ? decodeResponse(PATH, reply.bytes) : null;
    if (decoded?.ok !== true || decoded.value.kind !== "watch") return this.#lost(stream);
    const response = decoded.value;
    this.#context.watches.heard(stream.session, response, sent);
    this.#known = Math.max(this.#known, response.header.revision);
    if (response.created) return created(stream, response);
    const told = this.#watches.filter(({ id }) => id !== null && concerns(response, id));
    for (const watch of told) {
      if (response.canceled) this.#canceled(stream, watch, response);
      else this.#told(watch, response);
    }
  }

  #told(watch: Watch, response: WatchResponse): void {
    watch.pieces = [...watch.pieces, ...response.events];
    if (response.fragment) return;
    const events = watch.pieces;
    watch.pieces = [];
    const { revision } = response.header;
    watch.next = Math.max(watch.next, (events.at(-1)?.kv.modRevision ?? revision) + 1);
    if (watch.copy === null) return;
    for (const { kind, kv } of events) {
      if (kind === "put") watch.copy.set(kv.key, kv);
      else watch.copy.delete(kv.key);
    }
    watch.copyRevision = watch.next - 1;
    if (events.length === 0) pushAll(this.#views, this.#view(watch));
  }

  /** History that it needed is gone, or it had asked for the end. */
  #canceled(stream: Stream, watch: Watch, { compactRevision, watchId }: WatchResponse): void {
    watch.id = null;
    if (compactRevision === 0) return this.#replace(stream, watch);
    this.#say(stream, { kind: "cancel", watchId }); // as etcd's client: the id is free again
    watch.next = compactRevision;
    watch.copyRevision = 0; // a copy is listed anew
    this.#create(stream, watch);
  }

  #replace(stream: Stream, watch: Watch): void {
    const other = this.#choose(false);
    this.#watches = this.#watches.map((each) => (each === watch ? other : each));
    this.#create(stream, other);
  }

  /** Now and then it asks how far the server is, changes its mind, or goes. */
  #live(): void {
    const { world, endsAt } = this.#context;
    const draw = this.#draw();
    if (world.now >= endsAt) return;
    world.after(300_000 + draw(1_200_000, "pause"), () => this.#live());
    const stream = this.#stream;
    if (stream === null) return;
    const watch = this.#watches[draw(this.#watches.length, "which")];
    const act = draw(12, "act");
    if (act < 5) this.#say(stream, { kind: "progress" });
    else if (act === 5) this.#leave(stream);
    else if (act === 6 && watch !== undefined && watch.id !== null && watch.copy === null) {
      this.#say(stream, { kind: "cancel", watchId: watch.id });
    }
  }

  #leave(stream: Stream): void {
    stream.end.leave();
    this.#lost(stream);
  }

  #lost(stream: Stream): void {
    const { world, watches, nodes, resumed } = this.#context;
    watches.end(stream.session);
    this.#stream = null;
    const draw = this.#draw();
    this.#node = 1 + ((this.#node + draw(Math.max(1, nodes - 1), "next")) % nodes);
    world.after(50_000 + draw(400_000, "back"), () => {
      resumed();
      this.#open();
    });
  }

  #view({ copy, copyRevision: revision }: Watch): readonly CachedView[] {
    if (copy === null || revision === 0) return [];
    const kvs = [...copy.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const range = { key: ALL_KEYS.key as Bytes, rangeEnd: ALL_KEYS.end as Bytes };
    const at = this.#context.world.now;
    return [{ client: FIRST + this.#number, at, revision, ...range, kvs }];
  }

  #draw(): Draw {
    return drawOf(this.#context.fates, this.#number, this.#acts++);
  }
}

/** Creations are answered in the order in which they were asked for. */
function created(stream: Stream, { watchId, canceled, header }: WatchResponse): void {
  const watch = stream.asked.shift();
  if (watch === undefined || canceled) return; // refused: without that watch until the next stream
  watch.id = watchId;
  if (watch.next === 0) watch.next = header.revision; // as etcd's client, which may hear it again
}

/** A progress that was asked for is about all watches of the stream. */
function concerns(response: WatchResponse, id: bigint): boolean {
  return response.watchId === id || (response.watchId === -1n && response.events.length === 0);
}
