// What a step does after its input, whatever the input was: hand queued writes to a leader, apply
// what is committed and durable here, serve the reads whose index is applied.

import type { CallId, Index, KvWrite, Result } from "./contract.ts";
import type { Outcome } from "./apply/apply.ts";
import { applyEntry } from "./apply/apply.ts";
import { encodeCommand, NOBODY } from "./apply/command.ts";
import { findCall, markProposed } from "./api/calls.ts";
import { ERRORS } from "./api/errors.ts";
import { replicaOf } from "./api/handle.ts";
import { maybeAsk } from "./api/reads.ts";
import type { Response } from "./api/request.ts";
import { startBackups } from "./backups.ts";
import { noteTokens } from "./callers.ts";
import { noteCompaction } from "./corruption.ts";
import { configurationOf } from "./apply/membership.ts";
import { putApplied } from "./kv/tables.ts";
import { assert, broken } from "./lib/assert.ts";
import { traceInner } from "./inner-calls.ts";
import { askLeader, followLeadership, noteLease, serveTold } from "./leases.ts";
import { isWalking } from "./mvcc/compaction.ts";
import { isChange } from "./raft/changes.ts";
import { entriesBetween } from "./raft/log.ts";
import { noteApplied } from "./recipes.ts";
import { tellToken } from "./passwords.ts";
import { askForPromotions } from "./promotions.ts";
import { serveReads } from "./serve-reads.ts";
import { publishApplied } from "./streaming.ts";
import type { Turn } from "./turn.ts";
import { reply, tellPeers, tellRaft } from "./turn.ts";
import { serveWaits } from "./waits.ts";
import { pushAll } from "./lib/lists.ts";

/** What one step applies at most: a node that has much to catch up still hears its peers in
 *  between. */
const APPLY_ENTRIES_MAX = 1000;
const APPLY_BYTES_MAX = 8 * 1024 * 1024;

export function advance(turn: Turn): void {
  proposeQueued(turn);
  askLeader(turn);
  askForReads(turn);
  askForPromotions(turn);
  applyCommitted(turn);
  followLeadership(turn);
  maybeWalk(turn);
  serveReads(turn);
  serveTold(turn);
  serveWaits(turn);
  startBackups(turn);
}

/** Tells the cluster this member's name and client URLs, again after a while if nothing came of
 *  it. */
export function maybePublish(turn: Turn): void {
  const { publish, config, life, now, raft } = turn.state;
  if (publish.kind === "done" || raft.leader === null) return;
  if (publish.askedAt !== null && now - publish.askedAt < config.electionMs) return;
  const origin = { node: config.node, life, call: NOBODY };
  const { name, clientUrls } = config;
  turn.state = { ...turn.state, publish: { kind: "waiting", askedAt: now } };
  tellRaft(turn, {
    kind: "propose",
    data: encodeCommand({ kind: "publish", origin, name, clientUrls }),
  });
}

/** Writes wait here, as in etcd, while there is no leader to propose to. */
function proposeQueued(turn: Turn): void {
  for (const call of turn.state.calls.queued) {
    if (turn.state.raft.leader === null) return;
    const waiting = findCall(turn.state.calls, call);
    assert(waiting !== null && waiting.queued !== null, `queued call ${call} has no command`);
    if (!tellRaft(turn, { kind: "propose", data: waiting.queued })) return;
    turn.state = { ...turn.state, calls: markProposed(turn.state.calls, waiting) };
  }
}

function askForReads(turn: Turn): void {
  const { reads, life, now, config, raft } = turn.state;
  if (raft.leader === null || (reads.asked === null && reads.next.length === 0)) return;
  const [asked, context] = maybeAsk(reads, life, now, Math.ceil(config.electionMs / 2));
  if (context === null) return;
  turn.state = { ...turn.state, reads: asked };
  tellRaft(turn, { kind: "read_index", context });
}

/** An entry is applied once it is committed and durable here, so the KV never leads the WAL. */
function applyCommitted(turn: Turn): void {
  const { raft, config, store } = turn.state;
  if (turn.state.installing !== null) return;
  const { commit, durableIndex } = raft.log;
  const from = (store.applied + 1) as Index;
  const through = Math.min(commit, durableIndex, store.applied + APPLY_ENTRIES_MAX) as Index;
  if (through < from) return;
  const replica = replicaOf(config, raft);
  const writes: KvWrite[] = [];
  let next = store;
  let hasChanges = false;
  for (const entry of entriesBetween(raft.log, from, through, APPLY_BYTES_MAX)) {
    if (entry.index !== next.applied + 1)
      broken(`entry ${entry.index} applied after ${next.applied}`);
    const applied = applyEntry(next, entry, turn.kv, replica);
    if (applied.store.mvcc.compaction !== next.mvcc.compaction) {
      noteCompaction(turn, next, applied.store.mvcc);
    }
    next = applied.store;
    pushAll(writes, applied.writes);
    if (applied.tokens !== null) noteTokens(turn, applied.tokens);
    hasChanges ||= isChange(entry.data);
    if (applied.lease !== null) noteLease(turn, applied.lease, entry.index);
    if (applied.change !== null) {
      const { change } = applied;
      const event = { kind: "member_changed", index: entry.index, change } as const;
      turn.effects.push({ kind: "trace", event });
    }
    publishApplied(turn, next, applied.writes);
    noteApplied(turn, next, applied.writes);
    if (applied.outcome !== null) {
      tell(turn, applied.outcome);
      traceInner(turn, entry, applied.outcome);
    }
  }
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
  applyCommitted(turn); // fewer voters may have committed more
}

/** The outcome is everybody's; only the life of the node that asked has someone waiting for it. */
function tell(turn: Turn, outcome: Outcome): void {
  const { origin } = outcome;
  if (origin.node !== turn.state.config.node || origin.life !== turn.state.life) return;
  if (outcome.kind === "published") {
    if (turn.state.publish.kind === "done") return;
    turn.state = { ...turn.state, publish: { kind: "done" } };
    turn.effects.push({ kind: "trace", event: { kind: "published" } });
  } else if (findCall(turn.state.calls, origin.call) !== null) {
    tellResult(turn, origin.call, outcome.result);
  }
}

/** A compaction that is to be physical is answered when its rows are gone. */
function tellResult(turn: Turn, call: CallId, result: Result<Response>): void {
  const waiting = findCall(turn.state.calls, call);
  if (waiting === null) return;
  const { request } = waiting;
  if (request.kind === "authenticate") return tellToken(turn, waiting, result);
  if (result.ok && result.value.kind === "alarm" && request.kind !== "alarm") {
    return reply(turn, call, { ok: false, error: ERRORS.NoSpace }); // proposed in its stead
  }
  if (request.kind !== "compact" || !request.physical || !result.ok) {
    return reply(turn, call, result);
  }
  turn.state = { ...turn.state, waits: [...turn.state.waits, call] };
}

/** The leader proposes the next step of an unfinished compaction once the one before is applied. */
function maybeWalk(turn: Turn): void {
  const { raft, store, config, life, now, walking, installing } = turn.state;
  if (raft.role !== "leader" || installing !== null || !isWalking(store.mvcc)) return;
  const { next, scheduled } = store.mvcc.compaction;
  const isAsked = walking?.next === next && walking.scheduled === scheduled;
  if (isAsked && now - walking.askedAt < config.electionMs) return;
  const origin = { node: config.node, life, call: NOBODY };
  const rows = config.limits.compactionRows;
  turn.state = { ...turn.state, walking: { next, scheduled, askedAt: now } };
  const data = encodeCommand({ kind: "compact_step", origin, next, rows });
  tellRaft(turn, { kind: "propose", data });
}
