// Elections: who may stand, who votes for whom, and when a leader gives up (thesis §3.4, §3.10,
// §6.2, §9.6).

import type { Index, Millis, NodeId, Term } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { hasUnappliedChange } from "./changes.ts";
import { isUpToDate } from "./log.ts";
import type { Message } from "./message.ts";
import { createProgress, ownProgress } from "./progress.ts";
import { isQuorum, verdict } from "./quorum.ts";
import { broadcastHeartbeats, NO_READS } from "./read-index.ts";
import { appendEmpty, maybeHandOver, replicateTo } from "./replication.ts";
import { becomeFollower, resetElectionTimer } from "./role.ts";
import type { RaftState, Stuck } from "./state.ts";
import { mayRiseTo } from "./terms.ts";
import { send, sendToOthers, trace, type Turn } from "./turn.ts";

/** Quorum checks, one election timeout apart: disks and networks may be slow, but not for ever. */
const STUCK_CHECKS_MAX = 20;

type VoteRequest = Extract<Message, { kind: "vote" | "pre_vote" }>;

export function tick(turn: Turn, now: Millis): void {
  const { state } = turn;
  turn.state = { ...state, now: Math.max(state.now, now) as Millis };
  if (state.role === "leader") tickLeader(turn);
  else if (isElectionDue(turn.state)) startElection(turn);
}

/** Does this node still count on a leader? Then it lets nobody disturb it (thesis §4.2.3). */
export function trustsLeader(state: RaftState): boolean {
  if (state.role === "leader") return true;
  return state.leader !== null && state.now - state.leaderHeardAt < state.config.electionMs;
}

/** A request for this term or, if it is a pre-vote, for a later one. */
export function handleVoteRequest(turn: Turn, from: NodeId, message: VoteRequest): void {
  const { state } = turn;
  const pre = message.kind === "pre_vote";
  const kind = pre ? "pre_vote_response" : "vote_response";
  const reason = refusal(state, from, message);
  if (reason !== null) return refuseVote(turn, from, message, reason);
  // The answer to a pre-vote repeats the term asked for, which is not this node's.
  send(turn, from, "term", { kind, term: message.term, granted: true });
  trace(turn, { kind: "vote_granted", term: message.term, to: from, pre });
  if (!pre) turn.state = { ...state, vote: from, electionStartedAt: state.now };
}

/** Say no, in this node's own term: a higher one makes the candidate step down. */
export function refuseVote(turn: Turn, to: NodeId, message: VoteRequest, reason: string): void {
  const { term } = turn.state;
  const pre = message.kind === "pre_vote";
  const kind = pre ? "pre_vote_response" : "vote_response";
  send(turn, to, "term", { kind, term, granted: false });
  trace(turn, { kind: "vote_refused", term: message.term, to, pre, reason });
}

/** An answer in the election that this node is running. */
export function countBallot(turn: Turn, voter: NodeId, granted: boolean): void {
  const { state } = turn;
  assert(state.role === "candidate" || state.role === "pre_candidate", "nobody is standing");
  if (!state.voters.includes(voter)) return;
  if (state.ballots.some((ballot) => ballot.voter === voter)) return;
  turn.state = { ...state, ballots: [...state.ballots, { voter, granted }] };
  decide(turn);
}

/** The candidate's own ballot is cast when its vote is on disk, like everyone else's. */
export function countOwnBallot(turn: Turn): void {
  const { config, term, role, persistedTerm, persistedVote } = turn.state;
  if (role !== "candidate") return;
  if (persistedTerm === term && persistedVote === config.id) countBallot(turn, config.id, true);
}

/** The leader has asked this node to take over: no pre-vote, and no leader is in the way. */
export function standAtOnce(turn: Turn, leader: NodeId): void {
  if (turn.state.role !== "follower" || !mayStand(turn.state)) return;
  if (!mayRiseTo(turn, (turn.state.term + 1) as Term, leader)) return; // it may say so without end
  becomeCandidate(turn, true);
}

export function startTransfer(turn: Turn, to: NodeId): void {
  const { state } = turn;
  if (state.role !== "leader" || to === state.config.id || to === state.transferee) return;
  if (!state.voters.includes(to)) return;
  const transferEndsAt = (state.now + state.config.electionMs) as Millis;
  turn.state = { ...state, transferee: to, transferEndsAt };
  replicateTo(turn, to);
  maybeHandOver(turn);
}

function tickLeader(turn: Turn): void {
  const { now, heartbeatDueAt, quorumCheckDueAt, transferee, transferEndsAt } = turn.state;
  if (now >= quorumCheckDueAt && !checkQuorum(turn)) return;
  if (transferee !== null && now >= transferEndsAt) {
    turn.state = { ...turn.state, transferee: null };
    if (!isVoter(turn.state)) return becomeFollower(turn, turn.state.term, null);
  }
  if (now >= heartbeatDueAt) broadcastHeartbeats(turn);
}

/** A leader that a majority has not answered for a whole election timeout may have been replaced,
 *  and its clients should look elsewhere (thesis §6.2). */
function checkQuorum(turn: Turn): boolean {
  const { state } = turn;
  const active = new Set(state.progress.filter((one) => one.active).map((one) => one.id));
  if (!isQuorum(state.voters, (voter) => active.has(voter))) {
    trace(turn, { kind: "quorum_lost", term: state.term });
    becomeFollower(turn, state.term, null);
    return false;
  }
  const stuck = stuckNow(state);
  if (stuck.checks > STUCK_CHECKS_MAX) {
    trace(turn, { kind: "stuck", term: state.term, commit: stuck.commit });
    becomeFollower(turn, state.term, null);
    return false;
  }
  const { config, now } = state;
  const progress = state.progress.map((one) =>
    one.id === config.id ? one : { ...one, active: false },
  );
  turn.state = { ...state, progress, stuck, quorumCheckDueAt: (now + config.electionMs) as Millis };
  return true;
}

/** What a leader believes of its followers is their word alone. If they answer, and yet nothing is
 *  committed for long, it may have been told wrong, and its successor begins to ask anew. */
function stuckNow({ log, stuck }: RaftState): Stuck {
  const isStuck = log.lastIndex > log.commit && log.commit === stuck.commit;
  return { commit: log.commit, checks: isStuck ? stuck.checks + 1 : 0 };
}

function isElectionDue(state: RaftState): boolean {
  if (!isVoter(state)) return false;
  if (state.voters.length === 1 && state.role === "follower") return true; // nobody to wait for
  return state.now - state.electionStartedAt >= state.electionTimeoutMs;
}

function startElection(turn: Turn): void {
  const { config, term, now, electionStartedAt } = turn.state;
  trace(turn, { kind: "election_timeout", term, afterMs: now - electionStartedAt });
  if (!mayStand(turn.state)) return resetElectionTimer(turn);
  if (config.preVote) becomePreCandidate(turn);
  else becomeCandidate(turn, false);
}

/** Ask whether an election could be won, without taking a new term: a node that cannot reach a
 *  majority must not come back with a term that deposes a good leader (thesis §9.6). */
function becomePreCandidate(turn: Turn): void {
  const { config, term, log } = turn.state;
  turn.state = { ...turn.state, role: "pre_candidate", leader: null, ballots: [] };
  resetElectionTimer(turn);
  trace(turn, { kind: "become_pre_candidate", term });
  const { lastIndex, lastTerm } = log;
  const asked = (term + 1) as Term;
  sendToOthers(turn, "term", { kind: "pre_vote", term: asked, lastIndex, lastTerm });
  countBallot(turn, config.id, true);
}

function becomeCandidate(turn: Turn, transfer: boolean): void {
  const { config, log } = turn.state;
  const term = (turn.state.term + 1) as Term;
  turn.state = {
    ...turn.state,
    term,
    vote: config.id,
    role: "candidate",
    leader: null,
    ballots: [],
  };
  resetElectionTimer(turn);
  trace(turn, { kind: "become_candidate", term });
  const { lastIndex, lastTerm } = log;
  sendToOthers(turn, "term", { kind: "vote", term, lastIndex, lastTerm, transfer });
}

function becomeLeader(turn: Turn): void {
  const { config, voters, learners, log, term, now, persistedTerm } = turn.state;
  assert(persistedTerm === term, `leader of term ${term}, but ${persistedTerm} is on disk`);
  const next = (log.lastIndex + 1) as Index;
  turn.state = {
    ...turn.state,
    role: "leader",
    leader: config.id,
    ballots: [],
    progress: [...voters, ...learners].map((id) =>
      id === config.id
        ? ownProgress(id, log.durableIndex, log.lastIndex)
        : createProgress(id, next),
    ),
    reads: NO_READS,
    forwards: { ...turn.state.forwards, seen: [] },
    heartbeatDueAt: (now + config.heartbeatMs) as Millis,
    quorumCheckDueAt: (now + config.electionMs) as Millis,
    stuck: { commit: log.commit, checks: 0 },
  };
  trace(turn, { kind: "become_leader", term });
  appendEmpty(turn);
}

function decide(turn: Turn): void {
  const { state } = turn;
  const result = verdict(
    state.voters,
    (voter) => state.ballots.find((ballot) => ballot.voter === voter)?.granted ?? null,
  );
  if (result === "lost") return becomeFollower(turn, state.term, null);
  // Without its own ballot a candidate has no durable term to lead in.
  const own = state.ballots.some((ballot) => ballot.voter === state.config.id);
  if (result !== "won" || !own) return;
  if (state.role === "pre_candidate") becomeCandidate(turn, false);
  else becomeLeader(turn);
}

function refusal(state: RaftState, from: NodeId, message: VoteRequest): string | null {
  const ahead = message.kind === "pre_vote" && message.term > state.term;
  const free = state.vote === null && state.leader === null;
  if (!ahead && !free && state.vote !== from) return "it has voted in this term, or has a leader";
  if (!isUpToDate(state.log, message.lastIndex, message.lastTerm)) return "its own log is ahead";
  return null;
}

function isVoter(state: RaftState): boolean {
  return state.voters.includes(state.config.id);
}

/** A voter, by all that it knows to be committed. */
function mayStand(state: RaftState): boolean {
  return isVoter(state) && hasNextTerm(state) && !hasUnappliedChange(state);
}

/** Terms are safe integers. The last of them has no successor, and a node in it stands no more. */
function hasNextTerm(state: RaftState): boolean {
  return Number.isSafeInteger(state.term + 1);
}
