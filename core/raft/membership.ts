// The leader's side of a change of members, at the moment when this node has applied it: whom it
// counts, whom it serves, and that it goes if it is no voter any more.

import type { Index, NodeId } from "../contract.ts";
import { startTransfer } from "./election.ts";
import { createProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { recheckRound } from "./read-index.ts";
import { maybeCommit, proposeHeld, replicateToAll } from "./replication.ts";
import type { RaftInput, RaftState } from "./state.ts";
import type { Turn } from "./turn.ts";

type Configured = Extract<RaftInput, { kind: "configured" }>;

/** A candidate never comes here: it knew no unapplied change when it stood, and learns of no commit
 *  while it stands. */
export function configure(turn: Turn, { index, voters, learners }: Configured): void {
  turn.state = { ...turn.state, voters, learners, configuredAt: index };
  if (turn.state.role !== "leader") return;
  const { state } = turn;
  const isMember = (id: NodeId): boolean => voters.includes(id) || learners.includes(id);
  const { seen } = state.forwards;
  const transferee = state.transferee;
  turn.state = {
    ...state,
    progress: [...voters, ...learners].map((id) => knownProgress(state, id)),
    forwards: { ...state.forwards, seen: seen.filter(({ from }) => isMember(from)) },
    transferee: transferee !== null && voters.includes(transferee) ? transferee : null,
  };
  if (!maybeCommit(turn)) replicateToAll(turn); // fewer voters may be a majority already
  recheckRound(turn);
  if (voters.includes(state.config.id)) proposeHeld(turn);
  else handOver(turn);
}

/** A new member counts as heard of, or the leader could step down before it had time to speak. */
function knownProgress(state: RaftState, id: NodeId): Progress {
  const known = state.progress.find((progress) => progress.id === id);
  return known ?? { ...createProgress(id, (state.log.lastIndex + 1) as Index), active: true };
}

/** A leader that was removed leads on, without proposing, until its successor stands, so that the
 *  others learn that the removal is committed: in a cluster of two nobody else could tell. */
function handOver(turn: Turn): void {
  const { progress, voters, transferee } = turn.state;
  if (transferee !== null) return;
  const candidates = progress.filter(({ id }) => voters.includes(id));
  const best = candidates.toSorted((a, b) => b.match - a.match)[0];
  if (best !== undefined) startTransfer(turn, best.id);
}
