// Frames made by hand, for tests: a cluster in any state at all, described in a few words per node.

import type { Index, Millis, NodeId, Term } from "../core/contract.ts";
import { append, commitTo, createLog, type Log } from "../core/raft/log.ts";
import type { Entry, Message } from "../core/raft/message.ts";
import type { RaftState, Role } from "../core/raft/state.ts";
import type { Flight, Frame, NodeFrame, SimEvent } from "../sim/run/frame.ts";
import type { Source } from "./sources.ts";

export type MadeNode = Readonly<{
  status?: NodeFrame["status"];
  sinceMs?: number;
  role?: Role;
  term?: number;
  vote?: number | null;
  leader?: number | null;
  log?: string; // the terms of its entries, one digit each
  commit?: number;
  elapsedMs?: number;
  timeoutMs?: number;
  heardMs?: number; // how long ago it heard its leader
  beatMs?: number; // until the next heartbeat
  yes?: readonly number[];
  no?: readonly number[];
}>;

export type MadeFlight = Readonly<{
  from: number;
  to: number;
  message: Message | null;
  sentMs: number;
  arrivesMs: number;
}>;

export type MadeFrame = Readonly<{
  step?: number;
  ms?: number;
  event?: SimEvent;
  nodes: readonly MadeNode[];
  flights?: readonly MadeFlight[];
  cuts?: readonly (readonly [from: number, to: number])[];
}>;

const ELECTION_MS = 150;
const HEARTBEAT_MS = 50;

export function makeFrame(made: MadeFrame): Frame {
  const time = (made.ms ?? 0) * 1000;
  const flights = (made.flights ?? []).map(makeFlight);
  return {
    step: made.step ?? 0,
    time,
    event: made.event ?? { kind: "input", node: null, text: "tick" },
    nodes: made.nodes.map((node, at) => makeNode(node, at + 1, made)),
    flights: flights.toSorted((a, b) => a.arrivesAt - b.arrivesAt),
    cuts: (made.cuts ?? []).map(([from, to]) => ({ from: idOf(from), to: idOf(to) })),
  };
}

function idOf(number: number): NodeId {
  return BigInt(number) as NodeId;
}

export function makeVote(term: number, log: string, pre = false): Message {
  const last = { lastIndex: log.length as Index, lastTerm: Number(log.at(-1) ?? 0) as Term };
  return pre
    ? { kind: "pre_vote", term: term as Term, ...last }
    : { kind: "vote", term: term as Term, ...last, transfer: false };
}

export function makeAnswer(term: number, granted: boolean): Message {
  return { kind: "vote_response", term: term as Term, granted };
}

/** A run that was written down: it plays the frames, and remembers what it was told to do. */
export function makeSource(frames: readonly Frame[], acts: string[] = []): Source {
  let at = 0;
  const [first] = frames;
  if (first === undefined) throw new Error("a run has at least one frame");
  return {
    title: "made by hand",
    command: "npx detcd tui",
    first,
    next: () => frames[++at] ?? null,
    act: (act) => {
      acts.push("node" in act ? `${act.kind} n${act.node}` : act.kind);
      return { text: `done: ${act.kind}`, frame: frames[++at] ?? null };
    },
    rerun: (to) => {
      const from = frames.findIndex((frame) => frame.step >= to.step);
      return from < 0 ? null : makeSource(frames.slice(from), acts);
    },
  };
}

function makeFlight(made: MadeFlight, id: number): Flight {
  return {
    id: id + made.sentMs * 1000,
    from: idOf(made.from),
    to: idOf(made.to),
    message: made.message,
    sentAt: made.sentMs * 1000,
    arrivesAt: made.arrivesMs * 1000,
  };
}

function makeNode(made: MadeNode, number: number, frame: MadeFrame): NodeFrame {
  const raft = makeRaft(made, number, frame);
  return {
    id: idOf(number),
    number,
    status: made.status ?? "up",
    since: (made.sinceMs ?? 0) * 1000,
    state: { raft, store: { applied: raft.log.commit } } as unknown as NodeFrame["state"],
  };
}

function makeRaft(made: MadeNode, number: number, frame: MadeFrame): RaftState {
  const now = 100_000 + (frame.ms ?? 0);
  const voters = frame.nodes.map((_, at) => idOf(at + 1));
  const toId = (one: number | null | undefined): NodeId | null =>
    one === null || one === undefined ? null : idOf(one);
  const ballots = [
    ...(made.yes ?? []).map((voter) => ({ voter: idOf(voter), granted: true })),
    ...(made.no ?? []).map((voter) => ({ voter: idOf(voter), granted: false })),
  ];
  const raft: Partial<RaftState> = {
    config: {
      id: idOf(number),
      electionMs: ELECTION_MS,
      heartbeatMs: HEARTBEAT_MS,
      preVote: true,
      appendBytes: 1,
      appendsInFlight: 1,
      uncommittedBytes: 1,
    },
    term: (made.term ?? 0) as Term,
    vote: toId(made.vote),
    role: made.role ?? "follower",
    leader: toId(made.leader),
    voters,
    log: makeLog(made.log ?? "", made.commit ?? 0),
    ballots,
    progress: [],
    now: now as Millis,
    electionStartedAt: (now - (made.elapsedMs ?? 0)) as Millis,
    electionTimeoutMs: made.timeoutMs ?? ELECTION_MS,
    leaderHeardAt: (now - (made.heardMs ?? made.elapsedMs ?? 0)) as Millis,
    heartbeatDueAt: (now + (made.beatMs ?? HEARTBEAT_MS)) as Millis,
  };
  return raft as RaftState;
}

function makeLog(terms: string, commit: number): Log {
  const data = new Uint8Array(1);
  const entries = terms.split("").map((digit, at): Entry => ({
    term: Number(digit) as Term,
    index: (at + 1) as Index,
    data,
  }));
  const empty = createLog(0 as Index, 0 as Term);
  return commitTo(entries.length === 0 ? empty : append(empty, entries), commit as Index);
}
