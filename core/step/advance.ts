// What a step does after its input, whatever the input was: hand queued writes to a leader, apply
// what is committed and durable here, serve the reads whose index is applied.

import { encodeCommand, NOBODY } from "../apply/commands/command.ts";
import { findCall, markProposed } from "../turn/calls.ts";
import { maybeAsk } from "../turn/reads.ts";
import { applyCommitted } from "./apply-committed.ts";
import { startBackups } from "../services/maintenance/backups.ts";
import { assert } from "../lib/assert.ts";
import { askLeader } from "../services/lease/ask-leader.ts";
import { followLeadership } from "../services/lease/expiry.ts";
import { serveTold } from "../services/lease/time-to-live.ts";
import { overlaid } from "../kv/overlay.ts";
import { isWalking, stepsOfWalk } from "../mvcc/compaction.ts";
import { askForPromotions } from "../services/cluster/promotions.ts";
import { serveReads } from "./serve-reads.ts";
import type { Turn } from "../turn/turn.ts";
import { setCalls, setLeadership, setUpkeep } from "../turn/set-state.ts";
import { tellRaft } from "../turn/turn.ts";
import { serveWaits } from "../turn/waits.ts";

/** What a put beside a compaction may have to wait for: so many steps of it. */
const WALK_STEPS = 2;

/** `isResumed`: what was too much for one step goes on. */
export function advance(turn: Turn, isResumed = false): void {
  proposeQueued(turn);
  askLeader(turn);
  askForReads(turn);
  askForPromotions(turn);
  applyCommitted(turn, isResumed);
  followLeadership(turn);
  maybeWalk(turn);
  serveReads(turn);
  serveTold(turn);
  serveWaits(turn);
  startBackups(turn);
}

/** Tells the cluster this member's name and client URLs, again after a while if nothing came of
 *  it. */
export function maybePublish(turn: Turn): void {
  const { config, life, now, raft } = turn.state;
  const { publish } = turn.state.upkeep;
  if (publish.kind === "done" || raft.leader === null) return;
  if (publish.askedAt !== null && now - publish.askedAt < config.electionMs) return;
  const origin = { node: config.node, life, call: NOBODY };
  const { name, clientUrls } = config;
  setUpkeep(turn, { ...turn.state.upkeep, publish: { kind: "waiting", askedAt: now } });
  tellRaft(turn, {
    kind: "propose",
    data: encodeCommand({ kind: "publish", origin, name, clientUrls }),
  });
}

/** Writes wait here, as in etcd, while there is no leader to propose to. */
function proposeQueued(turn: Turn): void {
  for (const call of turn.state.calls.pending.queued) {
    if (turn.state.raft.leader === null) return;
    const waiting = findCall(turn.state.calls.pending, call);
    assert(waiting !== null && waiting.queued !== null, `queued call ${call} has no command`);
    if (!tellRaft(turn, { kind: "propose", data: waiting.queued })) return;
    setCalls(turn, {
      ...turn.state.calls,
      pending: markProposed(turn.state.calls.pending, waiting),
    });
  }
}

function askForReads(turn: Turn): void {
  const { life, now, config, raft } = turn.state;
  const { reads } = turn.state.calls;
  if (raft.leader === null || (reads.asked === null && reads.next.length === 0)) return;
  const [asked, context] = maybeAsk(reads, life, now, Math.ceil(config.electionMs / 2));
  if (context === null) return;
  setCalls(turn, { ...turn.state.calls, reads: asked });
  tellRaft(turn, { kind: "read_index", context });
}

/** The leader proposes the next steps of an unfinished compaction once those before are applied: a
 *  few at once, so that a round of the log and the disk is waited for by all of them together. */
function maybeWalk(turn: Turn): void {
  const { raft, store, config, life, now, installing } = turn.state;
  const { walking } = turn.state.leadership;
  if (raft.role !== "leader" || installing !== null || !isWalking(store.mvcc)) return;
  const { next, scheduled } = store.mvcc.compaction;
  const isAsked = walking?.scheduled === scheduled && next < walking.through;
  if (isAsked && now - walking.askedAt < config.electionMs) return;
  const origin = { node: config.node, life, call: NOBODY };
  const rows = config.limits.compactionRows;
  const view = overlaid(store.overlay, turn.kv);
  const steps = stepsOfWalk(store.mvcc, view, rows, WALK_STEPS);
  const through = steps.at(-1)?.end ?? next;
  setLeadership(turn, { ...turn.state.leadership, walking: { through, scheduled, askedAt: now } });
  for (const step of steps) {
    const data = encodeCommand({ kind: "compact_step", origin, next: step.next, rows });
    tellRaft(turn, { kind: "propose", data });
  }
}
