// Streams of watches, as their clients see them: ids, the order of answers, fragments, headers,
// progress. Which events a watcher gets is the hub's business (core/watch/hub.ts).
//
// So much fits into the pipe of a stream's client (pipe.ts). Answers to what the client asks are
// pushed in any case; events and notices only while there is room.

import type { CallContext, CallId, KvReader, Millis, Revision } from "../../contract.ts";
import type { Replica } from "../../apply/apply.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { createOrderedMap, entries, get, has, remove, set } from "../../lib/ordered-map.ts";
import type { Budget } from "../../mvcc/budget.ts";
import { isSpent } from "../../mvcc/budget.ts";
import { keyRange } from "../../mvcc/range/key-range.ts";
import type { Mvcc } from "../../mvcc/store.ts";
import { catchUp } from "../../watch/catch-up.ts";
import type { Delivery, Hub, WatcherNumber } from "../../watch/hub.ts";
import {
  addWatcher,
  createHub,
  isLive,
  lapsed,
  publish,
  removeWatcher,
  restoreHub,
} from "../../watch/hub.ts";
import { fragments } from "./fragments.ts";
import type { Pipe } from "./pipe.ts";
import { createPipe, hasRoom, leavePipe, pushInto, sizeOfEvents } from "./pipe.ts";
import { createPrevious } from "./previous-values.ts";
import type { RoomLimits, StepRoom } from "./push-budget.ts";
import { createRoom } from "./push-budget.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS, GRPC } from "../../api/errors.ts";
import type { WatchAsk, WatchEvent, WatchRequest, WatchResponse } from "../../api/request.ts";

/** Passes through history that one step makes at most. */
const PASSES_PER_STEP = 8;

const NO_WATCH = -1n;
const EMPTY_RANGE = "mvcc: watcher range is empty";
const DUPLICATE_ID = "mvcc: duplicate watch ID provided on the WatchStream";

export type Watching = Readonly<{
  hub: Hub;
  streams: OrderedMap<CallId, Stream>;
  watches: OrderedMap<WatcherNumber, Watch>;
  interval: Interval;
  goesOn: boolean; // there is history to tell at once, and room for it: one step had enough
}>;

/** The time between two rounds of progress notices. */
type Interval = Readonly<{ number: number; since: Millis }>;

export type Stream = Readonly<{
  call: CallId;
  context: CallContext; // who speaks, and when it must end
  pipe: Pipe;
  nextId: bigint;
  /** By watch id, in decimal. As in etcd, a watch that was canceled because of a compaction keeps
   *  its id until the client cancels it, too. */
  ids: OrderedMap<string, WatcherNumber>;
}>;

/** What a watcher's stream knows of it. */
type Watch = Readonly<{
  call: CallId;
  id: bigint;
  start: number; // as asked for: no notice before the store is there
  prevKv: boolean;
  fragment: boolean;
  progressNotify: boolean;
  toldIn: number; // the interval in which it last got events
}>;

export type Push = Readonly<{ call: CallId; response: WatchResponse }>;
export type Watched = readonly [watching: Watching, pushes: readonly Push[]];

/** What pushes are made of: who answers, and the store. */
export type Scene = Readonly<{
  replica: Replica;
  mvcc: Mvcc;
  view: KvReader;
  responseBytes: number; // a fragmented response is smaller
  historyRevisions: number; // what one pass reads
  historyBudget: Readonly<Budget>; // what all passes of one step read, but for one revision
  roomLimits: RoomLimits;
  refusalOf: (request: WatchRequest, context: CallContext) => ApiError | null;
}>;

export function createWatching(revision: Revision, now: Millis): Watching {
  return {
    hub: createHub(revision),
    streams: createOrderedMap(),
    watches: createOrderedMap(),
    interval: { number: 1, since: now },
    goesOn: false,
  };
}

export function openStream(
  watching: Watching,
  call: CallId,
  context: CallContext,
  pushes: number,
): Watching {
  const ids: Stream["ids"] = createOrderedMap();
  const pipe = createPipe(pushes);
  return withStream(watching, { call, context, pipe, nextId: 0n, ids });
}

/** The stream is over, and all its watches with it. */
export function closeStream(watching: Watching, call: CallId): Watching {
  const stream = get(watching.streams, call);
  if (stream === null) return watching;
  let next = watching;
  for (const [, number] of entries(stream.ids)) next = dropWatch(next, number);
  return { ...next, streams: remove(watching.streams, call) };
}

export function expiredStreams(watching: Watching, now: Millis): readonly CallId[] {
  const expired: CallId[] = [];
  for (const [call, { context }] of entries(watching.streams)) {
    if (now >= context.deadline) expired.push(call);
  }
  return expired;
}

export function giveCredit(watching: Watching, call: CallId, items: number): Watching {
  const stream = get(watching.streams, call);
  if (stream === null) return watching; // it is over, and the driver does not know yet
  return withStream(watching, { ...stream, pipe: leavePipe(stream.pipe, items) });
}

/** Whether watches of this stream may have to wait for room. */
export function isFull({ streams }: Watching, call: CallId, bytesMax: number): boolean {
  const stream = get(streams, call);
  return stream !== null && !hasRoom(stream.pipe, bytesMax, 0, 0);
}

/** What a client says on its stream; of a stream that is over, nothing. */
export function tellStream(watching: Watching, call: CallId, ask: WatchAsk, scene: Scene): Watched {
  const stream = get(watching.streams, call);
  if (stream === null) return [watching, []];
  switch (ask.kind) {
    case "create":
      return createWatch(watching, stream, ask, scene);
    case "cancel":
      return cancelWatch(watching, stream, ask.watchId, scene);
    case "progress":
      return tellProgress(watching, stream, scene);
    case "nothing": // as in etcd
      return [watching, []];
  }
}

/** Tells the live watchers what the revision of this scene changed. */
export function publishEvents(
  watching: Watching,
  events: readonly WatchEvent[],
  scene: Scene,
): Watched {
  const room = roomOf(watching, scene, 0);
  const [hub, deliveries] = publish(watching.hub, scene.mvcc.revision, events, room);
  const goesOn = watching.goesOn || room.isSpent();
  return deliver({ ...watching, hub, goesOn }, deliveries, scene);
}

/** History for those that are behind, a step's worth of it. Who is behind what is left of history
 *  is told that it missed something, and hears no more. */
export function catchUpWatchers(watching: Watching, scene: Scene): Watched {
  let [next, pushes] = cancelLapsed(watching, scene);
  const budget = { ...scene.historyBudget };
  let told = 0;
  let goesOn = next.hub.behind.size > 0;
  for (let pass = 0; pass < PASSES_PER_STEP && goesOn && !isSpent(budget); pass++) {
    const room = roomOf(next, scene, told);
    const caught = room.isSpent()
      ? null
      : catchUp(next.hub, scene.view, room, scene.historyRevisions, budget);
    if (caught === null) {
      goesOn = room.isSpent();
      break;
    }
    const [hub, deliveries] = caught;
    const [delivered, more] = deliver({ ...next, hub }, deliveries, scene);
    next = delivered;
    pushes = joined(pushes, more);
    told = room.told();
    goesOn = hub.behind.size > 0;
  }
  return [{ ...next, goesOn }, pushes];
}

export function isProgressDue({ interval }: Watching, now: Millis, intervalMs: number): boolean {
  return now - interval.since >= intervalMs;
}

/** Once an interval, tells those who asked for it how far they are, unless events did. */
export function notifyProgress(watching: Watching, scene: Scene, now: Millis): Watched {
  const { interval, watches, hub } = watching;
  let next: Watching = { ...watching, interval: { number: interval.number + 1, since: now } };
  const pushes: Push[] = [];
  for (const [number, watch] of entries(watches)) {
    if (!watch.progressNotify || watch.toldIn === interval.number) continue;
    if (!isLive(hub, number) || watch.start > scene.mvcc.revision) continue;
    if (!roomOf(next, scene, 0).has(watch.call)) continue;
    next = spend(next, watch.call, 0);
    pushes.push({ call: watch.call, response: answer(scene, watch.id, {}) });
  }
  return [next, pushes];
}

/** An image has taken the store's place. */
export function restoreWatching(watching: Watching, revision: Revision): Watching {
  return { ...watching, hub: restoreHub(watching.hub, revision) };
}

function createWatch(
  watching: Watching,
  stream: Stream,
  ask: Extract<WatchAsk, { kind: "create" }>,
  scene: Scene,
): Watched {
  const { call } = stream;
  const key = ask.key === "" ? ("\0" as typeof ask.key) : ask.key;
  const refusal = refusalOf(stream, key, ask, scene);
  if (refusal !== null) {
    const refused = { created: true, canceled: true, cancelReason: refusal };
    return [spend(watching, call, 0), [{ call, response: answer(scene, NO_WATCH, refused) }]];
  }
  const id = ask.watchId === 0n ? freeId(stream) : ask.watchId;
  const range = keyRange(key, ask.rangeEnd);
  const [hub, number] = addWatcher(watching.hub, {
    call,
    from: range.from,
    to: range.to ?? ((key + "\0") as typeof key),
    noPut: ask.noPut,
    noDelete: ask.noDelete,
    next: ask.startRevision === 0 ? watching.hub.revision + 1 : ask.startRevision,
  });
  const { prevKv, fragment, progressNotify, startRevision: start } = ask;
  const watch: Watch = { call, id, start, prevKv, fragment, progressNotify, toldIn: 0 };
  const ids = set(stream.ids, String(id), number);
  const nextId = ask.watchId === 0n ? id + 1n : stream.nextId;
  const added = withStream({ ...watching, hub }, { ...stream, ids, nextId });
  const next = { ...added, watches: set(added.watches, number, watch) };
  return [spend(next, call, 0), [{ call, response: answer(scene, id, { created: true }) }]];
}

function refusalOf(
  stream: Stream,
  key: string,
  ask: Extract<WatchAsk, { kind: "create" }>,
  scene: Scene,
): string | null {
  if (ask.startRevision < 0) return ERRORS.Compacted.message;
  const error = scene.refusalOf({ kind: "watch", ask }, stream.context);
  if (error !== null) return inWordsOfGo(error);
  const isOpen = ask.rangeEnd === "" || ask.rangeEnd === "\0";
  if (!isOpen && ask.rangeEnd <= key) return EMPTY_RANGE;
  return ask.watchId !== 0n && has(stream.ids, String(ask.watchId)) ? DUPLICATE_ID : null;
}

/** A refused watch is told the status that a refused call would have had. */
function inWordsOfGo({ code, message }: ApiError): string {
  const name =
    code === GRPC.UNAUTHENTICATED
      ? "Unauthenticated"
      : code === GRPC.INVALID_ARGUMENT
        ? "InvalidArgument"
        : "PermissionDenied";
  return `rpc error: code = ${name} desc = ${message}`;
}

/** The counter skips ids that the client chose itself, and never goes back. */
function freeId(stream: Stream): bigint {
  let id = stream.nextId;
  while (has(stream.ids, String(id))) id += 1n;
  return id;
}

function cancelWatch(watching: Watching, stream: Stream, id: bigint, scene: Scene): Watched {
  const number = get(stream.ids, String(id));
  if (number === null) return [watching, []];
  const { call } = stream;
  const ids = remove(stream.ids, String(id));
  const next = withStream(dropWatch(watching, number), { ...stream, ids });
  const response = answer(scene, id, { canceled: true });
  return [spend(next, call, 0), [{ call, response }]];
}

function dropWatch(watching: Watching, number: WatcherNumber): Watching {
  const hub = removeWatcher(watching.hub, number);
  return { ...watching, hub, watches: remove(watching.watches, number) };
}

function cancelLapsed(watching: Watching, scene: Scene): Watched {
  const { scheduled } = scene.mvcc.compaction;
  let next = watching;
  const pushes: Push[] = [];
  for (const { number, call } of lapsed(watching.hub, scheduled)) {
    const watch = get(watching.watches, number);
    if (watch === null) continue;
    const header = { ...scene.replica, revision: 0 }; // as in etcd
    const response = answer(scene, watch.id, {
      canceled: true,
      compactRevision: scheduled,
      header,
    });
    pushes.push({ call, response });
    next = spend(dropWatch(next, number), call, 0);
  }
  return [next, pushes];
}

/** One answer for all watches of the stream, if every one of them is up to date; otherwise the
 *  question is forgotten, as in etcd. What was pushed before tells all up to this revision. */
function tellProgress(watching: Watching, stream: Stream, scene: Scene): Watched {
  if (stream.ids.size === 0) return [watching, []];
  for (const [, number] of entries(stream.ids)) {
    const watch = get(watching.watches, number);
    if (watch === null || watch.start > scene.mvcc.revision) return [watching, []];
    if (!isLive(watching.hub, number)) return [watching, []];
  }
  const { call } = stream;
  return [spend(watching, call, 0), [{ call, response: answer(scene, NO_WATCH, {}) }]];
}

function deliver(watching: Watching, deliveries: readonly Delivery[], scene: Scene): Watched {
  let next = watching;
  const pushes: Push[] = [];
  const withPrevious = createPrevious(scene.mvcc, scene.view);
  for (const { watcher, events } of deliveries) {
    const watch = get(watching.watches, watcher.number);
    if (watch === null) continue;
    const told = watch.prevKv ? withPrevious(events) : events;
    const whole = answer(scene, watch.id, { events: told });
    const parts = watch.fragment ? fragments(whole, scene.responseBytes) : [whole];
    for (const response of parts) {
      pushes.push({ call: watch.call, response });
      next = spend(next, watch.call, sizeOfEvents(response.events));
    }
    if (!watch.progressNotify) continue;
    const toldIn = next.interval.number;
    next = { ...next, watches: set(next.watches, watcher.number, { ...watch, toldIn }) };
  }
  return [next, pushes];
}

function answer(scene: Scene, watchId: bigint, more: Partial<WatchResponse>): WatchResponse {
  return {
    kind: "watch",
    header: { ...scene.replica, revision: scene.mvcc.revision },
    watchId,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
    ...more,
  };
}

function roomOf({ streams }: Watching, { roomLimits }: Scene, told: number): StepRoom {
  return createRoom((call) => get(streams, call)?.pipe ?? null, roomLimits, told);
}

/** One more response is on its way, with events of this size. */
function spend(watching: Watching, call: CallId, bytes: number): Watching {
  const stream = get(watching.streams, call);
  if (stream === null) return watching;
  return withStream(watching, { ...stream, pipe: pushInto(stream.pipe, bytes) });
}

function joined(some: readonly Push[], more: readonly Push[]): readonly Push[] {
  return some.length === 0 ? more : [...some, ...more];
}

function withStream(watching: Watching, stream: Stream): Watching {
  return { ...watching, streams: set(watching.streams, stream.call, stream) };
}
