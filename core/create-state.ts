// The state of a node as it boots: what the disk showed, and nobody waiting for anything.

import type { Millis } from "./contract.ts";
import type { Store } from "./apply/apply.ts";
import { createTokens } from "./auth/tokens.ts";
import type { Config } from "./config.ts";
import { createOrderedMap } from "./lib/ordered-map.ts";
import { createCompactor } from "./mvcc/retention.ts";
import type { Calls, Leadership, NodeState, Streams, Upkeep } from "./node-state.ts";
import type { RaftState } from "./raft/state.ts";
import { createConcurrencyCalls } from "./services/concurrency/locks.ts";
import { createCorruption } from "./services/corruption/hash-checks.ts";
import { createRangeCalls } from "./services/kv/range-calls.ts";
import { createRangeStreams } from "./services/kv/range-streams.ts";
import { createBackups } from "./services/maintenance/backups.ts";
import { NO_DEFRAGMENTATION } from "./services/maintenance/defragment.ts";
import { createWatching } from "./services/watch/streams.ts";
import type { WalState } from "./storage/wal.ts";
import { createPendingCalls } from "./turn/calls.ts";
import { createInternalCalls } from "./turn/internal-calls.ts";
import { createLeaderCalls } from "./turn/leader-calls.ts";
import { createGuarded } from "./turn/leader-guards.ts";
import { createOutbox } from "./turn/outbox.ts";
import { NO_READS } from "./turn/reads.ts";

type Recovered = Readonly<{ raft: RaftState; wal: WalState; store: Store }>;

export function createState(
  config: Config,
  life: bigint,
  now: Millis,
  { raft, wal, store }: Recovered,
): NodeState {
  const { revision } = store.mvcc;
  return {
    config,
    life,
    now,
    raft,
    disk: { wal, outbox: createOutbox() },
    store,
    applying: null,
    appliedDurable: store.applied,
    installing: null,
    calls: noCalls(now),
    streams: noStreams(revision, now),
    leadership: NO_LEADERSHIP,
    upkeep: createUpkeep(config, revision, now),
    isYielding: false,
  };
}

function noCalls(now: Millis): Calls {
  return {
    pending: createPendingCalls(),
    reads: NO_READS,
    waits: [],
    leaderCalls: createLeaderCalls(),
    internalCalls: createInternalCalls(),
    concurrencyCalls: createConcurrencyCalls(),
    rangeCalls: createRangeCalls(),
    hashCalls: [],
    promotions: [],
    tokens: createTokens(now),
    tokenWaits: [],
  };
}

function noStreams(revision: Store["mvcc"]["revision"], now: Millis): Streams {
  return {
    watching: createWatching(revision, now),
    observers: createOrderedMap(),
    rangeStreams: createRangeStreams(),
    healthWatches: createOrderedMap(),
    backups: createBackups(),
    guarded: createGuarded(),
  };
}

const NO_LEADERSHIP: Leadership = {
  leaderLostAt: -1 as Millis,
  links: [],
  deadlines: null,
  checkpoints: null,
  walking: null,
};

function createUpkeep(config: Config, revision: number, now: Millis): Upkeep {
  return {
    publish: { kind: "waiting", askedAt: null },
    admission: { kind: "open" },
    corruption: createCorruption(config, now),
    defragmentation: NO_DEFRAGMENTATION,
    compactor: createCompactor(config.limits.retention, revision, now),
    weighedAt: revision,
  };
}
