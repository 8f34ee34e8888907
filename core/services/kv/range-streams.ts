// Ranges that are answered in pieces, all at one revision: the one at which the first question was
// answered. That question is an ordinary range that only counts, so a stream is permitted, refused
// and made linearizable as any range is. The pieces are read here, one after the other, no further
// ahead than the client takes them, and no more in one step than ranges may read
// (core/step/chores.ts): streams whose clients would take more take turns.

import type { Bytes, CallContext, CallId } from "../../contract.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import type { Header, KeyValue, RangeRequest } from "../../api/request.ts";
import type { RangeStreamRequest, RangeStreamResponse } from "../../api/request-stream.ts";
import { NO_HEADER } from "../../turn/header.ts";
import { validate } from "./validate.ts";
import type { InternalAnswer, Take } from "../../turn/internal-calls.ts";
import { makeInternalCall, forgetInternalCall } from "../../turn/internal-calls.ts";
import { overlaid } from "../../kv/overlay.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove, set } from "../../lib/ordered-map.ts";
import { beginRange, continueRange } from "../../mvcc/range/range-walk.ts";
import { rowsOf } from "../../mvcc/store.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setStreams } from "../../turn/set-state.ts";
import { endStream } from "../../turn/turn.ts";

export type RangeStreams = Readonly<{
  open: OrderedMap<CallId, RangeStream>;
  last: CallId; // whose turn was last
}>;
type RangeStream = Readonly<{
  call: CallId;
  context: CallContext;
  request: RangeRequest;
  at: Opening | Pinned;
}>;
type Opening = Readonly<{ kind: "opening"; inner: CallId | null }>;
type Pinned = Readonly<{
  kind: "pinned";
  header: Header;
  revision: number;
  count: number; // of all keys, whatever the limit
  from: Bytes; // the next key
  left: number; // of the limit
  keys: number; // in the next piece, at most
  onTheirWay: readonly number[]; // the sizes of pieces that have not left for the client
}>;

const FIRST_KEYS = 10;
const KEYS_MAX = 10_000;
/** Drivers give credit back in lumps below this. */
const LUMP_BYTES = 64 * 1024;

export function createRangeStreams(): RangeStreams {
  return { open: createOrderedMap(), last: 0 as CallId };
}

export function openRangeStream(
  turn: Turn,
  call: CallId,
  { range }: RangeStreamRequest,
  context: CallContext,
): void {
  const error = refusalOf(turn, range);
  if (error !== null) return endStream(turn, call, error);
  keep(turn, { call, context, request: range, at: { kind: "opening", inner: null } });
}

/** Asks the questions that streams begin with. True: there was one. */
export function askRangeStreams(turn: Turn, take: Take): boolean {
  let asked = false;
  for (const [call, stream] of entries(turn.state.streams.rangeStreams.open)) {
    if (stream.at.kind !== "opening" || stream.at.inner !== null) continue;
    asked = true;
    const question = { ...stream.request, countOnly: true, limit: 0 };
    const inner = makeInternalCall(turn, take, call, question, stream.context);
    keep(turn, { ...stream, at: { kind: "opening", inner } });
  }
  return asked;
}

export function beginRangeStream(turn: Turn, { owner, result }: InternalAnswer): void {
  const stream = get(turn.state.streams.rangeStreams.open, owner);
  if (stream === null) return;
  if (!result.ok) return end(turn, owner, result.error);
  if (result.value.kind !== "range") return;
  const { request } = stream;
  const { header, count } = result.value;
  const revision = request.revision > 0 ? request.revision : header.revision;
  const left = request.limit > 0 ? request.limit : Infinity;
  const start = { from: request.key, left, keys: Math.min(FIRST_KEYS, left), onTheirWay: [] };
  const at: Pinned = { kind: "pinned", header, revision, count, ...start };
  if (!request.countOnly) return goOn(turn, { ...stream, at });
  push(turn, owner, { kvs: [], header, isLast: true, more: false, count });
  end(turn, owner, null);
}

/** So many pieces, the oldest ones, have left for the client. */
export function creditRangeStream(turn: Turn, call: CallId, items: number): void {
  const stream = get(turn.state.streams.rangeStreams.open, call);
  if (stream?.at.kind !== "pinned") return;
  const onTheirWay = stream.at.onTheirWay.slice(items);
  goOn(turn, { ...stream, at: { ...stream.at, onTheirWay } });
}

export function tickRangeStreams(turn: Turn): void {
  for (const [call, stream] of entries(turn.state.streams.rangeStreams.open)) {
    if (turn.state.now >= stream.context.deadline) end(turn, call, ERRORS.DeadlineExceeded);
  }
}

export function hasReadableStreams({ installing, config, streams }: NodeState): boolean {
  const { rangeStreams } = streams;
  if (rangeStreams.open.size === 0 || installing !== null) return false;
  const { requestBytes } = config.limits;
  for (const [, { at }] of entries(rangeStreams.open)) {
    if (at.kind === "pinned" && hasRoom(at, requestBytes)) return true;
  }
  return false;
}

/** Those behind the last one, and then from the first. */
export function resumeRangeStreams(turn: Turn): void {
  const { open, last } = turn.state.streams.rangeStreams;
  const next = (last + 1) as CallId;
  for (const [call, stream] of [...entries(open, next), ...entries(open, undefined, next)]) {
    if (isSpent(turn)) return;
    setStreams(turn, {
      ...turn.state.streams,
      rangeStreams: { ...turn.state.streams.rangeStreams, last: call },
    });
    goOn(turn, stream);
  }
}

export function dropRangeStream(turn: Turn, call: CallId): void {
  const { rangeStreams } = turn.state.streams;
  const stream = get(rangeStreams.open, call);
  if (stream === null) return;
  if (stream.at.kind === "opening" && stream.at.inner !== null)
    forgetInternalCall(turn, stream.at.inner);
  const open = remove(rangeStreams.open, call);
  setStreams(turn, { ...turn.state.streams, rangeStreams: { ...rangeStreams, open } });
}

/** The words of etcd for what it does not do in pieces. */
function refusalOf({ state }: Turn, range: RangeRequest): ApiError | null {
  const invalid = validate(range, state.config.limits.transactionOperations);
  if (invalid !== null) return invalid;
  const { sortOrder, sortTarget, minModRevision, maxModRevision } = range;
  const isByKey = sortOrder === "none" || (sortOrder === "ascend" && sortTarget === "key");
  if (!isByKey) return ERRORS.StreamedSort;
  const filters = [
    minModRevision,
    maxModRevision,
    range.minCreateRevision,
    range.maxCreateRevision,
  ];
  return filters.every((filter) => filter === 0) ? null : ERRORS.StreamedFilter;
}

/** Pieces until the pipe is full, the range is told, or the step has read enough. */
function goOn(turn: Turn, stream: RangeStream): void {
  const { store, config, installing } = turn.state;
  let { at } = stream;
  if (at.kind !== "pinned" || installing !== null) return keep(turn, stream);
  const { requestBytes } = config.limits;
  const view = overlaid(store.overlay, turn.kv);
  while (hasRoom(at, requestBytes) && !isSpent(turn)) {
    const from = { key: at.from, revision: at.revision, limit: 0 };
    const begun = beginRange(store.mvcc, { ...stream.request, ...from });
    if (!begun.ok) return end(turn, stream.call, begun.error);
    const { bytes } = turn.arriving;
    const rows = Math.min(at.keys, at.left, turn.arriving.rows);
    const { walk, kvs, left } = continueRange(begun.value, rowsOf(view), { rows, bytes });
    turn.arriving = { rows: turn.arriving.rows - kvs.length, bytes: left.bytes };
    const next = walk.left?.from ?? null;
    const isLast = next === null || kvs.length === at.left;
    const { header, count } = at;
    const more = next !== null;
    push(turn, stream.call, isLast ? { kvs, isLast, header, more, count } : pieceOf(kvs));
    if (isLast) return end(turn, stream.call, null);
    at = after(at, { kvs, next, bytes: bytes - left.bytes }, requestBytes);
  }
  keep(turn, { ...stream, at });
}

function isSpent({ arriving }: Turn): boolean {
  return arriving.rows <= 0 || arriving.bytes <= 0;
}

function hasRoom({ onTheirWay }: Pinned, requestBytes: number): boolean {
  const bytes = onTheirWay.reduce((sum, each) => sum + each, 0);
  return bytes < Math.max(requestBytes, LUMP_BYTES);
}

/** As in etcd, pieces are to be about as large as a request may be. */
function after(at: Pinned, { kvs, next, bytes }: Chunk, requestBytes: number): Pinned {
  const factor = bytes < requestBytes / 2 ? 2 : bytes > requestBytes * 2 ? 1 / 2 : 1;
  const keys = Math.min(KEYS_MAX, Math.max(1, Math.floor(at.keys * factor)));
  const onTheirWay = [...at.onTheirWay, bytes];
  return { ...at, from: next, left: at.left - kvs.length, keys, onTheirWay };
}

function pieceOf(kvs: readonly KeyValue[]): Told {
  return { kvs, isLast: false, header: NO_HEADER, more: false, count: 0 };
}

type Chunk = Readonly<{ kvs: readonly KeyValue[]; next: Bytes; bytes: number }>;
type Told = Omit<RangeStreamResponse, "kind">;

function push(turn: Turn, call: CallId, told: Told): void {
  const response: RangeStreamResponse = { kind: "range_stream", ...told };
  turn.effects.push({ kind: "call.push", call, response });
}

function end(turn: Turn, call: CallId, error: ApiError | null): void {
  dropRangeStream(turn, call);
  endStream(turn, call, error);
}

function keep(turn: Turn, stream: RangeStream): void {
  const { rangeStreams } = turn.state.streams;
  const open = set(rangeStreams.open, stream.call, stream);
  setStreams(turn, { ...turn.state.streams, rangeStreams: { ...rangeStreams, open } });
}
