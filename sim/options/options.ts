// What a simulated run is made of: plain data, printable as JSON, and the whole of it. Two runs
// with equal options are the same run. Every list in it may be shortened: that is how a failure
// shrinks.

import type { Limits } from "../../core/config.ts";
import { DEFAULT_LIMITS } from "../../core/config.ts";
import { assert } from "../../core/lib/assert.ts";
import { MESSAGE_BYTES_MAX } from "../../core/raft/message.ts";
import type { Fault } from "../faults/faults.ts";
import type { CpuOptions } from "../cluster/load.ts";
import type { Micros } from "../run/frame.ts";
import type { Sizes } from "./sizes.ts";
import { checkSizes, SMALL } from "./sizes.ts";

/** So many of so many cases. Integers only: no float decides anything. */
export type Ratio = readonly [numerator: number, denominator: number];

export type SimOptions = Readonly<{
  seed: number; // 32 bits, unsigned
  nodes: number; // 1, 2, 3 …: how people call them
  spares: number; // the last so many are no members until an operator adds them
  operatorMs: number; // about so long between two changes of members, where there are spares
  strictReconfig: boolean;
  durationMs: number;
  /** From here on everything is whole again, for good: crashed nodes start, links carry, clocks
   *  keep time. In the first half of this tail clients go on; later every node must show that it
   *  caught up. */
  healAtMs: number;
  node: NodeOptions;
  network: NetworkOptions;
  disk: DiskOptions;
  clocks: readonly ClockOptions[]; // by node; nodes beyond the list have a perfect clock
  cpu: CpuOptions;
  clients: ClientOptions;
  sizes: Sizes;
  faults: readonly Fault[];
  twice: boolean; // take every step twice and compare: leaks of time or chance show where they leak
  frames: boolean; // make the text of every event for `frame()`; a run without it is the same run
}>;

export type NodeOptions = Readonly<{
  tickMs: number;
  heartbeatMs: number;
  electionMs: number;
  preVote: boolean;
  snapshotCount: number;
  progressMs: number; // between two notices to watches that asked for them
  limits: Limits;
}>;

/** A delay is `delayMicros` and up to as much again; some messages take up to `tailMicros` more. */
export type NetworkOptions = Readonly<{
  delayMicros: number;
  tailMicros: number;
  tail: Ratio;
  drop: Ratio;
  duplicate: Ratio; // the second copy comes up to `lateMicros` after the first
  lateMicros: number;
  frameBytes: number; // a longer message of a peer is refused where it arrives
  reorder: Ratio; // held back until later messages of the link have overtaken it
  /** Of a link, which carries one thing after another; zero: bytes take no time. */
  kilobyteMicros: Micros;
}>;

/** A sync takes `syncMicros` and up to as much again; some take up to `tailMicros` more. */
export type DiskOptions = Readonly<{
  syncMicros: number;
  tailMicros: number;
  tail: Ratio;
  commitMicros: number; // the same for the commits of the key-value store
  roomBytes: number; // for the log; once all is to be whole, as much again. Zero: there is no end
}>;

export type ClockOptions = Readonly<{
  offsetMs: number; // where this clock begins
  driftPpm: number; // how much too fast it runs, in parts per million; negative: too slow
}>;

export type ClientOptions = Readonly<{
  count: number;
  intervalMs: number; // between the planned times of a client's calls, half of it by chance
  timeoutMs: number;
  keys: number;
  watchers: number; // clients that only watch
  admins: number; // 1: somebody turns authentication on and off
  users: number; // who try what they may, and an administrator who changes that
  crowd: Ratio; // of the work on passwords, what finds others that log in at the same time
  servicesClients: number; // those who use what other clients do not
  statusClients: number; // those who ask members how they are
  leaseHolders: number; // clients that keep leases alive, and now and then let them lapse
  mix: Mix;
  /** The calls to make; null: all. A call whose time passes while another runs is not made. */
  only: readonly CallName[] | null;
}>;

/** The weights of the kinds of calls. */
export type Mix = Readonly<{
  put: number;
  get: number; // linearizable, one key
  range: number; // linearizable, several keys
  serializable: number;
  historical: number; // at a revision seen before
  delete: number;
  swap: number; // compare and put
  txn: number; // reads and writes of several keys in one
  lease: number; // grants, puts on leases, revocations, questions
  compact: number; // a revision seen before, sometimes waiting until its rows are gone
  alarm: number; // asked for, raised and cleared
  lock: number; // locks and elections, on leases of the client's own
  select: number; // a range with filters, an order and a limit
  nested: number; // a transaction in a transaction
  hash: number; // of the history of one member
  choice: number; // a transaction that only reads, by what it finds in many keys
}>;

/** Which call it is. What the call does is a function of the seed and of this. */
export type CallName = Readonly<{ client: number; ordinal: number }>;

/** Small enough that a few seconds see rotation, trimming and snapshots. */
export const SMALL_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  appendBytes: 1024,
  appendsInFlight: 8,
  uncommittedBytes: 64 * 1024,
  segmentBytes: 8 * 1024,
  compactionRows: 3,
  applyBehind: 200,
  requestBytes: 2048,
  overheadBytes: 0,
  streamPushes: 4,
  historyRevisions: 10,
  hashRows: 5,
};

/** Three nodes, three clients, a good network and good disks: nothing goes wrong. */
export const DEFAULT_OPTIONS: SimOptions = {
  seed: 1,
  nodes: 3,
  spares: 0,
  operatorMs: 1500,
  strictReconfig: true,
  durationMs: 30_000,
  healAtMs: 20_000,
  node: {
    tickMs: 50,
    heartbeatMs: 100,
    electionMs: 1000,
    preVote: true,
    snapshotCount: 50,
    progressMs: 2000,
    limits: SMALL_LIMITS,
  },
  network: {
    delayMicros: 300,
    tailMicros: 20_000,
    tail: [1, 100],
    drop: [0, 1000],
    duplicate: [0, 1000],
    lateMicros: 2_000_000,
    frameBytes: MESSAGE_BYTES_MAX,
    reorder: [0, 1000],
    kilobyteMicros: 0,
  },
  disk: {
    syncMicros: 500,
    tailMicros: 20_000,
    tail: [1, 100],
    commitMicros: 2000,
    roomBytes: 0,
  },
  clocks: [],
  cpu: { itemMicros: 2, kilobyteMicros: 2, freeMicros: 2000 },
  clients: {
    count: 3,
    intervalMs: 200,
    timeoutMs: 3000,
    keys: 5,
    watchers: 0,
    admins: 0,
    users: 0,
    crowd: [0, 1],
    servicesClients: 0,
    statusClients: 0,
    leaseHolders: 0,
    mix: {
      put: 6,
      get: 4,
      range: 2,
      serializable: 2,
      historical: 1,
      delete: 2,
      swap: 2,
      txn: 2,
      lease: 0,
      compact: 0,
      alarm: 0,
      lock: 0,
      select: 0,
      nested: 0,
      hash: 0,
      choice: 0,
    },
    only: null,
  },
  sizes: SMALL,
  faults: [],
  twice: false,
  frames: false,
};

/** The options themselves, once they make sense. */
export function checkOptions(options: SimOptions): SimOptions {
  const { seed, nodes, durationMs, healAtMs, node, clients } = options;
  assert(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, "a seed is 32 bits, unsigned");
  assert(Number.isInteger(nodes) && nodes >= 1 && nodes <= 9, "a cluster has 1 to 9 nodes");
  assert(options.spares >= 0 && options.spares < nodes, "a cluster begins with one node or more");
  assert(healAtMs >= 0 && healAtMs <= durationMs, "a run heals before it ends");
  assert(node.tickMs >= 1 && node.tickMs <= node.heartbeatMs, "a tick is at most one heartbeat");
  assert(clients.intervalMs >= 1 && clients.keys >= 1, "clients need time and keys");
  checkSizes(options.sizes);
  for (const fault of options.faults) assert(fault.atMs >= 0, "a fault happens within the run");
  return options;
}
