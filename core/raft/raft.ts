// The door of the room: a Raft participant as a function. `stepRaft(state, input)` answers with the
// next state and with what must be written, said and shown; it has no clock, no disk and no chance
// of its own.
//
// A peer's message meets the rules about terms first (thesis §3.3, §4.2.3), and then its role. What
// a peer may send is never trusted further than Raft needs: a message that no correct peer could
// have sent is ignored, and none stops the node.

import type { Index, Millis, NodeId, SnapshotMeta, Term } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { below, createPrng, next } from "../lib/prng.ts";
import {
  countBallot,
  countOwnBallot,
  handleVoteRequest,
  refuseVote,
  standAtOnce,
  startTransfer,
  tick,
  trustsLeader,
} from "./election.ts";
import { answerStaleLeader, handleAppend, handleHeartbeat, handleSnapshot } from "./follower.ts";
import { firstSequence, remember } from "./forwards.ts";
import { append, commitTo, compactTo, createLog, markDurable } from "./log.ts";
import { configure } from "./membership.ts";
import { isImageOf, isWellFormed, type HardState, type Message } from "./message.ts";
import { snapshotSent, unreachable } from "./progress.ts";
import { NO_READS, requestRead } from "./read-index.ts";
import { countOwn, handleAppendResponse, handleHeartbeatResponse, propose } from "./replication.ts";
import { becomeFollower } from "./role.ts";
import type { RaftConfig, RaftInput, RaftOutput, RaftState, Restored } from "./state.ts";
import { mayRiseTo } from "./terms.ts";
import { beginTurn, endTurn, progressOf, send, setProgress, trace, type Turn } from "./turn.ts";

/** A follower that has just booted. `seed` must differ from boot to boot. What was read from the
 *  disk may have come from a cache, so none of it counts as durable, but for what the KV vouches
 *  for, until the first `persisted`: the node must sync what it read. */
export function createRaft(
  config: RaftConfig,
  restored: Restored,
  seed: bigint,
  now: Millis,
): RaftState {
  const { hard, voters, learners, applied } = restored;
  const log = restoreLog(restored);
  assert(Number.isSafeInteger(hard.term), `term ${hard.term} is not a safe integer`);
  assert(hard.term >= log.lastTerm, `term ${hard.term} is older than the log (${log.lastTerm})`);
  const [stream, warm] = next(createPrng(seed));
  const [jitter, prng] = below(warm, config.electionMs);
  return {
    config,
    term: hard.term,
    termSpan: { since: now, term: hard.term },
    vote: hard.vote,
    role: "follower",
    leader: null,
    voters: sorted(voters),
    learners: sorted(learners),
    configuredAt: applied,
    heldChanges: [],
    log,
    ballots: [],
    progress: [],
    reads: NO_READS,
    forwards: { nextSequence: firstSequence(stream), seen: [] },
    now,
    electionStartedAt: now,
    electionTimeoutMs: config.electionMs + jitter,
    leaderHeardAt: now,
    heartbeatDueAt: now,
    quorumCheckDueAt: now,
    stuck: { commit: log.commit, checks: 0 },
    transferee: null,
    transferEndsAt: now,
    persistedTerm: 0 as Term,
    persistedVote: null,
    prng,
  };
}

export function stepRaft(state: RaftState, input: RaftInput): RaftOutput {
  const turn = beginTurn(state);
  handle(turn, input);
  return endTurn(state, turn);
}

function handle(turn: Turn, input: RaftInput): void {
  switch (input.kind) {
    case "tick":
      return tick(turn, input.now);
    case "message":
      return receive(turn, input.from, input.message);
    case "propose":
      return proposeHere(turn, input.data);
    case "read_index":
      return readHere(turn, input.context);
    case "unreachable":
      return changeProgress(turn, input.peer, unreachable);
    case "persisted":
      return persisted(turn, input.hard, input.lastIndex, input.lastTerm);
    case "snapshot_sent":
      return changeProgress(turn, input.peer, (one) => snapshotSent(one, input.ok));
    case "snapshot_staged":
      return receiveSnapshot(turn, input.from, input.term, input.meta);
    case "transfer_leader":
      return startTransfer(turn, input.to);
    case "compact":
      turn.state = { ...turn.state, log: compactTo(turn.state.log, input.through) };
      return;
    case "configured":
      return configure(turn, input);
  }
}

function receive(turn: Turn, from: NodeId, message: Message): void {
  if (!isOther(turn.state, from) || !isWellFormed(message)) return;
  if (message.term > turn.state.term && !takeTerm(turn, from, message)) return;
  if (message.term < turn.state.term) receiveStale(turn, from, message);
  else receiveCurrent(turn, from, message);
}

/** A later term than ours. False: the message is of no consequence. */
function takeTerm(turn: Turn, from: NodeId, message: Message): boolean {
  const { kind, term } = message;
  if (kind === "pre_vote" || kind === "vote") {
    const pre = kind === "pre_vote";
    if (trustsLeader(turn.state) && (pre || !message.transfer)) {
      trace(turn, { kind: "vote_refused", term, to: from, pre, reason: "it has a leader" });
      return false;
    }
    if (pre) return true; // it asks about a term that nobody has taken yet
  }
  if (kind === "pre_vote_response" && message.granted) return true; // it repeats what was asked
  if (!mayRiseTo(turn, term, from)) return false;
  becomeFollower(turn, term, kind === "append" || kind === "heartbeat" ? from : null);
  return true;
}

/** An older term than ours. Who still asks or leads in it must learn that it is over; an answer is
 *  of no use to anyone any more. */
function receiveStale(turn: Turn, from: NodeId, message: Message): void {
  const { kind } = message;
  if (kind === "append" || kind === "heartbeat") answerStaleLeader(turn, from);
  if (kind === "vote" || kind === "pre_vote") refuseVote(turn, from, message, "its term is over");
}

/** A message of our term; or of the one after it, if it is about a pre-vote. */
function receiveCurrent(turn: Turn, from: NodeId, message: Message): void {
  const { role, term } = turn.state;
  switch (message.kind) {
    case "pre_vote":
    case "vote":
      return handleVoteRequest(turn, from, message);
    case "pre_vote_response": {
      const asked = message.granted ? term + 1 : term;
      if (role !== "pre_candidate" || message.term !== asked) return;
      return countBallot(turn, from, message.granted);
    }
    case "vote_response":
      if (role === "candidate") countBallot(turn, from, message.granted);
      return;
    case "append":
      if (mayLead(turn.state, from)) handleAppend(turn, from, message);
      return;
    case "heartbeat":
      if (mayLead(turn.state, from)) handleHeartbeat(turn, from, message.commit, message.round);
      return;
    case "append_response":
      if (hasProgress(turn.state, from)) handleAppendResponse(turn, from, message);
      return;
    case "heartbeat_response":
      if (hasProgress(turn.state, from)) handleHeartbeatResponse(turn, from, message.round);
      return;
    case "propose":
      if (!hasProgress(turn.state, from)) return;
      return proposeForwarded(turn, from, message.sequence, message.data);
    case "read_index":
      if (hasProgress(turn.state, from)) requestRead(turn, from, message.context);
      return;
    case "read_index_response":
      if (from !== turn.state.leader) return;
      turn.reads.push({ context: message.context, index: message.index });
      return;
    case "lease_ask":
    case "lease_answer":
    case "promotion_ask":
    case "promotion_refused":
    case "hash_ask":
    case "hash_answer":
      return; // the node took them before
    case "timeout_now":
      if (mayLead(turn.state, from)) standAtOnce(turn, from);
      return;
  }
}

function receiveSnapshot(turn: Turn, from: NodeId, term: Term, meta: SnapshotMeta): void {
  if (!isOther(turn.state, from) || !isImageOf(meta, term)) return;
  if (term < turn.state.term) return answerStaleLeader(turn, from);
  if (term > turn.state.term) {
    if (!mayRiseTo(turn, term, from)) return;
    becomeFollower(turn, term, from);
  }
  if (!mayLead(turn.state, from)) return;
  const members = { voters: sorted(meta.voters), learners: sorted(meta.learners) };
  handleSnapshot(turn, from, { ...meta, ...members });
}

function proposeHere(turn: Turn, data: Uint8Array): void {
  const { role, leader, term, forwards } = turn.state;
  if (role === "leader") {
    turn.dropped = !propose(turn, data);
  } else if (leader === null) {
    turn.dropped = true;
  } else {
    const sequence = forwards.nextSequence;
    turn.state = { ...turn.state, forwards: { ...forwards, nextSequence: sequence + 1 } };
    send(turn, leader, "nothing", { kind: "propose", term, sequence, data });
  }
}

/** A forwarded proposal that finds no room is lost, as it could have been on its way. */
function proposeForwarded(turn: Turn, from: NodeId, sequence: number, data: Uint8Array): void {
  const { forwards } = turn.state;
  const seen = remember(forwards.seen, from, sequence);
  if (seen === null) return;
  turn.state = { ...turn.state, forwards: { ...forwards, seen } };
  propose(turn, data);
}

function readHere(turn: Turn, context: bigint): void {
  const { role, leader, term, config } = turn.state;
  if (role === "leader") requestRead(turn, config.id, context);
  else if (leader === null) turn.reads.push({ context, index: null });
  else send(turn, leader, "nothing", { kind: "read_index", term, context });
}

/** Writes end in the order in which they began, so the term on disk tells in which term this one
 *  began. An entry counts as durable only if that is still the term: within one term a log never
 *  holds again what it once replaced, but over several it may, and then (index, term) would
 *  deceive. */
function persisted(turn: Turn, hard: HardState | null, lastIndex: Index, lastTerm: Term): void {
  if (hard !== null) {
    assert(hard.term >= turn.state.persistedTerm, `term ${hard.term} came late to the disk`);
    turn.state = { ...turn.state, persistedTerm: hard.term, persistedVote: hard.vote };
  }
  const { persistedTerm, term, log } = turn.state;
  if (persistedTerm !== term) return;
  turn.state = { ...turn.state, log: markDurable(log, lastIndex, lastTerm) };
  if (turn.state.role === "leader") countOwn(turn);
  else countOwnBallot(turn);
}

function changeProgress(
  turn: Turn,
  peer: NodeId,
  change: (progress: RaftState["progress"][number]) => RaftState["progress"][number],
): void {
  if (peer === turn.state.config.id || !hasProgress(turn.state, peer)) return;
  setProgress(turn, change(progressOf(turn.state, peer)));
}

/** Strangers are heard: they may have joined, and even lead, by changes that this node is yet to
 *  apply. But none of them counts. */
function isOther(state: RaftState, from: NodeId): boolean {
  return from !== state.config.id;
}

/** Does this node lead, and serve that one? */
function hasProgress({ role, progress }: RaftState, id: NodeId): boolean {
  return role === "leader" && progress.some((one) => one.id === id);
}

/** There is one leader in a term; whoever else claims it is not heard. */
function mayLead(state: RaftState, from: NodeId): boolean {
  return state.leader === null || state.leader === from;
}

function restoreLog(restored: Restored): RaftState["log"] {
  const { hard, applied, compactedIndex, compactedTerm, entries } = restored;
  const empty = createLog(compactedIndex, compactedTerm);
  const full = entries.length === 0 ? empty : append(empty, entries);
  assert(applied >= compactedIndex, `the log begins at ${compactedIndex}, the KV at ${applied}`);
  assert(applied <= full.lastIndex, `the KV (${applied}) is ahead of the log (${full.lastIndex})`);
  // The last write may have been torn behind a commit index that it announced.
  const commit = Math.min(Math.max(hard.commit, applied), full.lastIndex) as Index;
  return { ...commitTo(full, commit), durableIndex: applied };
}

function sorted(ids: readonly NodeId[]): readonly NodeId[] {
  return ids.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
