// The whole state of a node: plain data, never mutated. Screens and oracles may read all of it;
// only core/ makes a new one. What everything reads stands at the top; the rest in groups, by what
// changes together, so that a step copies the group it changes and no other.

import type { Bytes, CallId, Index, Millis, NodeId, SnapshotMeta, Term } from "./contract.ts";
import type { Admission } from "./services/corruption/initial-check.ts";
import type { Backups } from "./services/maintenance/backups.ts";
import type { LeaderCalls } from "./turn/leader-calls.ts";
import type { PendingCalls } from "./turn/calls.ts";
import type { Reads } from "./turn/reads.ts";
import type { Watching } from "./services/watch/streams.ts";
import type { Store } from "./apply/apply.ts";
import type { Applying } from "./apply/large.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { Config } from "./config.ts";
import type { Corruption } from "./services/corruption/hash-checks.ts";
import type { Defragmentation } from "./services/maintenance/defragment.ts";
import type { Guarded } from "./turn/leader-guards.ts";
import type { HealthWatches } from "./services/maintenance/health.ts";
import type { InternalCalls } from "./turn/internal-calls.ts";
import type { Deadlines } from "./lease/deadlines.ts";
import type { Observers } from "./services/concurrency/observers.ts";
import type { TokenWaits } from "./services/auth/token-waits.ts";
import type { Outbox } from "./turn/outbox.ts";
import type { RaftState } from "./raft/state.ts";
import type { RangeCalls } from "./services/kv/range-calls.ts";
import type { RangeStreams } from "./services/kv/range-streams.ts";
import type { ConcurrencyCalls } from "./services/concurrency/locks.ts";
import type { HashCalls } from "./services/maintenance/hash-calls.ts";
import type { Compactor } from "./mvcc/retention.ts";
import type { Round } from "./lease/checkpoints.ts";
import type { Waits } from "./turn/waits.ts";
import type { WalState } from "./storage/wal.ts";

export type NodeState = Readonly<{
  config: Config;
  /** 64 random bits of this boot: what an earlier life asked for is not answered to this one. */
  life: bigint;
  now: Millis;
  raft: RaftState;
  disk: Disk;
  store: Store; // what the applied entries have built; `store.applied` is the last of them
  applying: Applying | null; // the entry behind it, which is too much for one step: half done
  appliedDurable: Index; // confirmed by kv.done: the log before it may go
  installing: SnapshotMeta | null; // an image takes the store's place: no reads, no applying
  calls: Calls;
  streams: Streams;
  leadership: Leadership;
  upkeep: Upkeep;
  isYielding: boolean; // a `resume` is on its way
}>;

/** What Raft has said and the disk has not confirmed: every append and every confirmation. */
export type Disk = Readonly<{ wal: WalState; outbox: Outbox }>;

/** Calls with one answer, by what they wait for: every call. */
export type Calls = Readonly<{
  pending: PendingCalls;
  reads: Reads;
  waits: Waits;
  leaderCalls: LeaderCalls; // what only the leader can answer
  internalCalls: InternalCalls;
  concurrencyCalls: ConcurrencyCalls;
  rangeCalls: RangeCalls;
  hashCalls: HashCalls;
  promotions: readonly Promotion[]; // calls that the leader must judge
  tokens: Tokens; // who showed the right password lately
  tokenWaits: TokenWaits;
}>;

/** Calls with many answers: every event, every page. */
export type Streams = Readonly<{
  watching: Watching;
  observers: Observers;
  rangeStreams: RangeStreams;
  healthWatches: HealthWatches;
  backups: Backups;
  guarded: Guarded; // those that end when there is no leader for long
}>;

/** Leading, and knowing who leads: every election, every link, and while leading every lease. */
export type Leadership = Readonly<{
  leaderLostAt: Millis; // −1: never
  links: readonly Link[]; // to other members, as far as they hold
  deadlines: Deadlines | null; // of leases: leader only, once it has applied an entry of its term
  checkpoints: Round | null; // of what leases have left: leader only
  walking: Walking;
}>;

/** What a member does as time goes on: minutes lie between. */
export type Upkeep = Readonly<{
  publish: Publish;
  admission: Admission;
  corruption: Corruption;
  defragmentation: Defragmentation;
  compactor: Compactor; // of history, until it is old enough to be given up
  weighedAt: number; // the revision at which the store was last compared with the quota
}>;

/** Steps of a compaction that this leader proposed last, as far as this row: not again before they
 *  had time. */
export type Walking = Readonly<{ through: Bytes; scheduled: number; askedAt: Millis }> | null;

export type Link = Readonly<{ peer: NodeId; since: Millis }>;
export type Promotion = Readonly<{ call: CallId; askedAt: Millis | null; term: Term }>;

/** Every life tells the cluster this member's name and client URLs once; then it is ready. */
export type Publish = Readonly<{ kind: "waiting"; askedAt: Millis | null } | { kind: "done" }>;
