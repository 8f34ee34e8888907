// Reads one frame: who leads, who votes for whom, how long until a timer fires, who could win. Only
// questions live here, no words and no drawing. It is a spectator's reading of the rules of Raft
// (§3.4, and the thesis §9.6 for pre-votes), never the rules themselves: those are in core/raft.

import type { Index, NodeId, Term } from "../core/contract.ts";
import type { Message } from "../core/raft/message.ts";
import type { RaftState } from "../core/raft/state.ts";
import type { Flight, Frame, NodeFrame } from "../sim/run/frame.ts";
import { atLeast } from "../core/lib/lists.ts";

export type Letter = "L" | "C" | "P" | "F" | "X" | "Z";
export type Timer = Readonly<{
  kind: "election" | "heartbeat";
  elapsedMs: number;
  limitMs: number;
}>;
export type Campaign = Readonly<{
  node: NodeFrame;
  term: number; // the one that is asked for
  pre: boolean;
  yes: readonly NodeId[];
  no: readonly NodeId[];
  coming: readonly NodeId[]; // their yes is on its way
  silent: readonly NodeId[];
  needed: number;
}>;
/** Why a node would say no, each with the numbers a sentence needs. */
export type Refusal = Readonly<
  | { kind: "old_term"; term: number }
  | { kind: "voted"; vote: NodeId }
  | { kind: "newer_log"; lastIndex: number; lastTerm: number }
  | { kind: "hears_leader"; leader: NodeId }
>;
export type Chances = Readonly<{
  wins: boolean;
  needed: number;
  supporters: readonly NodeFrame[]; // the candidate first
  down: readonly NodeFrame[];
  cut: readonly NodeFrame[];
  newer: readonly NodeFrame[];
  content: readonly NodeFrame[]; // they hear a leader, and so they refuse a pre-vote
}>;

export function raftOf(node: NodeFrame): RaftState | null {
  return node.state?.raft ?? null;
}

export function isUp(node: NodeFrame): boolean {
  return node.status === "up" && node.state !== null;
}

export function letterOf(node: NodeFrame): Letter {
  if (node.status === "crashed") return "X";
  if (node.status === "paused") return "Z";
  switch (raftOf(node)?.role) {
    case "leader":
      return "L";
    case "candidate":
      return "C";
    case "pre_candidate":
      return "P";
    case "follower":
    case undefined:
      return "F";
  }
}

export function nodeById(frame: Frame, id: NodeId): NodeFrame | null {
  return frame.nodes.find((node) => node.id === id) ?? null;
}

export function nameOf(frame: Frame, id: NodeId | null): string {
  if (id === null) return "-";
  return `n${nodeById(frame, id)?.number ?? "?"}`;
}

export function namesOf(nodes: readonly NodeFrame[]): string {
  return nodes.map((node) => `n${node.number}`).join(" ");
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function voterCount(frame: Frame): number {
  return raftOf(frame.nodes.find(isUp) ?? frame.nodes[0]!)?.voters.length ?? frame.nodes.length;
}

/** The living leader of the highest term. It may be one that nobody hears any more. */
export function leaderOf(frame: Frame): NodeFrame | null {
  const leaders = frame.nodes.filter((node) => isUp(node) && raftOf(node)?.role === "leader");
  return leaders.reduce<NodeFrame | null>(
    (best, node) => (best === null || termOf(node) > termOf(best) ? node : best),
    null,
  );
}

/** The leader itself, and those who follow it in its term and are up. */
export function followersOf(frame: Frame, leader: NodeFrame): readonly NodeFrame[] {
  return frame.nodes.filter(
    (node) =>
      isUp(node) &&
      termOf(node) === termOf(leader) &&
      (node.id === leader.id || raftOf(node)?.leader === leader.id),
  );
}

export function termOf(node: NodeFrame): number {
  return raftOf(node)?.term ?? 0;
}

export function highestTerm(frame: Frame): number {
  return atLeast(0, frame.nodes.map(termOf));
}

export function timerOf(node: NodeFrame): Timer | null {
  const raft = raftOf(node);
  if (raft === null || !isUp(node)) return null;
  if (raft.role === "leader") {
    const limitMs = raft.config.heartbeatMs;
    const left = Math.max(0, raft.heartbeatDueAt - raft.now);
    return { kind: "heartbeat", elapsedMs: Math.max(0, limitMs - left), limitMs };
  }
  const elapsedMs = Math.max(0, raft.now - raft.electionStartedAt);
  return { kind: "election", elapsedMs, limitMs: raft.electionTimeoutMs };
}

/** How long until its election timer fires, if nothing resets it. */
export function msUntilFire(node: NodeFrame): number {
  const timer = timerOf(node);
  return timer === null ? 0 : Math.max(0, timer.limitMs - timer.elapsedMs);
}

export function isCut(frame: Frame, from: NodeId, to: NodeId): boolean {
  return frame.cuts.some((cut) => cut.from === from && cut.to === to);
}

function isLinked(frame: Frame, a: NodeId, b: NodeId): boolean {
  return !isCut(frame, a, b) && !isCut(frame, b, a);
}

/** A living leader whose words reach this node. */
export function hearsLeader(frame: Frame, node: NodeFrame): NodeFrame | null {
  const raft = raftOf(node);
  if (raft === null || raft.leader === null) return null;
  const leader = nodeById(frame, raft.leader);
  if (leader === null || !isUp(leader) || raftOf(leader)?.role !== "leader") return null;
  if (termOf(leader) !== raft.term || isCut(frame, leader.id, node.id)) return null;
  return leader;
}

export function campaignsOf(frame: Frame): readonly Campaign[] {
  return frame.nodes.flatMap((node) => {
    const raft = raftOf(node);
    if (raft === null || !isUp(node)) return [];
    if (raft.role !== "candidate" && raft.role !== "pre_candidate") return [];
    const pre = raft.role === "pre_candidate";
    const answered = (granted: boolean): readonly NodeId[] =>
      raft.ballots.filter((ballot) => ballot.granted === granted).map((ballot) => ballot.voter);
    const granted = answered(true);
    const yes = granted.includes(node.id) ? granted : [node.id, ...granted];
    const no = answered(false);
    const open = raft.voters.filter((id) => !yes.includes(id) && !no.includes(id));
    const coming = open.filter((id) => isYesComing(frame, id, node.id, pre));
    const silent = open.filter((id) => !coming.includes(id));
    const needed = quorumOf(raft.voters.length);
    return [{ node, term: pre ? raft.term + 1 : raft.term, pre, yes, no, coming, silent, needed }];
  });
}

function isYesComing(frame: Frame, from: NodeId, to: NodeId, pre: boolean): boolean {
  const kind = pre ? "pre_vote_response" : "vote_response";
  return frame.flights.some(
    ({ message, ...flight }) =>
      flight.from === from &&
      flight.to === to &&
      message?.kind === kind &&
      message.granted &&
      !isCut(frame, from, to),
  );
}

/** What a node would answer now to a request for its vote. Null: it would grant it. */
export function refusalOf(voter: NodeFrame, flight: Flight): Refusal | null {
  const raft = raftOf(voter);
  const { message } = flight;
  if (raft === null || message === null) return null;
  if (message.kind !== "vote" && message.kind !== "pre_vote") return null;
  if (message.term < raft.term) {
    return { kind: "old_term", term: raft.term };
  }
  const transfer = message.kind === "vote" && message.transfer;
  if (message.term > raft.term && !transfer && raft.leader !== null && trustsLeader(raft, 0)) {
    return { kind: "hears_leader", leader: raft.leader };
  }
  if (message.term === raft.term && raft.vote !== flight.from) {
    if (raft.vote !== null) return { kind: "voted", vote: raft.vote };
    if (raft.leader !== null) return { kind: "hears_leader", leader: raft.leader };
  }
  return isNewer(raft, message.lastIndex, message.lastTerm)
    ? { kind: "newer_log", lastIndex: raft.log.lastIndex, lastTerm: raft.log.lastTerm }
    : null;
}

/** Could this node win an election now, and who stands in its way? */
export function chancesOf(frame: Frame, candidate: NodeFrame): Chances {
  const others = frame.nodes.filter((node) => node.id !== candidate.id);
  const own = raftOf(candidate);
  const down = others.filter((node) => !isUp(node));
  const up = others.filter(isUp);
  const cut = up.filter((node) => !isLinked(frame, candidate.id, node.id));
  const linked = up.filter((node) => !cut.includes(node));
  const newer = linked.filter((node) => {
    const raft = raftOf(node);
    return own !== null && raft !== null && isNewer(raft, own.log.lastIndex, own.log.lastTerm);
  });
  const content = linked.filter(
    (node) => !newer.includes(node) && isContent(frame, node, msUntilFire(candidate)),
  );
  const willing = linked.filter((node) => !newer.includes(node) && !content.includes(node));
  const supporters = [candidate, ...willing];
  const needed = quorumOf(own?.voters.length ?? frame.nodes.length);
  return { wins: supporters.length >= needed, needed, supporters, down, cut, newer, content };
}

export function isElectionTalk(message: Message | null): boolean {
  switch (message?.kind) {
    case "pre_vote":
    case "pre_vote_response":
    case "vote":
    case "vote_response":
    case "timeout_now":
      return true;
    default:
      return false;
  }
}

/** An election is being decided right now: votes travel, or the new leader is not known to all yet.
 *  */
export function isDecisive(frame: Frame): boolean {
  if (frame.flights.some((flight) => isElectionTalk(flight.message))) return true;
  const leader = leaderOf(frame);
  if (leader === null) return false;
  return frame.nodes.some(
    (node) =>
      isUp(node) &&
      !isCut(frame, leader.id, node.id) &&
      node.id !== leader.id &&
      raftOf(node)?.leader === null,
  );
}

/** Will it still turn a candidate away after so many milliseconds, because it counts on a leader?
 *  */
function isContent(frame: Frame, node: NodeFrame, inMs: number): boolean {
  const raft = raftOf(node);
  return raft !== null && (hearsLeader(frame, node) !== null || trustsLeader(raft, inMs));
}

/** Thesis §4.2.3: who heard a leader within the shortest election timeout votes for nobody else. */
function trustsLeader(raft: RaftState, inMs: number): boolean {
  if (raft.role === "leader") return true;
  return raft.leader !== null && raft.now + inMs - raft.leaderHeardAt < raft.config.electionMs;
}

/** Raft §5.4.1: the later last term wins, then the longer log. */
function isNewer(raft: RaftState, index: Index, term: Term): boolean {
  const ownTerm = raft.log.lastTerm;
  return ownTerm !== term ? ownTerm > term : raft.log.lastIndex > index;
}
