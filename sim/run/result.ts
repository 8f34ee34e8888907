// What a run leaves behind: what happened in it, for judges, and what it has seen of trouble.

import type { Bytes, Index, LeaseId, NodeId } from "../../core/contract.ts";
import type { FaultKind } from "../faults/faults.ts";
import type { Micros } from "./frame.ts";
import type {
  CachedView,
  Shown,
  SimChange,
  SimOperation,
  WatchSession,
} from "../record/history.ts";
import type { CallName } from "../options/options.ts";

export type SimResult = Readonly<{
  hash: string; // sixteen hex digits, chained over every event, input and effect
  events: number;
  simulatedMs: number;
  faultsInjected: Readonly<Record<FaultKind, number>>;
  history: readonly SimOperation[];
  calls: readonly (CallName | null)[]; // the names of the history's calls; null: a final check
  shown: readonly Shown[];
  leaseEnds: readonly LeaseEnd[]; // in the order of the log
  journal: readonly SimChange[]; // by revision
  watches: readonly WatchSession[];
  views: readonly CachedView[];
  boots: readonly Readonly<{ member: NodeId; at: Micros }>[];
  violation: Violation | null;
  coverage: Coverage;
}>;

/** A lease is no more: it ran out, or somebody revoked it. */
export type LeaseEnd = Readonly<{
  index: Index;
  lease: LeaseId;
  ranOut: boolean;
  at: Micros; // when the first node applied it
  revision: number; // of the store, with its keys gone
  keys: readonly Bytes[]; // what went with it
}>;

export type Violation = Readonly<{
  oracle: string; // the id of an invariant, or "assertion" for one of the core's own
  message: string;
  step: number;
  timeMs: number;
  node: number | null;
}>;

/** What the run has seen: a quiet run that saw nothing proves nothing. */
export type Coverage = Readonly<{
  elections: number;
  leaderChanges: number;
  highestTerm: number;
  committedEntries: number;
  crashes: number;
  memberChanges: number; // that a member said had taken place
  restarts: number; // boots, but for the first of each node
  tornTails: number; // boots that cut a broken tail off the log
  lostWrites: number; // crashes that lost writes not yet synced
  snapshotsSent: number;
  snapshotsInstalled: number;
  logTruncations: number;
  logTrims: number;
  messagesSent: number;
  messagesLost: number;
  messagesDuplicated: number;
  callsOk: number;
  callsFailed: number;
  callsUnknown: number;
  linearizableReads: number;
  writes: number;
  compactions: number; // answered with success
  hashes: number; // of histories
  defragmentations: number; // that a driver carried out
  refusedForSpace: number;
  corruptionsFound: number; // times that somebody was accused
  refusedToServe: number; // starts that ended there, because the store differed from others'
  locks: number; // and elections, that were won
  autoCompactions: number; // completed
  authenticated: number; // tokens given
  refusedForPermission: number;
  authChanges: number; // of users, roles, and whether anybody is asked
  keepAlives: number; // answered with time
  leasesRanOut: number;
  watchEvents: number;
  watchFragments: number; // pieces of responses with more to follow
  watchProgress: number; // notices without events
  watchesCompacted: number; // canceled, because history was gone
  watchesResumed: number; // streams opened anew
  rangesInPieces: number; // told to their end
  rangeParts: number; // of answers that took more than one step
  backups: number; // compared with what they should be
  endedWithoutLeader: number; // streams
  fullDisks: number; // writes that had no room
  statuses: number; // that somebody asked for and heard
  largeCalls: number; // of giants
  crowds: number; // of watches on one stream
}>;
