// The story of a run: what changed between two neighbouring frames, as one sentence each. Notes
// come from the states themselves and so can never disagree with what the screen shows beside them.

import type { NodeId } from "../core/contract.ts";
import type { RaftState } from "../core/raft/state.ts";
import type { Flight, Frame, Micros, NodeFrame } from "../sim/run/frame.ts";
import {
  isCut,
  isUp,
  leaderOf,
  nameOf,
  nodeById,
  quorumOf,
  raftOf,
  refusalOf,
  type Refusal,
} from "./cluster.ts";
import { sinceText } from "./words.ts";

export type NoteKind =
  | "election" // a timer fired: somebody asks for votes
  | "vote"
  | "refusal"
  | "leader"
  | "end" // of a leadership
  | "fault"
  | "violation";

export type Note = Readonly<{
  position: number;
  step: number;
  time: Micros;
  kind: NoteKind;
  node: number | null;
  text: string;
}>;

type Finding = Readonly<{ kind: NoteKind; node: number | null; text: string }>;

export function notesBetween(before: Frame | null, after: Frame, position: number): Note[] {
  const findings = [
    ...eventFindings(before, after),
    ...(before === null ? [] : changes(before, after)),
  ];
  return findings.map((finding) => ({
    ...finding,
    position,
    step: after.step,
    time: after.time,
  }));
}

/** Told by the simulator itself. An event stays on the frames until the next one replaces it. */
function eventFindings(before: Frame | null, frame: Frame): Finding[] {
  const { kind, node, text } = frame.event;
  if (before !== null && before.event === frame.event) return [];
  if (kind === "violation") return [{ kind, node, text }];
  // What changes the status of a node is told by the change itself.
  if (kind !== "fault" || /crashes|starts again|is paused/u.test(text)) return [];
  return [{ kind, node, text: retold(text) }];
}

/** In the screen's own names, and without the times that stand beside it anyway. */
function retold(fault: string): string {
  const text = fault.replace(/^at [^:]*: /u, "").replaceAll(/node (\d)/gu, "n$1");
  const [before, sides] = text.split("splits into ");
  if (sides === undefined) return text;
  return `${before}splits into ${sides.replaceAll(/\d/gu, "n$&").replaceAll(",", " ")}`;
}

function changes(before: Frame, after: Frame): Finding[] {
  const answers = landedRequests(before, after).flatMap((flight) => answer(before, after, flight));
  const diffs = after.nodes.flatMap((node, at) => {
    const old = before.nodes[at];
    if (old === undefined || old === node) return [];
    return [...statusChanges(before, old, node), ...roleChanges(after, old, node)];
  });
  return [...answers, ...diffs];
}

function statusChanges(before: Frame, old: NodeFrame, node: NodeFrame): Finding[] {
  const isFirstStart = raftOf(old) === null;
  if (old.status === node.status || isFirstStart) return [];
  const say = (text: string): Finding[] => [{ kind: "fault", node: node.number, text }];
  const name = `n${node.number}`;
  switch (node.status) {
    case "crashed": {
      const raft = raftOf(old);
      if (raft?.role !== "leader") return say(`${name} crashed`);
      return leaderOf(before)?.id === node.id
        ? say(`${name} crashed: term ${raft.term} lost its leader`)
        : say(`${name} crashed, an outdated leader`);
    }
    case "paused":
      return say(`${name} is frozen: it neither hears nor speaks`);
    case "up":
      return say(old.status === "paused" ? `${name} moves again` : restartText(name, node));
  }
}

function restartText(name: string, node: NodeFrame): string {
  const raft = raftOf(node);
  if (raft === null) return `${name} starts`;
  return `${name} is back: its disk says term ${raft.term}, log up to ${raft.log.lastIndex}`;
}

function roleChanges(after: Frame, old: NodeFrame, node: NodeFrame): Finding[] {
  const was = raftOf(old);
  const is = raftOf(node);
  if (was === null || is === null || was === is || old.status === "crashed") return [];
  return [
    ...campaignChanges(was, is, node),
    ...leadershipChanges(after, was, is, node),
    ...surrenders(after, was, is, node),
    ...voteChanges(after, was, is, node),
  ];
}

function campaignChanges(was: RaftState, is: RaftState, node: NodeFrame): Finding[] {
  const isRunning = is.role === "pre_candidate" || is.role === "candidate";
  if (!isRunning) return [];
  const name = `n${node.number}`;
  const say = (text: string): Finding[] => [{ kind: "election", node: node.number, text }];
  if (is.role === "candidate" && was.role === "pre_candidate") {
    const text = `${name} stands for term ${is.term}: ${promised(was)} promised their votes`;
    return [{ kind: "vote", node: node.number, text }];
  }
  const fired = `${name} heard no leader for ${is.now - was.electionStartedAt} ms`;
  if (is.role === "candidate") {
    if (was.role === "candidate" && was.term === is.term) return [];
    return was.role === "candidate"
      ? say(`${name} got no majority in term ${was.term}: stands for term ${is.term}`)
      : say(`${fired}: stands for term ${is.term}`);
  }
  if (was.role !== "pre_candidate")
    return say(`${fired}: asks who would vote in term ${is.term + 1}`);
  return was.electionStartedAt === is.electionStartedAt
    ? []
    : say(`${name} got no majority: asks again for term ${is.term + 1}`);
}

function promised(was: RaftState): string {
  // The last promise arrives with the change of role itself, so the old state lacks it.
  return `${quorumOf(was.voters.length)} of ${was.voters.length}`;
}

function leadershipChanges(
  after: Frame,
  was: RaftState,
  is: RaftState,
  node: NodeFrame,
): Finding[] {
  const name = `n${node.number}`;
  if (was.role !== "leader" && is.role === "leader") {
    const voters = after.nodes.filter((other) => votedFor(other, node.id, is.term));
    const by = voters.map((other) => `n${other.number}`).join(" ");
    const text = `${name} leads term ${is.term}: voted by ${by}`;
    return [{ kind: "leader", node: node.number, text }];
  }
  if (was.role === "leader" && is.role !== "leader") {
    const text =
      is.term > was.term
        ? `${name} gives up term ${was.term}: it learned of term ${is.term}`
        : `${name} gives up term ${was.term}: no majority answered it`;
    return [{ kind: "end", node: node.number, text }];
  }
  return [];
}

function votedFor(other: NodeFrame, candidate: NodeId, term: number): boolean {
  const raft = raftOf(other);
  return raft !== null && raft.term === term && raft.vote === candidate;
}

function voteChanges(after: Frame, was: RaftState, is: RaftState, node: NodeFrame): Finding[] {
  if (is.vote === null || is.vote === node.id) return [];
  if (is.vote === was.vote && is.term === was.term) return [];
  const text = `n${node.number} votes for ${nameOf(after, is.vote)} in term ${is.term}`;
  return [{ kind: "vote", node: node.number, text }];
}

/** A candidate that becomes a follower. */
function surrenders(after: Frame, was: RaftState, is: RaftState, node: NodeFrame): Finding[] {
  const stood = was.role === "candidate" || was.role === "pre_candidate";
  if (!stood || is.role !== "follower") return [];
  const name = `n${node.number}`;
  const say = (text: string): Finding[] => [{ kind: "end", node: node.number, text }];
  if (is.leader !== null) return say(`${name} accepts ${nameOf(after, is.leader)} as leader`);
  return is.term > was.term
    ? say(`${name} learns of term ${is.term} and steps back`)
    : say(`${name} steps back: a majority refused`);
}

/** What a node answers to a request that has just arrived. A vote given shows in the state itself.
 *  */
function answer(before: Frame, after: Frame, flight: Flight): Finding[] {
  const voter = nodeById(before, flight.to);
  if (voter === null || !isUp(voter)) return [];
  const node = voter.number;
  const asker = nameOf(after, flight.from);
  const refusal = refusalOf(voter, flight);
  if (refusal !== null) {
    const text = `n${node} refuses ${asker}: ${reason(after, voter, flight, refusal)}`;
    return [{ kind: "refusal", node, text }];
  }
  const isPromise = flight.message?.kind === "pre_vote";
  return isPromise ? [{ kind: "vote", node, text: `n${node} would vote for ${asker}` }] : [];
}

/** Requests for a vote that reached their node between the two frames. */
function landedRequests(before: Frame, after: Frame): readonly Flight[] {
  const due = before.flights.filter(({ message, arrivesAt }) => {
    const isRequest = message?.kind === "vote" || message?.kind === "pre_vote";
    return isRequest && arrivesAt <= after.time;
  });
  if (due.length === 0) return due;
  const still = new Set(after.flights.map((flight) => flight.id));
  return due.filter((flight) => !still.has(flight.id) && !isCut(before, flight.from, flight.to));
}

function reason(frame: Frame, voter: NodeFrame, flight: Flight, refusal: Refusal): string {
  switch (refusal.kind) {
    case "old_term":
      return `it knows term ${refusal.term} already`;
    case "voted":
      return refusal.vote === voter.id
        ? `it stands itself in this term`
        : `it voted for ${nameOf(frame, refusal.vote)} in this term`;
    case "newer_log": {
      const { message } = flight;
      const isAsking = message?.kind === "vote" || message?.kind === "pre_vote";
      const theirs = isAsking ? `${message.lastTerm}/${message.lastIndex}` : "?";
      return `its log ends at ${refusal.lastTerm}/${refusal.lastIndex}, theirs at ${theirs}`;
    }
    case "hears_leader": {
      const raft = raftOf(voter);
      if (raft === null || refusal.leader === voter.id) return "it leads";
      const ago = sinceText(raft.now - raft.leaderHeardAt);
      return `it heard its leader ${nameOf(frame, refusal.leader)} ${ago} ago`;
    }
  }
}
