// Hash and HashKV of a store that is too large for one step: so many rows at once, and the rest
// tick by tick, so that a leader that is asked for its hash goes on leading.
//
// What HashKV hashes is pinned: a revision, and how far history was given up when the walk began.
// Later writes are above the revision, and rows that an earlier compaction still deletes are not
// looked at. Only a compaction that begins meanwhile takes what is to be hashed: then the walk
// begins anew. What Hash hashes is not pinned: it is everything, as it is when the walk comes by.

import type { CallContext, CallId, Millis } from "./contract.ts";
import { addCall, findCall, UNCHECKED } from "./api/calls.ts";
import { refusalOfHashKv, replicaOf } from "./api/handle.ts";
import type { HashKvRequest, HashRequest } from "./api/request.ts";
import { requestTimeoutMs } from "./config.ts";
import { overlaid } from "./kv/overlay.ts";
import type { HashWalk } from "./mvcc/hash.ts";
import { beginHash, continueHash } from "./mvcc/hash.ts";
import type { StoreWalk } from "./mvcc/hash-store.ts";
import { beginStoreHash, continueStoreHash, isStoreHashed } from "./mvcc/hash-store.ts";
import type { Mvcc } from "./mvcc/store.ts";
import type { Turn } from "./turn.ts";
import { reply } from "./turn.ts";

/** Those under way, oldest first. */
export type Surveys = readonly Survey[];
type Survey = Readonly<{ call: CallId }> &
  Readonly<{ request: HashKvRequest; walk: HashWalk } | { request: HashRequest; walk: StoreWalk }>;

/** A store may be large, and its hash is worth a wait. */
const PATIENCE = 10;

/** Answers at once where the store is small. */
export function beginSurvey(
  turn: Turn,
  { call, context }: Readonly<{ call: CallId; context: CallContext }>,
  request: HashRequest | HashKvRequest,
): void {
  const { store, config, now } = turn.state;
  const error = request.kind === "hash" ? null : refusalOfHashKv(store.mvcc, request.revision);
  if (error !== null) return reply(turn, call, { ok: false, error });
  const survey = goOn(
    turn,
    request.kind === "hash"
      ? { call, request, walk: beginStoreHash() }
      : { call, request, walk: walkOf(store.mvcc, request) },
  );
  if (survey === null) return;
  const serverDeadline = (now + PATIENCE * requestTimeoutMs(config)) as Millis;
  const waiting = { call, request, since: now, serverDeadline, context, queued: null };
  const calls = addCall(turn.state.calls, { ...waiting, checked: UNCHECKED });
  turn.state = { ...turn.state, calls, surveys: [...turn.state.surveys, survey] };
}

/** One of them gets on: all of a tick's time for the first is what serves everybody soonest. */
export function tickSurveys(turn: Turn): void {
  if (turn.state.installing !== null) return;
  const surveys = turn.state.surveys.filter(
    ({ call }) => findCall(turn.state.calls, call) !== null,
  );
  const [oldest, ...others] = surveys;
  if (oldest === undefined) {
    if (turn.state.surveys.length > 0) turn.state = { ...turn.state, surveys };
    return;
  }
  const survey = followStore(turn, oldest);
  const left = survey === null ? null : goOn(turn, survey);
  turn.state = { ...turn.state, surveys: left === null ? others : [left, ...others] };
}

/** Null: what was to be hashed is gone. */
function followStore(turn: Turn, survey: Survey): Survey | null {
  if (!isOfRevision(survey)) return survey;
  const { mvcc } = turn.state.store;
  const { walk, request, call } = survey;
  const isSame = walk.compacted === mvcc.compaction.scheduled && walk.revision <= mvcc.revision;
  if (isSame) return survey;
  const error = refusalOfHashKv(mvcc, request.revision);
  if (error === null) return { ...survey, walk: walkOf(mvcc, request) };
  reply(turn, call, { ok: false, error });
  return null;
}

/** Only zero is the present: a revision below it is before everything, as in etcd. */
function walkOf(mvcc: Mvcc, { revision }: HashKvRequest): HashWalk {
  return beginHash(mvcc, revision === 0 ? mvcc.revision : revision);
}

/** Null: it is through, and answered. */
function goOn(turn: Turn, survey: Survey): Survey | null {
  const { store, config, raft } = turn.state;
  const view = overlaid(store.overlay, turn.kv);
  const { hashRows } = config.limits;
  const header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
  if (!isOfRevision(survey)) {
    const walk = continueStoreHash(survey.walk, view, hashRows);
    if (!isStoreHashed(walk)) return { ...survey, walk };
    reply(turn, survey.call, { ok: true, value: { kind: "hash", header, hash: walk.hash } });
    return null;
  }
  const walk = continueHash(survey.walk, store.mvcc, view, hashRows);
  if (walk.next !== null) return { ...survey, walk };
  const { hash, compacted: compactRevision, revision: hashRevision } = walk;
  const value = { kind: "hash_kv", header, hash, compactRevision, hashRevision } as const;
  reply(turn, survey.call, { ok: true, value });
  return null;
}

function isOfRevision(survey: Survey): survey is Extract<Survey, { walk: HashWalk }> {
  return survey.request.kind === "hash_kv";
}
