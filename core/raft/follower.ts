// The follower's side of replication: what the leader of this term says about the log.

import type { Index, NodeId, SnapshotMeta, Term } from "../contract.ts";
import {
  append,
  commitTo,
  createLog,
  firstUnknown,
  highestWithTermAtMost,
  type Log,
  termAt,
} from "./log.ts";
import type { AppendMessage } from "./message.ts";
import { hearLeader } from "./role.ts";
import type { RaftState } from "./state.ts";
import { send, trace, type Turn } from "./turn.ts";

export function handleAppend(turn: Turn, from: NodeId, message: AppendMessage): void {
  const { log } = turn.state;
  const { previousIndex, previousTerm, entries } = message;
  const index = contradicted(log, message);
  if (index !== null)
    return trace(turn, { kind: "append_refused", term: message.term, from, index });
  hearLeader(turn, from);
  if (previousIndex < log.commit) return accept(turn, from, log.commit); // it is late, or doubled
  if (termAt(log, previousIndex) !== previousTerm) return refuse(turn, from, message);
  takeEntries(turn, message);
  const last = (previousIndex + entries.length) as Index;
  commit(turn, Math.min(message.commit, last) as Index);
  accept(turn, from, last);
}

export function handleHeartbeat(turn: Turn, from: NodeId, told: Index, round: number): void {
  hearLeader(turn, from);
  // A leader tells no more than it knows this node to hold. If its disk has lost that since, or if
  // this is no leader's word, what is there instead must not pass for committed.
  if (told <= turn.state.log.lastIndex) commit(turn, told);
  send(turn, from, "term", { kind: "heartbeat_response", term: turn.state.term, round });
}

/** An image of the leader's state is on this node's disk, in full. Take it only if it is ahead. */
export function handleSnapshot(turn: Turn, from: NodeId, meta: SnapshotMeta): void {
  hearLeader(turn, from);
  const { log } = turn.state;
  if (termAt(log, meta.index) === meta.term) commit(turn, meta.index); // the log holds it already
  if (meta.index <= turn.state.log.commit) {
    trace(turn, { kind: "snapshot_refused", index: meta.index, commit: log.commit });
    return accept(turn, from, turn.state.log.commit);
  }
  turn.restore = meta;
  turn.state = {
    ...turn.state,
    log: createLog(meta.index, meta.term),
    voters: meta.voters,
    learners: meta.learners,
    configuredAt: meta.index,
  };
  accept(turn, from, meta.index);
}

/** Tell a leader of the past that its time is over. Without this a node that alone reached a higher
 *  term could neither win an election nor come back (etcd#5451, #8501). */
export function answerStaleLeader(turn: Turn, from: NodeId): void {
  respond(turn, from, turn.state.term, true, 0 as Index, 0 as Index, 0 as Term);
}

/** The leader of a term holds all that was committed before it. Whoever contradicts what this node
 *  knows to be committed is none, or committed entries were lost elsewhere: in either case this
 *  node keeps what it has. It must not fall over it, for anybody may say so. */
function contradicted(log: Log, message: AppendMessage): Index | null {
  for (const { index, term } of message.entries) {
    if (index > log.commit) return null;
    if ((termAt(log, index) ?? term) !== term) return index; // a compacted one cannot be compared
  }
  return null;
}

/** Only what conflicts is replaced: a late append must not cut off what came after it. */
function takeEntries(turn: Turn, message: AppendMessage): void {
  const { log } = turn.state;
  const fresh = message.entries.slice(firstUnknown(log, message.entries));
  const first = fresh[0];
  if (first === undefined) return;
  if (first.index <= log.lastIndex) trace(turn, { kind: "log_truncated", from: first.index });
  for (const entry of fresh) turn.entries.push(entry);
  turn.state = { ...turn.state, log: append(log, fresh) };
}

function commit(turn: Turn, index: Index): void {
  const { log } = turn.state;
  if (index <= log.commit) return;
  turn.state = { ...turn.state, log: commitTo(log, index) };
  trace(turn, { kind: "commit", index });
}

function accept(turn: Turn, to: NodeId, index: Index): void {
  respond(turn, to, turn.state.term, false, index, 0 as Index, 0 as Term);
}

/** The hint is the highest place where the logs may agree: this one may hold many entries of terms
 *  that the leader never saw, and all of those are skipped. */
function refuse(turn: Turn, to: NodeId, message: AppendMessage): void {
  const { log, term }: RaftState = turn.state;
  const { previousIndex, previousTerm } = message;
  const hint = highestWithTermAtMost(log, previousIndex, previousTerm);
  respond(turn, to, term, true, previousIndex, hint, termAt(log, hint) ?? (0 as Term));
}

function respond(
  turn: Turn,
  to: NodeId,
  term: Term,
  rejected: boolean,
  index: Index,
  hintIndex: Index,
  hintTerm: Term,
): void {
  const message = { kind: "append_response", term, rejected, index, hintIndex, hintTerm } as const;
  send(turn, to, rejected ? "term" : "log", message);
}
