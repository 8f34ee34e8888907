// Hashes of a store that is too large for one step: so many rows at once, and the rest in pieces
// (core/step/chores.ts), so that a leader that hashes goes on leading.
//
// What HashKV hashes is pinned: a revision, and how far history was given up when the walk began.
// Later writes are above the revision, and rows that an earlier compaction still deletes are not
// looked at. Only a compaction that begins meanwhile takes what is to be hashed: then the walk
// begins anew, and members that compare their hashes hear that there is none. What Hash hashes is
// not pinned: it is everything, as it is when the walk comes by.

import type { CallContext, CallId, Millis, NodeId } from "../../contract.ts";
import { addCall, findCall, UNCHECKED } from "../../turn/calls.ts";
import { replicaOf } from "../../turn/header.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import type { HashKvRequest, HashRequest, Header } from "../../api/request.ts";
import { requestTimeoutMs } from "../../config.ts";
import { hashOfCompaction } from "../../corruption/compaction-hashes.ts";
import type { RevisionHash } from "../../corruption/message.ts";
import { assert } from "../../lib/assert.ts";
import { overlaid } from "../../kv/overlay.ts";
import type { HashWalk } from "../../mvcc/hash/hash.ts";
import { beginHash, beginStrictHash, continueHash } from "../../mvcc/hash/hash.ts";
import type { StoreWalk } from "../../mvcc/hash/hash-store.ts";
import { beginStoreHash, continueStoreHash, isStoreHashed } from "../../mvcc/hash/hash-store.ts";
import type { Mvcc } from "../../mvcc/store.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

/** Those under way, oldest first. */
export type HashCalls = readonly HashCall[];
type HashCall = Readonly<
  | { kind: "hash"; call: CallId; walk: StoreWalk }
  | { kind: "hash_kv"; call: CallId; request: HashKvRequest; walk: HashWalk }
  | Comparison
>;
type Comparison = Readonly<{ kind: "compare"; walk: HashWalk } & Comparing>;

/** For whom the hash is: this member, or the one that asked, by its own name for the question. */
export type Comparing = Readonly<{ asker: NodeId; id: bigint }>;

/** Takes the hash; null: what was to be hashed is gone. */
export type Compared = (turn: Turn, whom: Comparing, walk: HashWalk | null) => void;

/** A store may be large, and its hash is worth a wait. */
const PATIENCE = 10;

/** Answers at once where the store is small. */
export function beginHashCall(
  turn: Turn,
  { call, context }: Readonly<{ call: CallId; context: CallContext }>,
  request: HashRequest | HashKvRequest,
): void {
  const { store, config, now } = turn.state;
  if (request.kind === "hash_kv" && request.revision > 0) {
    // Zero is the present. (etcd takes it for a compaction at 0, if there was one.)
    const known = hashOfCompaction(turn.state.upkeep.corruption.compactions, request.revision);
    if (known !== null) return answerHashKv(turn, call, known); // though its rows are gone
  }
  const error = request.kind === "hash" ? null : refusalOfHashKv(store.mvcc, request.revision);
  if (error !== null) return reply(turn, call, { ok: false, error });
  const hashCall = goOn(
    turn,
    request.kind === "hash"
      ? { kind: "hash", call, walk: beginStoreHash() }
      : { kind: "hash_kv", call, request, walk: walkOf(store.mvcc, request) },
  );
  if (isOver(hashCall)) return answer(turn, hashCall);
  const serverDeadline = (now + PATIENCE * requestTimeoutMs(config)) as Millis;
  const waiting = { call, request, since: now, serverDeadline, context, queued: null };
  const pending = addCall(turn.state.calls.pending, { ...waiting, checked: UNCHECKED });
  setCalls(turn, {
    ...turn.state.calls,
    pending,
    hashCalls: [...turn.state.calls.hashCalls, hashCall],
  });
}

/** The pieces to come take this hash. */
export function beginComparison(turn: Turn, whom: Comparing, revision: number): void {
  const walk = beginStrictHash(turn.state.store.mvcc, revision);
  const hashCall = { kind: "compare", ...whom, walk } as const;
  setCalls(turn, { ...turn.state.calls, hashCalls: [...turn.state.calls.hashCalls, hashCall] });
}

/** Nobody wants them any more. */
export function dropComparisons(turn: Turn, isDropped: (whom: Comparing) => boolean): void {
  const hashCalls = turn.state.calls.hashCalls.filter(
    (each) => each.kind !== "compare" || !isDropped(each),
  );
  setCalls(turn, { ...turn.state.calls, hashCalls });
}

export function hasHashCalls({ installing, calls }: NodeState): boolean {
  return calls.hashCalls.length > 0 && installing === null;
}

/** One of them gets on: every piece for the first is what serves everybody soonest. */
export function resumeHashCalls(turn: Turn, compared: Compared): void {
  if (!hasHashCalls(turn.state)) return;
  const hashCalls = turn.state.calls.hashCalls.filter(
    (each) => each.kind === "compare" || findCall(turn.state.calls.pending, each.call) !== null,
  );
  setCalls(turn, { ...turn.state.calls, hashCalls });
  const [oldest, ...others] = hashCalls;
  if (oldest === undefined) return;
  const followed = followStore(turn, oldest, compared);
  const hashCall = followed === null ? null : goOn(turn, followed);
  const isDone = hashCall === null || isOver(hashCall);
  setCalls(turn, { ...turn.state.calls, hashCalls: isDone ? others : [hashCall, ...others] });
  if (hashCall === null || !isDone) return;
  if (hashCall.kind === "compare") compared(turn, hashCall, hashCall.walk);
  else answer(turn, hashCall);
}

/** Null: what was to be hashed is gone, and whoever waits is told. */
function followStore(turn: Turn, hashCall: HashCall, compared: Compared): HashCall | null {
  if (hashCall.kind === "hash") return hashCall;
  const { mvcc } = turn.state.store;
  const { walk } = hashCall;
  const isSame = walk.compacted === mvcc.compaction.scheduled && walk.revision <= mvcc.revision;
  if (isSame) return hashCall;
  if (hashCall.kind === "compare") {
    compared(turn, hashCall, null);
    return null;
  }
  const error = refusalOfHashKv(mvcc, hashCall.request.revision);
  if (error === null) return { ...hashCall, walk: walkOf(mvcc, hashCall.request) };
  reply(turn, hashCall.call, { ok: false, error });
  return null;
}

/** Only zero is the present: a revision below it is before everything, as in etcd. */
function walkOf(mvcc: Mvcc, { revision }: HashKvRequest): HashWalk {
  return beginHash(mvcc, revision === 0 ? mvcc.revision : revision);
}

function goOn(turn: Turn, hashCall: HashCall): HashCall {
  const { store, config } = turn.state;
  const view = overlaid(store.overlay, turn.kv);
  const { hashRows } = config.limits;
  if (hashCall.kind === "hash") {
    return { ...hashCall, walk: continueStoreHash(hashCall.walk, view, hashRows) };
  }
  return { ...hashCall, walk: continueHash(hashCall.walk, store.mvcc, view, hashRows) };
}

function isOver(hashCall: HashCall): boolean {
  return hashCall.kind === "hash" ? isStoreHashed(hashCall.walk) : hashCall.walk.next === null;
}

function answer(turn: Turn, hashCall: HashCall): void {
  const { store, config, raft } = turn.state;
  assert(hashCall.kind !== "compare", "members that compare their hashes made no call");
  if (hashCall.kind === "hash_kv") return answerHashKv(turn, hashCall.call, hashCall.walk);
  const header: Header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  const value = { kind: "hash", header, hash: hashCall.walk.hash } as const;
  reply(turn, hashCall.call, { ok: true, value });
}

function answerHashKv(turn: Turn, call: CallId, { revision, compacted, hash }: RevisionHash): void {
  const { store, config, raft } = turn.state;
  const header: Header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  const which = { compactRevision: compacted, hashRevision: revision };
  reply(turn, call, { ok: true, value: { kind: "hash_kv", header, hash, ...which } });
}

/** It may be of any revision that a range may be of. */
function refusalOfHashKv(mvcc: Mvcc, revision: number): ApiError | null {
  if (revision > mvcc.revision) return ERRORS.FutureRevision;
  return revision > 0 && revision < mvcc.compaction.scheduled ? ERRORS.Compacted : null;
}
