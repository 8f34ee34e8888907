// The leader's side of replication: proposals into the log, the log to the followers, and what a
// quorum holds into the commit index (thesis §3.5, §3.6.2).

import type { Index, NodeId } from "../contract.ts";
import { isChange, mayChange } from "./changes.ts";
import { append, commitTo, entriesBetween, highestWithTermAtMost, termAt } from "./log.ts";
import { APPEND_ENTRIES_MAX, type AppendResponse, type Entry } from "./message.ts";
import {
  accepted,
  awaitAnswer,
  hasRoom,
  heard,
  needsSnapshot,
  ownProgress,
  rejected,
  sent,
  shouldSend,
  type Progress,
} from "./progress.ts";
import { quorumIndex } from "./quorum.ts";
import { confirmRound, openRound } from "./read-index.ts";
import { progressOf, send, setProgress, trace, type Turn } from "./turn.ts";

const EMPTY = new Uint8Array(0);
const HELD_CHANGES_MAX = 64;
const NOTHING = 0 as Index;

/** Append to the leader's log and tell the followers. False: there is no room, or the leader is
 *  about to hand over, and the proposal certainly did not happen. */
export function propose(turn: Turn, data: Uint8Array): boolean {
  const { log, config, transferee, voters, heldChanges } = turn.state;
  if (transferee !== null || !voters.includes(config.id)) return false;
  if (isChange(data) && !mayChange(turn.state)) {
    if (heldChanges.length >= HELD_CHANGES_MAX) return false;
    turn.state = { ...turn.state, heldChanges: [...heldChanges, data] };
    return true;
  }
  const bytes = log.uncommittedBytes;
  if (bytes > 0 && bytes + data.length > config.uncommittedBytes) return false;
  appendOwn(turn, data);
  return true;
}

/** The change that has waited longest, if its time has come. */
export function proposeHeld(turn: Turn): void {
  const [first, ...heldChanges] = turn.state.heldChanges;
  if (first === undefined || !mayChange(turn.state)) return;
  turn.state = { ...turn.state, heldChanges };
  propose(turn, first);
}

/** A new leader may count copies only of entries of its own term, so it makes one at once. */
export function appendEmpty(turn: Turn): void {
  appendOwn(turn, EMPTY);
}

/** The follower holds everything up to an index, or refuses what it was sent. */
export function handleAppendResponse(turn: Turn, from: NodeId, message: AppendResponse): void {
  const { log } = turn.state;
  setProgress(turn, heard(progressOf(turn.state, from), false));
  const progress = progressOf(turn.state, from);
  if (message.rejected) {
    const { hintIndex, hintTerm } = message;
    const hint = hintTerm > 0 ? highestWithTermAtMost(log, hintIndex, hintTerm) : hintIndex;
    const lowered = rejected(progress, message.index, hint);
    if (lowered === null) return;
    setProgress(turn, lowered);
    replicateTo(turn, from);
    return;
  }
  if (message.index > log.lastIndex) return; // no follower of this log says so
  const raised = accepted(progress, message.index, log.compactedIndex);
  if (raised === null) return;
  setProgress(turn, raised);
  if (!maybeCommit(turn)) replicateTo(turn, from);
  maybeHandOver(turn);
}

/** The follower is there, and has confirmed a round of reads. */
export function handleHeartbeatResponse(turn: Turn, from: NodeId, round: number): void {
  setProgress(turn, heard(progressOf(turn.state, from), true));
  replicateTo(turn, from);
  confirmRound(turn, from, round);
}

/** This node's own disk has caught up. */
export function countOwn(turn: Turn): void {
  const { config, log } = turn.state;
  setProgress(turn, ownProgress(config.id, log.durableIndex, log.lastIndex));
  maybeCommit(turn);
}

/** Send whatever this follower may be sent now. */
export function replicateTo(turn: Turn, to: NodeId): void {
  const { log, config } = turn.state;
  for (;;) {
    const progress = progressOf(turn.state, to);
    if (!shouldSend(progress, log.lastIndex, log.commit, config.appendsInFlight)) return;
    sendAppend(turn, progress);
  }
}

/** Hand over as soon as the chosen one holds everything (thesis §3.10). */
export function maybeHandOver(turn: Turn): void {
  const { transferee, term, log } = turn.state;
  if (transferee === null || progressOf(turn.state, transferee).match !== log.lastIndex) return;
  send(turn, transferee, "nothing", { kind: "timeout_now", term });
}

function appendOwn(turn: Turn, data: Uint8Array): void {
  const { config, term, log } = turn.state;
  const entry: Entry = { term, index: (log.lastIndex + 1) as Index, data };
  turn.entries.push(entry);
  turn.state = { ...turn.state, log: append(log, [entry]) };
  // Its own copy counts when it is on disk; those of the followers need not wait (thesis §10.2.1).
  setProgress(turn, ownProgress(config.id, log.durableIndex, entry.index));
  replicateToAll(turn);
}

export function replicateToAll(turn: Turn): void {
  for (const { id } of turn.state.progress) {
    if (id !== turn.state.config.id) replicateTo(turn, id);
  }
}

function sendAppend(turn: Turn, progress: Progress): void {
  const { log, term, config } = turn.state;
  const previousIndex = (progress.next - 1) as Index;
  const previousTerm = termAt(log, previousIndex);
  if (previousTerm === null) return sendSnapshot(turn, progress);
  const room = hasRoom(progress, log.lastIndex, config.appendsInFlight);
  const through = Math.min(log.lastIndex, previousIndex + APPEND_ENTRIES_MAX) as Index;
  const entries = room ? entriesBetween(log, progress.next, through, config.appendBytes) : [];
  setProgress(turn, sent(progress, entries.length, log.commit));
  const { commit } = log;
  const message = { kind: "append", term, previousIndex, previousTerm, entries, commit } as const;
  send(turn, progress.id, "nothing", message);
}

/** Only to a follower that is there: an image is too much to send into the void. Its answer to a
 *  heartbeat will bring us back here. */
function sendSnapshot(turn: Turn, progress: Progress): void {
  const { log, term, voters, learners } = turn.state;
  if (!progress.active) return setProgress(turn, awaitAnswer(progress));
  setProgress(turn, needsSnapshot(progress, log.compactedIndex));
  const meta = { index: log.compactedIndex, term: log.compactedTerm, voters, learners };
  turn.snapshots.push({ to: progress.id, term, meta });
}

/** Only entries of the leader's own term are committed by counting copies; those before them follow
 *  (thesis figure 3.7: an older entry on a majority may still be overwritten). */
export function maybeCommit(turn: Turn): boolean {
  const { log, progress, term, voters } = turn.state;
  const counting = voters.map((id) => progress.find((one) => one.id === id)?.match ?? NOTHING);
  const index = quorumIndex(counting);
  if (index <= log.commit || termAt(log, index) !== term) return false;
  turn.state = { ...turn.state, log: commitTo(log, index) };
  trace(turn, { kind: "commit", index });
  openRound(turn);
  replicateToAll(turn);
  proposeHeld(turn);
  return true;
}
