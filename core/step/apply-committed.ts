// Entries that are committed and durable here are applied, in order, as many as fit into one step.
// What is left goes on with the next `resume`, behind everything that waits; so does the rest of an
// entry that is too much for one step (core/apply/large.ts).
//
// All that one step applied is one `kv` effect, and an entry is in it whole or not at all.

import type { CallId, Index, KvWrite, Result } from "../contract.ts";
import type { Outcome, Store } from "../apply/apply.ts";
import { beginEntry, continueEntry, type EntryProgress } from "../apply/apply.ts";
import type { Origin } from "../apply/commands/command.ts";
import { findCall } from "../turn/calls.ts";
import { ERRORS } from "../api/errors.ts";
import { replicaOf } from "../turn/header.ts";
import type { Response } from "../api/request.ts";
import { configurationOf } from "../membership/membership.ts";
import { noteTokens } from "../turn/callers.ts";
import { noteCompaction } from "../services/corruption/hash-checks.ts";
import { isInternalCall, traceInternalWrite } from "../turn/internal-calls.ts";
import { putApplied } from "../kv/tables.ts";
import { noteLease } from "../services/lease/expiry.ts";
import { broken } from "../lib/assert.ts";
import { pushAll } from "../lib/lists.ts";
import type { Budget } from "../mvcc/budget.ts";
import { isSpent } from "../mvcc/budget.ts";
import type { NodeState } from "../node-state.ts";
import { tellToken } from "../services/auth/passwords.ts";
import { isChange } from "../raft/changes.ts";
import { entriesBetween } from "../raft/log.ts";
import type { Entry } from "../raft/message.ts";
import { noteApplied } from "../services/concurrency/locks.ts";
import { publishApplied } from "./streaming.ts";
import type { Turn } from "../turn/turn.ts";
import { setCalls, setUpkeep } from "../turn/set-state.ts";
import { reply, tellPeers, tellRaft } from "../turn/turn.ts";

/** What one step applies at most, besides a number of rows (limits.applyRows). */
const APPLY_BYTES_MAX = 8 * 1024 * 1024;
/** Of previous values, which answers may show. */
const READ_BYTES_MAX = 1024 * 1024;

/** What one step applied so far. */
type Batch = { store: Store; readonly writes: KvWrite[]; hasChanges: boolean };

/** An entry is applied once it is committed and durable here, so the KV never leads the WAL. One
 *  that was too much for a step goes on when the node is resumed, and those behind it wait. */
export function applyCommitted(turn: Turn, isResumed: boolean): void {
  const { applying, installing, store, config, raft } = turn.state;
  if (installing !== null || (applying !== null && !isResumed)) return;
  const budget: Budget = { rows: config.limits.applyRows, bytes: READ_BYTES_MAX };
  const batch: Batch = { store, writes: [], hasChanges: false };
  if (applying !== null) {
    const progress = continueEntry(store, applying, turn.kv, replicaOf(config, raft), budget);
    if (!note(turn, batch, applying.entry, progress)) return;
  }
  applyNext(turn, budget, batch);
  hand(turn, batch);
}

/** Whether there is more to apply. */
export function hasUnapplied({ raft, store, installing, upkeep }: NodeState): boolean {
  if (installing !== null || upkeep.admission.kind !== "open") return false;
  return store.applied < Math.min(raft.log.commit, raft.log.durableIndex);
}

function applyNext(turn: Turn, budget: Budget, batch: Batch): void {
  const { raft, config } = turn.state;
  const { commit, durableIndex } = raft.log;
  const from = (batch.store.applied + 1) as Index;
  const through = Math.min(commit, durableIndex, batch.store.applied + budget.rows) as Index;
  const replica = replicaOf(config, raft);
  const isAsked = (origin: Origin): boolean => isWaiting(turn.state, origin);
  const wanted = through < from ? [] : entriesBetween(raft.log, from, through, APPLY_BYTES_MAX);
  for (const entry of wanted) {
    if (isSpent(budget)) break;
    const { store } = batch;
    if (entry.index !== store.applied + 1) broken(`entry ${entry.index} after ${store.applied}`);
    const progress = beginEntry(store, entry, turn.kv, replica, isAsked, budget);
    if (!note(turn, batch, entry, progress)) return;
  }
}

/** False: the entry is not done yet. */
function note(turn: Turn, batch: Batch, entry: Entry, progress: EntryProgress): boolean {
  if (progress.kind === "going") {
    turn.state = { ...turn.state, applying: progress.applying };
    return false;
  }
  const { applied, tokens } = progress;
  turn.state = { ...turn.state, applying: null };
  if (applied.store.mvcc.compaction !== batch.store.mvcc.compaction) {
    noteCompaction(turn, batch.store, applied.store.mvcc);
  }
  batch.store = applied.store;
  pushAll(batch.writes, applied.writes);
  if (tokens !== null) noteTokens(turn, tokens);
  batch.hasChanges ||= isChange(entry.data);
  if (applied.lease !== null) noteLease(turn, applied.lease, entry.index);
  if (applied.change !== null) {
    const event = { kind: "member_changed", index: entry.index, change: applied.change } as const;
    turn.effects.push({ kind: "trace", event });
  }
  publishApplied(turn, applied.store, applied.writes);
  noteApplied(turn, applied.store, applied.writes);
  if (applied.outcome !== null) {
    tell(turn, applied.outcome);
    traceInternalWrite(turn, entry, applied.outcome);
  }
  return true;
}

/** What the step applied is the store from now on. */
function hand(turn: Turn, { store: next, writes, hasChanges }: Batch): void {
  const { store } = turn.state;
  if (next.applied === store.applied) return;
  const { applied: index, appliedTerm: term } = next;
  const configuration = configurationOf(next.members);
  const { voters, learners } = configuration;
  writes.push(putApplied({ index, term, voters, learners }));
  turn.state = { ...turn.state, store: next };
  turn.effects.push({ kind: "kv", applied: index, writes });
  const { finished } = next.mvcc.compaction;
  if (finished > store.mvcc.compaction.finished) {
    turn.effects.push({ kind: "trace", event: { kind: "compacted", revision: finished } });
  }
  if (next.members !== store.members) tellPeers(turn);
  if (!hasChanges) return;
  tellRaft(turn, { kind: "configured", index, ...configuration });
  applyCommitted(turn, false); // fewer voters may have committed more
}

/** The outcome is everybody's; only the life of the node that asked has someone waiting for it. */
function isWaiting({ config, life, calls }: NodeState, { node, life: its, call }: Origin): boolean {
  if (isInternalCall(call)) return true; // every member tells of it
  return node === config.node && its === life && findCall(calls.pending, call) !== null;
}

function tell(turn: Turn, outcome: Outcome): void {
  const { origin } = outcome;
  if (origin.node !== turn.state.config.node || origin.life !== turn.state.life) return;
  if (outcome.kind === "published") {
    if (turn.state.upkeep.publish.kind === "done") return;
    setUpkeep(turn, { ...turn.state.upkeep, publish: { kind: "done" } });
    turn.effects.push({ kind: "trace", event: { kind: "published" } });
  } else if (findCall(turn.state.calls.pending, origin.call) !== null) {
    tellResult(turn, origin.call, outcome.result);
  }
}

/** A compaction that is to be physical is answered when its rows are gone. */
function tellResult(turn: Turn, call: CallId, result: Result<Response>): void {
  const waiting = findCall(turn.state.calls.pending, call);
  if (waiting === null) return;
  const { request } = waiting;
  if (request.kind === "authenticate") return tellToken(turn, waiting, result);
  if (result.ok && result.value.kind === "alarm" && request.kind !== "alarm") {
    return reply(turn, call, { ok: false, error: ERRORS.NoSpace }); // proposed in its stead
  }
  if (request.kind !== "compact" || !request.physical || !result.ok) {
    return reply(turn, call, result);
  }
  setCalls(turn, { ...turn.state.calls, waits: [...turn.state.calls.waits, call] });
}
