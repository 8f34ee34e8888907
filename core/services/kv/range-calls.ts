// Ranges that are too large for one step, alone or in a transaction that only reads: a few of them
// at once take turns, a piece each (core/step/chores.ts), and the others wait until one ends. Only
// those few hold anything: the index that they began with, and what the driver was told to keep of
// their answers (`call.part`).
//
// A reading is pinned: it shows the store as it was when it began, whatever is written meanwhile,
// and that was after the call was made. What can be taken from it are rows that a compaction gives
// up, and the whole store when an image takes its place. Then it begins anew, of the store as it is
// by then; or it is refused, if it wants a revision that is no more. Whoever may not read any more
// what is read for him hears nothing of it: permission is asked for before each piece, and nothing
// leaves for the client before the last.

import type { CallContext, CallId, Millis } from "../../contract.ts";
import { addCall, findCall, UNCHECKED } from "../../turn/calls.ts";
import { replicaOf } from "../../turn/header.ts";
import type { RangeRequest, TxnRequest } from "../../api/request.ts";
import { refusalNow } from "../../turn/callers.ts";
import { requestTimeoutMs } from "../../config.ts";
import { isInternalCall } from "../../turn/internal-calls.ts";
import { overlaid } from "../../kv/overlay.ts";
import type { RangeBudget } from "../../mvcc/range/range-walk.ts";
import type { Reading, ReadPart } from "../../mvcc/txn/reading.ts";
import {
  answerOf,
  beginReading,
  continueReading,
  isAllRead,
  isReadingTaken,
} from "../../mvcc/txn/reading.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

export type RangeCalls = Readonly<{
  underWay: readonly RangeCall[]; // in the order of their turns
  waiting: readonly CallId[]; // for one of them to end, oldest first
}>;
type RangeCall = Readonly<{
  call: CallId;
  reading: Reading;
  isTold: boolean; // the driver has parts of its answer
  kept: readonly ReadPart[]; // of an internal call, which no driver knows of
}>;

/** What takes long holds up nobody: so long that only a member that is stuck comes to its end. */
const PATIENCE = 100;
/** Whatever else is asked in the same step, so little is always answered at once. */
const SMALL_ROWS = 16;

export function createRangeCalls(): RangeCalls {
  return { underWay: [], waiting: [] };
}

/** Answers at once what is small. */
export function serveRange(
  turn: Turn,
  { call, context }: Readonly<{ call: CallId; context: CallContext }>,
  request: RangeRequest | TxnRequest,
): void {
  const { store, config, now } = turn.state;
  const { rangeCalls } = turn.state.calls;
  if (turn.arriving.bytes > 0) {
    const view = overlaid(store.overlay, turn.kv);
    const begun = beginReading(store.mvcc, request);
    if (!begun.ok) return reply(turn, call, begun);
    const { bytes } = turn.arriving;
    const rows = Math.max(SMALL_ROWS, turn.arriving.rows);
    const { reading, parts, left, error } = continueReading(begun.value, view, { rows, bytes });
    turn.arriving = left;
    if (error !== null) return reply(turn, call, { ok: false, error });
    if (isAllRead(reading)) return answer(turn, call, reading, parts);
  }
  const serverDeadline = (now + PATIENCE * requestTimeoutMs(config)) as Millis;
  const waiting = { call, request, since: now, serverDeadline, context, queued: null };
  const pending = addCall(turn.state.calls.pending, { ...waiting, checked: UNCHECKED });
  const queue = { ...rangeCalls, waiting: [...rangeCalls.waiting, call] };
  setCalls(turn, { ...turn.state.calls, pending, rangeCalls: queue });
}

export function hasRangeCalls({ installing, calls }: NodeState): boolean {
  const { rangeCalls } = calls;
  return installing === null && rangeCalls.underWay.length + rangeCalls.waiting.length > 0;
}

/** A piece of one, or of as many as the budget is enough for. */
export function resumeRangeCalls(turn: Turn): void {
  const { rangeRows: rows, rangeBytes: bytes } = turn.state.config.limits;
  let left: RangeBudget = { rows, bytes };
  while (left.rows > 0 && left.bytes > 0 && hasRangeCalls(turn.state)) {
    admit(turn);
    const { underWay } = turn.state.calls.rangeCalls;
    const next = underWay[0];
    if (next !== undefined) {
      keep(turn, { underWay: underWay.slice(1) });
      left = goOn(turn, next, left);
    }
    left = { rows: left.rows - 1, bytes: left.bytes }; // that there is one costs something, too
  }
}

/** An image is in the place of the store: what was read is of another one. */
export function restartRangeCalls(turn: Turn): void {
  const { underWay } = turn.state.calls.rangeCalls;
  keep(turn, { underWay: [] });
  for (const each of underWay.toReversed()) beginAnew(turn, each);
}

/** Those that waited longest begin, as many as there is room for. */
function admit(turn: Turn): void {
  const { store, config } = turn.state;
  while (turn.state.calls.rangeCalls.underWay.length < config.limits.rangesAtOnce) {
    const { underWay, waiting } = turn.state.calls.rangeCalls;
    const call = waiting[0];
    if (call === undefined) return;
    keep(turn, { waiting: waiting.slice(1) });
    const found = findCall(turn.state.calls.pending, call);
    if (found === null) continue; // it timed out, or its client has gone
    const begun = beginReading(store.mvcc, found.request as RangeRequest | TxnRequest);
    if (!begun.ok) reply(turn, call, begun);
    else {
      const fresh = { call, reading: begun.value, isTold: false, kept: [] };
      keep(turn, { underWay: [...underWay, fresh] });
    }
  }
}

/** Returns what is left of the budget. */
function goOn(turn: Turn, each: RangeCall, budget: RangeBudget): RangeBudget {
  const { store } = turn.state;
  const { pending } = turn.state.calls;
  const { call } = each;
  const waiting = findCall(pending, call);
  if (waiting === null) return budget;
  const refusal = refusalNow(turn, waiting.request, waiting.context);
  if (refusal !== null) {
    reply(turn, call, { ok: false, error: refusal });
    return budget;
  }
  if (isReadingTaken(each.reading, store.mvcc)) {
    beginAnew(turn, each);
    return budget;
  }
  const view = overlaid(store.overlay, turn.kv);
  const { reading, parts, left, error } = continueReading(each.reading, view, budget);
  if (error !== null) reply(turn, call, { ok: false, error });
  else if (isAllRead(reading)) answer(turn, call, reading, [...each.kept, ...parts]);
  else {
    const after = tell(turn, { ...each, reading }, parts);
    keep(turn, { underWay: [...turn.state.calls.rangeCalls.underWay, after] });
  }
  return left;
}

function tell(turn: Turn, each: RangeCall, parts: readonly ReadPart[]): RangeCall {
  const { call } = each;
  if (isInternalCall(call)) return { ...each, kept: [...each.kept, ...parts] };
  let { isTold } = each;
  for (const part of parts) {
    turn.effects.push({ kind: "call.part", call, isFirst: !isTold, ...part });
    isTold = true;
  }
  return { ...each, isTold };
}

/** It is the next one to begin, and what was told of it is void. */
function beginAnew(turn: Turn, { call, isTold }: RangeCall): void {
  keep(turn, { waiting: [call, ...turn.state.calls.rangeCalls.waiting] });
  if (!isTold) return;
  turn.effects.push({ kind: "call.part", call, isFirst: true, operation: 0, kvs: [] });
}

function answer(turn: Turn, call: CallId, reading: Reading, parts: readonly ReadPart[]): void {
  const { config, raft } = turn.state;
  reply(turn, call, { ok: true, value: answerOf(reading, parts, replicaOf(config, raft)) });
}

function keep(turn: Turn, changed: Partial<RangeCalls>): void {
  const rangeCalls = { ...turn.state.calls.rangeCalls, ...changed };
  setCalls(turn, { ...turn.state.calls, rangeCalls });
}
