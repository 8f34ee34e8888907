// One step in progress: the state so far and the effects so far. A turn lives inside one call of
// `step` and is the only thing in core/ that is mutated.
//
// Here Raft's words become effects. Persisting comes first and everything that Raft says is then
// sorted by what it depends on, so no effect can leave before the disk effect that it relies on is
// done.

import type { CallId, Effect, KvReader, Result, SnapshotMeta } from "../contract.ts";
import { answerReads } from "./reads.ts";
import { findCall, removeCall } from "./calls.ts";
import type { ApiError } from "../api/errors.ts";
import type { Response } from "../api/request.ts";
import { sortedMembers } from "../membership/membership.ts";
import { createOverlay } from "../kv/overlay.ts";
import { isInternalCall, noteInternalAnswer } from "./internal-calls.ts";
import { remove } from "../lib/ordered-map.ts";
import type { NodeState } from "../node-state.ts";
import { hold, issue } from "./outbox.ts";
import type { RangeBudget } from "../mvcc/range/range-walk.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { stepRaft } from "../raft/raft.ts";
import type { RaftInput, RaftOutput, Send } from "../raft/state.ts";
import type { WalPlan } from "../storage/wal.ts";
import { setCalls, setDisk, setLeadership, setStreams } from "./set-state.ts";
import { appendToWal, resetWal, walMark } from "../storage/wal.ts";

export type Turn = {
  state: NodeState;
  readonly effects: Effect[];
  readonly kv: KvReader;
  arriving: RangeBudget; // what the ranges that come in this step may still read
};

export function beginTurn(state: NodeState, kv: KvReader, effects: Effect[] = []): Turn {
  const { rangeRows: rows, rangeBytes: bytes } = state.config.limits;
  return { state, effects, kv, arriving: { rows, bytes } };
}

/** Says one thing to Raft and carries out its answer. False: a proposal found no taker. */
export function tellRaft(turn: Turn, input: RaftInput): boolean {
  const before = turn.state.raft;
  const output = stepRaft(before, input);
  turn.state = { ...turn.state, raft: output.state };
  const isLost = before.leader !== null && output.state.leader === null;
  if (isLost) setLeadership(turn, { ...turn.state.leadership, leaderLostAt: turn.state.now });
  carryOut(turn, output);
  return !output.dropped;
}

export function reply(turn: Turn, call: CallId, result: Result<Response>): void {
  if (findCall(turn.state.calls.pending, call) !== null) {
    setCalls(turn, { ...turn.state.calls, pending: removeCall(turn.state.calls.pending, call) });
  }
  if (isInternalCall(call)) noteInternalAnswer(turn, call, result);
  else turn.effects.push({ kind: "call.reply", call, result });
}

/** The last word on a stream. */
export function endStream(turn: Turn, call: CallId, error: ApiError | null): void {
  setStreams(turn, { ...turn.state.streams, guarded: remove(turn.state.streams.guarded, call) });
  turn.effects.push({ kind: "call.end", call, error });
}

/** Who the members are. One that is joining knows only where they were, but for its contacts. */
export function tellPeers(turn: Turn): void {
  const { config, store } = turn.state;
  const { members, removed } = store;
  const isIn = members.some(({ id }) => id === config.node) || removed.includes(config.node);
  const contacts = config.contacts.filter(
    ({ id }) => !removed.includes(id) && !members.some((member) => member.id === id),
  );
  const known = isIn ? members : sortedMembers([...members, ...contacts]);
  turn.effects.push({ kind: "peers", members: known, removed });
}

/** A disk effect that makes `hard` and the log as Raft has it now durable. */
export function writeDisk(turn: Turn, plan: WalPlan, hard: HardState | null): void {
  const { raft } = turn.state;
  const { outbox } = turn.state.disk;
  const { lastIndex, lastTerm } = raft.log;
  const persisting = { hard, lastIndex, lastTerm, mark: walMark(plan.wal) };
  turn.effects.push({ kind: "disk", token: outbox.nextToken, ops: plan.ops });
  setDisk(turn, { ...turn.state.disk, wal: plan.wal, outbox: issue(outbox, persisting) });
}

function send(turn: Turn, message: Send): void {
  const [outbox, now] = hold(turn.state.disk.outbox, message);
  if (now) turn.effects.push({ kind: "peer.send", to: message.to, message: message.message });
  else setDisk(turn, { ...turn.state.disk, outbox });
}

function carryOut(turn: Turn, output: RaftOutput): void {
  for (const event of output.traces) turn.effects.push({ kind: "trace", event });
  if (output.restore !== null) install(turn, output.restore);
  else persist(turn, output.hard, output.entries);
  for (const message of output.sends) send(turn, message);
  for (const { to, term, meta } of output.snapshots) {
    turn.effects.push({
      kind: "trace",
      event: { kind: "snapshot_sending", to, index: meta.index },
    });
    turn.effects.push({ kind: "snapshot.send", to, term, meta });
  }
  for (const { context, index } of output.reads) {
    setCalls(turn, {
      ...turn.state.calls,
      reads: answerReads(turn.state.calls.reads, context, index),
    });
  }
}

function persist(turn: Turn, hard: HardState | null, entries: readonly Entry[]): void {
  if (hard === null && entries.length === 0) return;
  writeDisk(turn, appendToWal(turn.state.disk.wal, hard, entries), hard);
}

/** The image takes the store's place, and only then the log forgets what came before it: a crash
 *  between the two leaves a KV that is ahead of the WAL, which recovery understands. */
function install(turn: Turn, meta: SnapshotMeta): void {
  const { raft, store } = turn.state;
  const { wal } = turn.state.disk;
  turn.effects.push({ kind: "snapshot.install", meta });
  turn.state = {
    ...turn.state,
    installing: meta,
    applying: null, // the image has what it would have done, or has overtaken it
    store: { ...store, overlay: createOverlay() },
  };
  const hard: HardState = { term: raft.term, vote: raft.vote, commit: raft.log.commit };
  writeDisk(turn, resetWal(wal, { index: meta.index, term: meta.term }, hard), hard);
}
