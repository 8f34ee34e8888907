// Falling back to follower, and the election timer.

import type { NodeId, Term } from "../contract.ts";
import { assert } from "../lib/assert.ts";
import { below } from "../lib/prng.ts";
import { failReads, NO_READS } from "./read-index.ts";
import { trace, type Turn } from "./turn.ts";

/** A follower of `leader` (null: not known) in `term`. What only a leader or a candidate has is
 *  gone, and the reads that waited for its authority have failed. */
export function becomeFollower(turn: Turn, term: Term, leader: NodeId | null): void {
  const before = turn.state;
  assert(term >= before.term, `term ${before.term} cannot become ${term}`);
  assert(leader !== before.config.id, "a node does not follow itself");
  if (before.role === "leader") failReads(turn);
  turn.state = {
    ...turn.state,
    term,
    vote: term === before.term ? before.vote : null,
    role: "follower",
    leader,
    leaderHeardAt: leader === null ? before.leaderHeardAt : before.now,
    ballots: [],
    progress: [],
    reads: NO_READS,
    forwards: { ...before.forwards, seen: [] },
    transferee: null,
    heldChanges: [],
  };
  // A follower whose term is merely raised keeps its timer: a candidate that cannot win must not
  // keep those who can from standing.
  if (before.role === "leader" || leader !== null) resetElectionTimer(turn);
  trace(turn, { kind: "become_follower", term, leader });
}

/** A word from the leader of this term, which is the only one there can be. */
export function hearLeader(turn: Turn, from: NodeId): void {
  const { state } = turn;
  assert(state.role !== "leader", "a leader hears no other");
  if (state.role !== "follower" || state.leader !== from) {
    becomeFollower(turn, state.term, from);
  } else if (state.leaderHeardAt !== state.now || state.electionStartedAt !== state.now) {
    turn.state = { ...state, electionStartedAt: state.now, leaderHeardAt: state.now };
  }
}

/** Start the timer again, with a new draw, so that two nodes seldom stand at once (thesis §3.4). */
export function resetElectionTimer(turn: Turn): void {
  const { config, now } = turn.state;
  const [jitter, prng] = below(turn.state.prng, config.electionMs);
  const electionTimeoutMs = config.electionMs + jitter;
  turn.state = { ...turn.state, prng, electionTimeoutMs, electionStartedAt: now };
}
