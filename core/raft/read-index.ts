// Linearizable reads without writing to the log (thesis §6.4).
//
// A read may be served at the leader's commit index, once a quorum has confirmed, after the read
// was asked for, that the leader still was one. Reads are gathered into rounds; a round has a
// number, every heartbeat carries it, and an answer to it is a confirmation. Only one round is out
// at a time, and its number is never used again, so a late answer cannot confirm a later round.
// Reads that arrive meanwhile wait for the next one, and so do all reads until the leader has
// committed an entry of its own term: before that its commit index may be older than what its
// predecessor acknowledged.

import type { Index, Millis, NodeId } from "../contract.ts";
import { termAt } from "./log.ts";
import { isQuorum } from "./quorum.ts";
import type { RaftState } from "./state.ts";
import { send, type Turn } from "./turn.ts";

export type ReadTicket = Readonly<{ from: NodeId; context: bigint }>;

export type ReadRounds = Readonly<{
  round: number; // the last one opened; 0: none in this term
  index: Index; // the commit index when it was opened
  open: readonly ReadTicket[]; // they get `index` once it is confirmed. Empty: no round is out
  confirmedBy: readonly NodeId[];
  waiting: readonly ReadTicket[]; // for the next round
}>;

export const NO_READS: ReadRounds = {
  round: 0,
  index: 0 as Index,
  open: [],
  confirmedBy: [],
  waiting: [],
};

/** One member has one question out, and asks it again if no answer comes: so many are enough. */
const WAITING_OF_ONE_MAX = 8;

/** A read asked for at this leader, by itself or by a follower. */
export function requestRead(turn: Turn, from: NodeId, context: bigint): void {
  const { reads } = turn.state;
  const own = reads.waiting.filter((ticket) => ticket.from === from);
  const oldest = own.length < WAITING_OF_ONE_MAX ? null : own[0];
  const others = reads.waiting.filter((ticket) => ticket !== oldest);
  setReads(turn, { ...reads, waiting: [...others, { from, context }] });
  openRound(turn);
}

/** Open a round for those who wait, if none is out and the commit index can be trusted. */
export function openRound(turn: Turn): void {
  const { reads, config } = turn.state;
  if (reads.waiting.length === 0 || reads.open.length > 0) return;
  if (!hasCommittedInTerm(turn.state)) return;
  setReads(turn, {
    round: reads.round + 1,
    index: turn.state.log.commit,
    open: reads.waiting,
    confirmedBy: [config.id],
    waiting: [],
  });
  if (!maybeRelease(turn)) broadcastHeartbeats(turn);
}

/** A voter has answered a heartbeat that carried `round`. */
export function confirmRound(turn: Turn, from: NodeId, round: number): void {
  const { reads } = turn.state;
  if (reads.open.length === 0 || round !== reads.round) return;
  if (reads.confirmedBy.includes(from)) return;
  setReads(turn, { ...reads, confirmedBy: [...reads.confirmedBy, from] });
  if (maybeRelease(turn)) openRound(turn);
}

/** A leader no more: nobody can confirm these. Those of followers time out there. */
export function failReads(turn: Turn): void {
  const { reads, config } = turn.state;
  for (const { from, context } of [...reads.open, ...reads.waiting]) {
    if (from === config.id) turn.reads.push({ context, index: null });
  }
  setReads(turn, NO_READS);
}

/** They keep followers from standing, and tell them the open round and what is committed. */
export function broadcastHeartbeats(turn: Turn): void {
  const { config, term, log, progress, reads, now } = turn.state;
  const round = reads.open.length > 0 ? reads.round : 0;
  for (const { id, match } of progress) {
    if (id === config.id) continue;
    // Never more than the follower is known to hold: it takes the index on trust.
    const commit = Math.min(match, log.commit) as Index;
    send(turn, id, "nothing", { kind: "heartbeat", term, commit, round });
  }
  turn.state = { ...turn.state, heartbeatDueAt: (now + config.heartbeatMs) as Millis };
}

/** The voters have changed: those who confirmed the open round may be a majority now. */
export function recheckRound(turn: Turn): void {
  if (turn.state.reads.open.length > 0 && maybeRelease(turn)) openRound(turn);
}

function maybeRelease(turn: Turn): boolean {
  const { reads, voters, config, term } = turn.state;
  if (!isQuorum(voters, (voter) => reads.confirmedBy.includes(voter))) return false;
  const { index } = reads;
  for (const { from, context } of reads.open) {
    if (from === config.id) turn.reads.push({ context, index });
    else send(turn, from, "nothing", { kind: "read_index_response", term, context, index });
  }
  setReads(turn, { ...reads, open: [], confirmedBy: [] });
  return true;
}

function hasCommittedInTerm(state: RaftState): boolean {
  return termAt(state.log, state.log.commit) === state.term;
}

function setReads(turn: Turn, reads: ReadRounds): void {
  turn.state = { ...turn.state, reads };
}
