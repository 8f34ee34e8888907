// Every limit and interval of a node. Their relations are asserted when a configuration is made.

import type { ClusterId, NodeId } from "./contract.ts";
import type { Member } from "./membership/membership.ts";
import { assert } from "./lib/assert.ts";
import { MESSAGE_BYTES_MAX } from "./raft/message.ts";
import type { Retention } from "./mvcc/retention.ts";

export type Config = Readonly<{
  cluster: ClusterId;
  node: NodeId;
  /** The members of the cluster when it was new. Ignored once the data knows better. */
  members: readonly Member[];
  /** Where the members are now, for one that joins: until it has caught up, the log tells it only
   *  where they were. Empty for the first members. */
  contacts: readonly Member[];
  forceNewCluster: boolean; // --force-new-cluster: the others are removed at this boot
  strictReconfig: boolean; // --strict-reconfig-check
  /** What this node tells the others about itself once a leader exists. */
  name: string;
  clientUrls: readonly string[];
  version: string;
  heartbeatMs: number;
  electionMs: number;
  snapshotCount: number; // applied entries between two trims of the log
  catchUpEntries: number; // that stay behind for slow followers
  preVote: boolean;
  watchProgressMs: number; // between two notices to watchers that asked for them
  limits: Limits;
}>;

export type Limits = Readonly<{
  requestBytes: number; // --max-request-bytes: a marshalled request above it is refused
  overheadBytes: number; // what gRPC takes above it: a piece of a watch response is no larger
  transactionOperations: number; // --max-txn-ops
  appendBytes: number; // the entries of one append message, at least one entry
  appendsInFlight: number; // append messages sent to one follower and not yet answered
  uncommittedBytes: number; // proposals beyond it are dropped until something commits
  segmentBytes: number; // a WAL segment is closed once it is longer
  compactionRows: number; // --compaction-batch-limit: rows that one step of a compaction looks at
  streamPushes: number; // on their way to the client of one stream: beyond it, watches wait
  streamBytes: number; // the same in bytes of keys and values; one push may go beyond it
  watchBytes: number; // that one step tells watches, all together; one push may go beyond it
  historyRevisions: number; // one pass through history reads no more, for watches that are behind
  quotaBytes: number; // --quota-backend-bytes: a store that fills as much grows no more
  hashRows: number; // that one step hashes at most
  rangeRows: number; // that ranges read, or look at, in one step at most; watches the same again
  rangeBytes: number; // of what they read, but for one row
  rangesAtOnce: number; // of those that take more than one step: their answers wait in memory
  applyRows: number; // that one step looks at or writes at most to apply entries: some milliseconds
  leaseCheckpointMs: number; // between two notes of what leases have left; 0: none are made
  checks: Checks; // whether members compare their hashes
  retention: Retention; // --auto-compaction-…: history beyond it is compacted by itself
  tokenMs: number; // --auth-token-ttl: a simple token that is not used for so long is forgotten
  // What one step handles at most, all that it does taken together; sim/invariants/budget.ts holds
  // the pieces above to it.
  stepRows: number; // read from the store
  stepWrites: number; // made for the store, which takes those of one entry in one go
  stepPairs: number; // in answers; of what was deleted, one message tells all
  stepBytes: number; // of pairs told to clients, and of entries told to peers
  applyBehind: number; // committed − applied above it: "too many requests"
}>;

/** --max-request-bytes is no more: a request is one entry of the log, which is never split. A
 *  message has room for it, and for all around it, and members are busy with it for a while: with
 *  larger ones for so long that a leader loses its office before anything is committed. */
export const REQUEST_BYTES_MAX: number = MESSAGE_BYTES_MAX / 2;

/** How members compare their hashes. Of times: 0: not at all. */
export type Checks = Readonly<{
  historyMs: number; // --corrupt-check-time: of hashes of everything
  compactionsMs: number; // --compact-hash-check-time: of hashes remembered of compactions
  atStart: boolean; // --experimental-initial-corrupt-check: before a member serves
}>;

export const DEFAULT_LIMITS: Limits = {
  requestBytes: 1.5 * 1024 * 1024,
  overheadBytes: 512 * 1024,
  transactionOperations: 128,
  appendBytes: 1024 * 1024,
  appendsInFlight: 4, // more would be smaller: what waits behind these goes out as one
  uncommittedBytes: 1024 * 1024 * 1024,
  segmentBytes: 64 * 1000 * 1000,
  compactionRows: 1000,
  streamPushes: 64,
  streamBytes: 256 * 1024,
  watchBytes: 8 * 1024 * 1024,
  historyRevisions: 1000,
  quotaBytes: 2 * 1024 * 1024 * 1024,
  hashRows: 500,
  rangeRows: 500, // some milliseconds, with the encoding; a put beside it waits for a few of them
  rangeBytes: 256 * 1024,
  rangesAtOnce: 4,
  applyRows: 1000, // an ordinary put is two: it is looked at, and done
  leaseCheckpointMs: 0,
  checks: { historyMs: 0, compactionsMs: 0, atStart: false },
  retention: { kind: "everything" },
  tokenMs: 300_000,
  stepRows: 50_000,
  stepWrites: 5000,
  stepPairs: 5000,
  stepBytes: 64 * 1024 * 1024,
  applyBehind: 5000,
};

/** etcd's own: a watcher without events hears that it is up to date six times an hour. */
export const WATCH_PROGRESS_MS: number = 10 * 60 * 1000;

/** etcd's own wait for a proposal: 5 s for the queue and the disk, and two lost elections. */
export function requestTimeoutMs(config: Config): number {
  return 5000 + 2 * config.electionMs;
}

export function createConfig(config: Config): Config {
  assert(config.heartbeatMs >= 1, "a heartbeat interval is at least 1 ms");
  assert(
    config.electionMs >= 5 * config.heartbeatMs,
    "an election timeout is 5 heartbeats or more",
  );
  const { requestBytes, appendBytes } = config.limits;
  assert(requestBytes <= REQUEST_BYTES_MAX, "a request must fit into a message");
  assert(appendBytes <= REQUEST_BYTES_MAX, "the entries of an append must fit into a message");
  assert(config.snapshotCount >= 1, "a snapshot count is at least 1");
  assert(config.catchUpEntries >= 1, "a follower finds an entry or more");
  assert(config.limits.appendsInFlight >= 1, "one append must be allowed in flight");
  assert(config.limits.compactionRows >= 1, "a compaction must get on");
  assert(config.limits.applyRows >= 1, "a piece of an entry applies one row or more");
  assert(config.limits.streamPushes >= 1, "one push must be allowed on its way");
  assert(config.limits.streamBytes >= 1, "one byte must be allowed on its way");
  assert(config.limits.watchBytes >= 1, "a step tells something");
  assert(config.limits.historyRevisions >= 1, "a pass through history reads one revision or more");
  assert(config.limits.rangeRows >= 1, "a range must get on");
  assert(config.limits.rangeBytes >= 1, "a range must get on");
  assert(config.limits.rangesAtOnce >= 1, "one large range must get on");
  assert(config.limits.quotaBytes >= 1, "a quota is a size");
  assert(config.limits.appendBytes <= config.limits.uncommittedBytes, "one append must fit");
  return config;
}
