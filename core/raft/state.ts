// The state of one Raft participant, and its door: what may be said to it and what it answers.
// Raft does not know what an entry means, what a disk is, or who a client is.

import type { Index, Millis, NodeId, SnapshotMeta, Term } from "../contract.ts";
import type { Prng } from "../lib/prng.ts";
import type { SeenForwards } from "./forwards.ts";
import type { Log } from "./log.ts";
import type { Entry, HardState, Message } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { ReadRounds } from "./read-index.ts";
import type { TermSpan } from "./terms.ts";

export type Role = "follower" | "pre_candidate" | "candidate" | "leader";

export type RaftConfig = Readonly<{
  id: NodeId;
  electionMs: number;
  heartbeatMs: number;
  preVote: boolean;
  appendBytes: number;
  appendsInFlight: number;
  uncommittedBytes: number;
}>;

/** What a node finds on its disk when it boots. */
export type Restored = Readonly<{
  hard: HardState;
  voters: readonly NodeId[];
  learners: readonly NodeId[];
  applied: Index; // the entry at which the KV image stands
  compactedIndex: Index; // the log begins behind (compactedIndex, compactedTerm)
  compactedTerm: Term;
  entries: readonly Entry[];
}>;

export type Ballot = Readonly<{ voter: NodeId; granted: boolean }>;

export type RaftState = Readonly<{
  config: RaftConfig;
  term: Term;
  termSpan: TermSpan; // from where others may take the term a step further
  vote: NodeId | null;
  role: Role;
  leader: NodeId | null;
  voters: readonly NodeId[]; // sorted by id
  learners: readonly NodeId[]; // sorted by id: they get the log, and count for nothing
  configuredAt: Index; // voters and learners are those after this entry
  heldChanges: readonly Uint8Array[]; // leader: changes that wait for the one before
  log: Log; // knows commit, and what is durable here
  ballots: readonly Ballot[]; // of the running (pre-)election, in order of arrival
  progress: readonly Progress[]; // leader only: one per voter and learner
  reads: ReadRounds; // leader: tickets waiting for a quorum
  /** Follower: forwarded proposals of this term; leader: what it saw of them. */
  forwards: Forwards;
  now: Millis; // the last tick
  electionStartedAt: Millis; // when the election timer was last reset
  electionTimeoutMs: number; // drawn anew with each role, in [electionMs, 2 × electionMs)
  leaderHeardAt: Millis; // follower: the last word of the leader (stickiness, thesis §4.2.3)
  heartbeatDueAt: Millis; // leader
  quorumCheckDueAt: Millis; // leader
  stuck: Stuck; // leader
  transferee: NodeId | null; // leader: handing over to
  transferEndsAt: Millis; // leader: when to give up handing over
  persistedTerm: Term; // the term and vote known to be on disk
  persistedVote: NodeId | null;
  prng: Prng;
}>;

/** For how many quorum checks there has been something to commit, and nothing was committed. */
export type Stuck = Readonly<{ commit: Index; checks: number }>;

export type Forwards = Readonly<{
  nextSequence: number; // of the next proposal that this node forwards
  seen: readonly SeenForwards[]; // leader: what was forwarded to it in this term
}>;

export type RaftInput = Readonly<
  | { kind: "tick"; now: Millis }
  | { kind: "message"; from: NodeId; message: Message }
  | { kind: "propose"; data: Uint8Array }
  | { kind: "read_index"; context: bigint }
  | { kind: "unreachable"; peer: NodeId }
  // A write is on disk: its hard state, and where the log ended when it was handed out.
  | { kind: "persisted"; hard: HardState | null; lastIndex: Index; lastTerm: Term }
  | { kind: "snapshot_sent"; peer: NodeId; ok: boolean }
  | { kind: "snapshot_staged"; from: NodeId; term: Term; meta: SnapshotMeta }
  | { kind: "transfer_leader"; to: NodeId }
  | { kind: "compact"; through: Index } // forget entries up to here: they are in the KV, durably
  // Changes up to `index` are applied, and these are the members now, sorted by id.
  | { kind: "configured"; index: Index; voters: readonly NodeId[]; learners: readonly NodeId[] }
>;

/** What a message depends on. The node holds it back until that is on this node's disk. */
export type After =
  | "nothing" // asks or tells nothing that a crash could make untrue
  | "term" // the sender's current term and vote
  | "log"; // every entry written so far, and the term

export type Send = Readonly<{ to: NodeId; message: Message; after: After }>;

export type RaftOutput = Readonly<{
  state: RaftState;
  /** Write these to the WAL: the hard state, and entries that replace the log from the first one's
   *  index on. Both empty: nothing to write. A commit index alone is never worth a write: it comes
   *  with the next entries, and a node that lost it learns it again from its KV image or its
   *  leader. So `hard` is there when the term or the vote is new, with entries, and with
   *  `restore`. */
  hard: HardState | null;
  entries: readonly Entry[];
  sends: readonly Send[];
  /** Answers to `read_index`: the read may be served once `index` is applied. Null: ask again. */
  reads: readonly Readonly<{ context: bigint; index: Index | null }>[];
  /** A `propose` that found no leader, or no room: it certainly did not happen. */
  dropped: boolean;
  snapshots: readonly Readonly<{ to: NodeId; term: Term; meta: SnapshotMeta }>[];
  /** Replace everything by the staged image. The log is already (meta.index, meta.term), empty. */
  restore: SnapshotMeta | null;
  traces: readonly RaftTrace[];
}>;

/** etcd-io/raft's names for the same events, where it has one (state_trace.go). */
export type RaftTrace = Readonly<
  | { kind: "become_follower"; term: Term; leader: NodeId | null }
  | { kind: "become_pre_candidate"; term: Term }
  | { kind: "become_candidate"; term: Term }
  | { kind: "become_leader"; term: Term }
  | { kind: "election_timeout"; term: Term; afterMs: number }
  | { kind: "vote_granted"; term: Term; to: NodeId; pre: boolean }
  | { kind: "vote_refused"; term: Term; to: NodeId; pre: boolean; reason: string }
  | { kind: "term_refused"; term: Term; from: NodeId; highest: Term } // this node went to `highest`
  | { kind: "append_refused"; term: Term; from: NodeId; index: Index } // it contradicts a commit
  | { kind: "quorum_lost"; term: Term } // CheckQuorum: the leader steps down
  | { kind: "stuck"; term: Term; commit: Index } // the leader steps down: it commits nothing
  | { kind: "commit"; index: Index }
  | { kind: "log_truncated"; from: Index }
  | { kind: "snapshot_refused"; index: Index; commit: Index }
>;
