// One step in the making. This is the only mutable thing in the room: it is made when a step
// begins, passed along, and turned into a RaftOutput when the step ends. The states in it stay
// immutable.

import type { NodeId, SnapshotMeta } from "../contract.ts";
import { assert, broken, must } from "../lib/assert.ts";
import type { Entry, Message } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { After, RaftOutput, RaftState, RaftTrace, Send } from "./state.ts";

export type Turn = {
  state: RaftState;
  dropped: boolean;
  restore: SnapshotMeta | null;
  readonly entries: Entry[];
  readonly sends: Send[];
  readonly reads: RaftOutput["reads"][number][];
  readonly snapshots: RaftOutput["snapshots"][number][];
  readonly traces: RaftTrace[];
};

export function beginTurn(state: RaftState): Turn {
  return {
    state,
    dropped: false,
    restore: null,
    entries: [],
    sends: [],
    reads: [],
    snapshots: [],
    traces: [],
  };
}

/** What must be written is found here, by comparing once: no handler can forget to persist. */
export function endTurn(before: RaftState, turn: Turn): RaftOutput {
  const { state, dropped, restore, entries, sends, reads, snapshots, traces } = turn;
  checkTurn(before, state);
  const changed = state.term !== before.term || state.vote !== before.vote;
  const write = changed || entries.length > 0 || restore !== null;
  const hard = write ? { term: state.term, vote: state.vote, commit: state.log.commit } : null;
  const released = sends.some((one) => waitsForNothing(state, one)) ? release(state, sends) : sends;
  return { state, hard, entries, sends: released, reads, dropped, snapshots, restore, traces };
}

export function send(turn: Turn, to: NodeId, after: After, message: Message): void {
  if (to === turn.state.config.id) broken(`${message.kind} to itself`);
  turn.sends.push({ to, message, after });
}

export function sendToOthers(turn: Turn, after: After, message: Message): void {
  for (const to of turn.state.voters) {
    if (to !== turn.state.config.id) send(turn, to, after, message);
  }
}

export function trace(turn: Turn, event: RaftTrace): void {
  turn.traces.push(event);
}

export function progressOf(state: RaftState, id: NodeId): Progress {
  if (state.role !== "leader") broken(`a ${state.role} has no followers`);
  return must(
    state.progress.find((progress) => progress.id === id),
    "every voter has its progress",
  );
}

export function setProgress(turn: Turn, changed: Progress): void {
  if (turn.state.progress.includes(changed)) return; // it has not changed after all
  const progress = turn.state.progress.map((one) => (one.id === changed.id ? changed : one));
  turn.state = { ...turn.state, progress };
}

function release(state: RaftState, sends: readonly Send[]): readonly Send[] {
  return sends.map((one) => (waitsForNothing(state, one) ? now(one) : one));
}

/** A term and vote that are on disk already need not wait for later entries. */
function waitsForNothing(state: RaftState, { after }: Send): boolean {
  if (after !== "term") return false;
  return state.persistedTerm === state.term && state.persistedVote === state.vote;
}

function now({ to, message }: Send): Send {
  return { to, message, after: "nothing" };
}

function checkTurn(before: RaftState, after: RaftState): void {
  const { term, now: time, persistedTerm, log } = after;
  if (term < before.term) broken(`term ${before.term} became ${term}`);
  if (time < before.now) broken(`time ${before.now} became ${time}`);
  if (persistedTerm > term) broken(`term ${persistedTerm} is on disk too early`);
  if (log.commit < before.log.commit) broken(`commit ${before.log.commit} went back`);
  if (log.commit > log.lastIndex) broken(`commit ${log.commit} has no entry`);
  const keeps = before.vote === null || after.vote === before.vote;
  if (term === before.term && !keeps) broken(`the vote of term ${term} changed`);
  if (after.role === "leader") assert(after.leader === after.config.id, "a leader leads");
  if (after.role !== "leader") assert(after.leader !== after.config.id, "only a leader leads");
}
