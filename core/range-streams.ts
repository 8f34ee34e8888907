// Ranges that are answered in pieces, all at one revision: the one at which the first question was
// answered. That question is an ordinary range that only counts, so a stream is permitted, refused
// and made linearizable as any range is. The pieces are read here, one after the other, no further
// ahead than the client takes them.

import type { Bytes, CallContext, CallId } from "./contract.ts";
import type { ApiError } from "./api/errors.ts";
import { ERRORS } from "./api/errors.ts";
import type { Header, RangeRequest } from "./api/request.ts";
import type { RangeStreamRequest, RangeStreamResponse } from "./api/request-stream.ts";
import { NO_HEADER } from "./api/handle.ts";
import { validate } from "./api/validate.ts";
import type { InnerAnswer, Take } from "./inner-calls.ts";
import { callInner, forgetInner } from "./inner-calls.ts";
import { overlaid } from "./kv/overlay.ts";
import type { OrderedMap } from "./lib/ordered-map.ts";
import { entries, get, remove, set } from "./lib/ordered-map.ts";
import type { Chunk } from "./mvcc/range-chunk.ts";
import { readChunk } from "./mvcc/range-chunk.ts";
import type { Turn } from "./turn.ts";
import { endStream } from "./turn.ts";

export type RangeStreams = OrderedMap<CallId, RangeStream>;
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
const KEYS_MAX = 10_000; // or one step would read for long
const KEY_VALUE_BYTES = 24; // what a key and a value take beyond their own bytes, or so
/** Drivers give credit back in lumps below this. */
const LUMP_BYTES = 64 * 1024;

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
  for (const [call, stream] of entries(turn.state.rangeStreams)) {
    if (stream.at.kind !== "opening" || stream.at.inner !== null) continue;
    asked = true;
    const question = { ...stream.request, countOnly: true, limit: 0 };
    const inner = callInner(turn, take, call, question, stream.context);
    keep(turn, { ...stream, at: { kind: "opening", inner } });
  }
  return asked;
}

export function beginRangeStream(turn: Turn, { owner, result }: InnerAnswer): void {
  const stream = get(turn.state.rangeStreams, owner);
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
  const stream = get(turn.state.rangeStreams, call);
  if (stream?.at.kind !== "pinned") return;
  const onTheirWay = stream.at.onTheirWay.slice(items);
  goOn(turn, { ...stream, at: { ...stream.at, onTheirWay } });
}

export function tickRangeStreams(turn: Turn): void {
  for (const [call, stream] of entries(turn.state.rangeStreams)) {
    if (turn.state.now >= stream.context.deadline) end(turn, call, ERRORS.DeadlineExceeded);
    else goOn(turn, stream); // an image may have been on its way
  }
}

export function dropRangeStream(turn: Turn, call: CallId): void {
  const stream = get(turn.state.rangeStreams, call);
  if (stream === null) return;
  if (stream.at.kind === "opening" && stream.at.inner !== null) forgetInner(turn, stream.at.inner);
  turn.state = { ...turn.state, rangeStreams: remove(turn.state.rangeStreams, call) };
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

/** Pieces until the pipe is full, or the range is told. */
function goOn(turn: Turn, stream: RangeStream): void {
  const { store, config, installing } = turn.state;
  let { at } = stream;
  if (at.kind !== "pinned" || installing !== null) return keep(turn, stream);
  const { requestBytes } = config.limits;
  const view = overlaid(store.overlay, turn.kv);
  while (hasRoom(at, requestBytes)) {
    const limit = Math.min(at.keys, at.left);
    const read = readChunk(store.mvcc, view, stream.request, { ...at, limit });
    if (!read.ok) return end(turn, stream.call, read.error);
    const { kvs, next } = read.value;
    const isLast = next === null || kvs.length === at.left;
    const { header, count } = at;
    const more = next !== null;
    push(turn, stream.call, isLast ? { kvs, isLast, header, more, count } : pieceOf(kvs));
    if (isLast) return end(turn, stream.call, null);
    at = after(at, read.value, next, requestBytes);
  }
  keep(turn, { ...stream, at });
}

function hasRoom({ onTheirWay }: Pinned, requestBytes: number): boolean {
  const bytes = onTheirWay.reduce((sum, each) => sum + each, 0);
  return bytes < Math.max(requestBytes, LUMP_BYTES);
}

/** As in etcd, pieces are to be about as large as a request may be. */
function after(at: Pinned, { kvs, bytes }: Chunk, next: Bytes, requestBytes: number): Pinned {
  const size = bytes + KEY_VALUE_BYTES * kvs.length;
  const factor = size < requestBytes / 2 ? 2 : size > requestBytes * 2 ? 1 / 2 : 1;
  const keys = Math.min(KEYS_MAX, Math.max(1, Math.floor(at.keys * factor)));
  const onTheirWay = [...at.onTheirWay, size];
  return { ...at, from: next, left: at.left - kvs.length, keys, onTheirWay };
}

function pieceOf(kvs: Chunk["kvs"]): Told {
  return { kvs, isLast: false, header: NO_HEADER, more: false, count: 0 };
}

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
  const rangeStreams = set(turn.state.rangeStreams, stream.call, stream);
  turn.state = { ...turn.state, rangeStreams };
}
