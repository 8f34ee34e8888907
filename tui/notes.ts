// The story of a run: what changed between two neighbouring frames, as one sentence each. Notes come
// from the states themselves and so can never disagree with what the screen shows beside them.

import type { NodeId } from "../core/contract.ts";
import type { RaftState } from "../core/raft/state.ts";
import type { Flight, Frame, Micros, NodeFrame } from "../sim/frame.ts";
import { leaderOf, nameOf, nodeById, quorumOf, raftOf } from "./cluster.ts";
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
  const findings = [...eventFindings(after), ...(before === null ? [] : changes(before, after))];
  return findings.map((finding) => ({
    ...finding,
    position,
    step: after.step,
    time: after.time,
  }));
}

function eventFindings(frame: Frame): Finding[] {
  const { kind, node, text } = frame.event;
  return kind === "fault" || kind === "violation" ? [{ kind, node, text }] : [];
}

function changes(before: Frame, after: Frame): Finding[] {
  return after.nodes.flatMap((node, at) => {
    const old = before.nodes[at];
    if (old === undefined || old === node) return [];
    return [...statusChanges(before, old, node), ...roleChanges(before, after, old, node)];
  });
}

function statusChanges(before: Frame, old: NodeFrame, node: NodeFrame): Finding[] {
  if (old.status === node.status) return [];
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

function roleChanges(before: Frame, after: Frame, old: NodeFrame, node: NodeFrame): Finding[] {
  const was = raftOf(old);
  const is = raftOf(node);
  if (was === null || is === null || was === is || old.status === "crashed") return [];
  const found = [
    ...campaignChanges(was, is, node),
    ...leadershipChanges(after, was, is, node),
    ...voteChanges(after, was, is, node),
  ];
  return [...found, ...refusals(before, after, was, is, node)];
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
  const fired = `${name} heard no leader for ${was.electionTimeoutMs} ms`;
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

/** Requests that arrived at this node and did not get its vote. */
function refusals(
  before: Frame,
  after: Frame,
  was: RaftState,
  is: RaftState,
  node: NodeFrame,
): Finding[] {
  return after.flights.flatMap((flight) => {
    const { message } = flight;
    if (flight.from !== node.id || flight.sentAt !== after.time || message === null) return [];
    if (message.kind !== "vote_response" && message.kind !== "pre_vote_response") return [];
    if (message.granted || before.flights.some((old) => old.id === flight.id)) return [];
    const name = `n${node.number}`;
    const text = `${name} refuses ${nameOf(after, flight.to)}: ${reason(after, was, is, flight)}`;
    return [{ kind: "refusal", node: node.number, text }];
  });
}

function reason(after: Frame, was: RaftState, is: RaftState, flight: Flight): string {
  const asker = nodeById(after, flight.to);
  const raft = asker === null ? null : raftOf(asker);
  const pre = flight.message?.kind === "pre_vote_response";
  if (raft === null) return "it does not know why";
  const own = { index: is.log.lastIndex, term: is.log.lastTerm };
  const its = { index: raft.log.lastIndex, term: raft.log.lastTerm };
  if (!pre && is.vote !== null && is.vote !== flight.to) {
    return `it voted for ${nameOf(after, is.vote)} in term ${is.term}`;
  }
  if (own.term > its.term || (own.term === its.term && own.index > its.index)) {
    return `its log ends at ${own.index} of term ${own.term}, theirs at ${its.index} of term ${its.term}`;
  }
  if (raft.term < is.term) return `term ${raft.term} is over, it knows term ${is.term}`;
  if (was.leader !== null) {
    const ago = sinceText(is.now - was.leaderHeardAt);
    return `it heard the leader ${nameOf(after, was.leader)} ${ago} ago`;
  }
  return `the answer to an older question`;
}
