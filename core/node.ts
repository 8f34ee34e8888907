// The node: boots the parts from a disk, and routes each input to the part that it concerns.
//
//   input ─► raft ─► persist (WAL bytes) ─► outbox (messages wait for the disk)     turn/turn.ts
//                └─► committed and durable here ─► apply ─► kv writes, replies      step/advance.ts
//                └─► read tickets ─► answers once applied

import type {
  Boot,
  DiskToken,
  Effect,
  Index,
  Input,
  KvReader,
  Millis,
  NodeId,
  Result,
  StepFunction,
} from "./contract.ts";
import { maybeYield, resumeChores } from "./step/chores.ts";
import {
  beginAdmission,
  noteUnreachable,
  tickAdmission,
  turnAway,
} from "./services/corruption/initial-check.ts";
import { advance, maybePublish } from "./step/advance.ts";
import { expiredCalls } from "./turn/calls.ts";
import { takePiece } from "./services/maintenance/backups.ts";
import type { Store } from "./apply/apply.ts";
import { restoreStore } from "./apply/apply.ts";
import { createTokens } from "./auth/tokens.ts";
import { tickTokens } from "./turn/callers.ts";
import { configurationOf, putGenesis, putMember, sortedMembers } from "./membership/membership.ts";
import type { Config } from "./config.ts";
import {
  forgetHashes,
  takeHashMessage,
  tickCorruption,
} from "./services/corruption/hash-checks.ts";
import { defragmentDone } from "./services/maintenance/defragment.ts";
import { confirm, pushWrites } from "./kv/overlay.ts";
import { putApplied } from "./kv/tables.ts";
import { assert } from "./lib/assert.ts";
import { takeLeaseMessage } from "./services/lease/ask-leader.ts";
import { tickLeases } from "./services/lease/leases.ts";
import { detain, takeAdmitted, tickTokenWaits } from "./services/auth/token-waits.ts";
import { createState } from "./create-state.ts";
import { restoreObservers } from "./services/concurrency/observers.ts";
import { passwordDone } from "./services/auth/passwords.ts";
import { takePromotionMessage } from "./services/cluster/promotions.ts";
import { isRepaired, settle } from "./turn/outbox.ts";
import type { Message } from "./raft/message.ts";
import { createRaft } from "./raft/raft.ts";
import { restartRangeCalls } from "./services/kv/range-calls.ts";
import {
  proceedConcurrencyCalls,
  restoreConcurrencyCalls,
  tickConcurrencyCalls,
} from "./services/concurrency/locks.ts";
import { sayFarewell } from "./services/maintenance/hand-over.ts";
import { forceNewCluster } from "./step/forced-cluster.ts";
import { recover, type Recovered } from "./storage/recovery.ts";
import { appendToWal, confirmWal, trimWal } from "./storage/wal.ts";
import { tickStreamCalls } from "./step/stream-calls.ts";
import { restoreStreams } from "./step/streaming.ts";
import { takeCall, takeCallInput } from "./step/take-call.ts";
import { timeoutOf } from "./turn/timeouts.ts";
import type { Turn } from "./turn/turn.ts";
import { tickUpkeep } from "./services/maintenance/upkeep.ts";
import { setCalls, setDisk, setLeadership } from "./turn/set-state.ts";
import { beginTurn, reply, tellPeers, tellRaft, writeDisk } from "./turn/turn.ts";

export const boot: Boot = (config, seed, now, disk, kv) => {
  const effects: Effect[] = [];
  const store = openStore(config, kv, effects);
  const applied = { index: store.applied, term: store.appliedTerm };
  const identity = { cluster: config.cluster, node: config.node };
  const recovered = recover(disk, identity, applied, config.limits.segmentBytes);
  if (!recovered.ok) return recovered;
  const { compacted, cutOff } = recovered.value;
  const known = config.forceNewCluster
    ? aloneFrom(config, seed, store, recovered.value)
    : recovered;
  if (!known.ok) return known;
  const { wal, hard, entries, repairs } = known.value;
  const restored = {
    hard,
    entries,
    ...configurationOf(store.members),
    applied: store.applied,
    compactedIndex: compacted.index,
    compactedTerm: compacted.term,
  };
  const raft = createRaft(raftConfig(config), restored, seed, now);
  const state = createState(config, seed, now, { raft, wal, store });
  const turn = beginTurn(state, kv, effects);
  if (known === recovered) tellPeers(turn);
  writeDisk(turn, { wal, ops: repairs }, hard); // what was read may not be on disk before this is
  const { term, commit } = hard;
  const { lastIndex } = raft.log;
  const event = { kind: "booted", term, commit, applied: applied.index, lastIndex } as const;
  effects.push({ kind: "trace", event });
  if (cutOff !== null) effects.push({ kind: "trace", event: { kind: "log_cut", ...cutOff } });
  beginAdmission(turn);
  maybeYield(turn);
  return { ok: true, value: [turn.state, effects] };
};

export const step: StepFunction = (state, input, kv) => {
  const turn = beginTurn(state, kv);
  if (state.upkeep.admission.kind !== "open") {
    takeOutside(turn, input);
    maybeYield(turn);
    return [turn.state, turn.effects];
  }
  switch (input.kind) {
    case "tick":
      tick(turn, input.now);
      break;
    case "peer.message":
      takeMessage(turn, input.from, input.message);
      break;
    case "peer.link":
      noteLink(turn, input.peer, input.up);
      break;
    case "peer.unreachable":
      tellRaft(turn, { kind: "unreachable", peer: input.peer });
      break;
    case "call":
    case "call.item":
    case "call.credit":
    case "call.close":
    case "call.cancel":
      if (!detain(turn, input)) takeCallInput(turn, input);
      break;
    case "password.done":
      passwordDone(turn, input.call, input.answer);
      break;
    case "disk.done":
      diskDone(turn, input.token);
      break;
    case "kv.done":
      kvDone(turn, input.applied);
      break;
    case "snapshot.sent":
      tellRaft(turn, { kind: "snapshot_sent", peer: input.peer, ok: input.ok });
      break;
    case "backup.piece":
      takePiece(turn, input);
      break;
    case "defragment.done":
      defragmentDone(turn, input);
      break;
    case "snapshot.staged": {
      if (!isRepaired(turn.state.disk.outbox)) break; // the leader sends it again
      const { from, term, meta } = input;
      tellRaft(turn, { kind: "snapshot_staged", from, term, meta });
      break;
    }
    case "stopping":
      sayFarewell(turn);
      break;
    case "resume":
      resumeChores(turn);
      break;
  }
  advance(turn, input.kind === "resume");
  for (const each of takeAdmitted(turn)) {
    takeCallInput(turn, each);
    advance(turn);
  }
  while (proceedConcurrencyCalls(turn, takeCall)) advance(turn);
  maybeYield(turn);
  return [turn.state, turn.effects];
};

/** What a member takes part in before it is admitted: nothing but being compared. */
function takeOutside(turn: Turn, input: Input): void {
  switch (input.kind) {
    case "tick":
      turn.state = { ...turn.state, now: input.now };
      return tickAdmission(turn);
    case "peer.message": {
      const { from, message } = input;
      if (message.kind !== "hash_ask" && message.kind !== "hash_answer") return;
      return takeHashMessage(turn, from, message);
    }
    case "peer.unreachable":
      return noteUnreachable(turn, input.peer);
    case "peer.link":
      return noteLink(turn, input.peer, input.up);
    case "disk.done":
      return diskDone(turn, input.token);
    case "kv.done":
      return kvDone(turn, input.applied);
    case "resume":
      return resumeChores(turn);
    case "call":
      return turnAway(turn, input);
    default: // of streams, images and passwords that it knows nothing of
  }
}

/** The log with which it is alone. Others are heard of no more: until it has applied that, too. */
function aloneFrom(
  config: Config,
  seed: bigint,
  store: Store,
  recovered: Recovered,
): Result<Recovered, string> {
  const { hard, entries, wal, repairs } = recovered;
  const forced = forceNewCluster(config, seed, store, hard, entries);
  if (!forced.ok) return forced;
  const added = forced.value.entries;
  if (added.length === 0) return { ok: true, value: recovered };
  const plan = appendToWal(wal, forced.value.hard, added);
  return {
    ok: true,
    value: {
      ...recovered,
      hard: forced.value.hard,
      entries: [...entries, ...added],
      wal: plan.wal,
      repairs: [...repairs, ...plan.ops],
    },
  };
}

/** The state that the KV holds; in an empty one, the genesis: the members of the new cluster. */
function openStore(config: Config, kv: KvReader, effects: Effect[]): Store {
  const store = restoreStore(kv);
  if (store.members.length > 0) return store;
  const members = sortedMembers(config.members);
  const { applied: index, appliedTerm: term } = store;
  const applied = putApplied({ index, term, ...configurationOf(members) });
  const writes = [...members.map(putMember), putGenesis(members), applied];
  effects.push({ kind: "kv", applied: index, writes });
  return { ...store, members, overlay: pushWrites(store.overlay, index, writes) };
}

function raftConfig(config: Config): Parameters<typeof createRaft>[0] {
  const { node, electionMs, heartbeatMs, preVote, limits } = config;
  const { appendBytes, appendsInFlight, uncommittedBytes } = limits;
  return {
    id: node,
    electionMs,
    heartbeatMs,
    preVote,
    appendBytes,
    appendsInFlight,
    uncommittedBytes,
  };
}

function tick(turn: Turn, now: Millis): void {
  turn.state = { ...turn.state, now };
  tellRaft(turn, { kind: "tick", now });
  for (const waiting of expiredCalls(turn.state.calls.pending, now)) {
    const error = timeoutOf(turn.state, waiting);
    reply(turn, waiting.call, { ok: false, error });
  }
  tickTokens(turn, now);
  tickTokenWaits(turn, now);
  tickLeases(turn);
  tickStreamCalls(turn, now);
  tickConcurrencyCalls(turn, takeCall, now);
  tickUpkeep(turn);
  tickCorruption(turn);
  maybePublish(turn);
}

/** Whoever was removed may not know it yet, and must disturb nobody. A leader that was removed is
 *  heard until it has handed over. */
function takeMessage(turn: Turn, from: NodeId, message: Message): void {
  const { store, raft } = turn.state;
  if (store.removed.includes(from) && raft.leader !== from) return;
  if (message.kind === "promotion_ask" || message.kind === "promotion_refused") {
    takePromotionMessage(turn, from, message);
  } else if (message.kind === "lease_ask" || message.kind === "lease_answer") {
    takeLeaseMessage(turn, from, message);
  } else if (message.kind === "hash_ask" || message.kind === "hash_answer") {
    takeHashMessage(turn, from, message);
  } else {
    tellRaft(turn, { kind: "message", from, message });
  }
}

function noteLink(turn: Turn, peer: NodeId, up: boolean): void {
  const { now } = turn.state;
  const { links } = turn.state.leadership;
  const others = links.filter((link) => link.peer !== peer);
  setLeadership(turn, {
    ...turn.state.leadership,
    links: up ? [...others, { peer, since: now }] : others,
  });
}

function diskDone(turn: Turn, token: DiskToken): void {
  const [outbox, persisted, released] = settle(turn.state.disk.outbox, token);
  const { hard, lastIndex, lastTerm, mark } = persisted;
  setDisk(turn, { ...turn.state.disk, outbox, wal: confirmWal(turn.state.disk.wal, mark) });
  for (const { to, message } of released) turn.effects.push({ kind: "peer.send", to, message });
  tellRaft(turn, { kind: "persisted", hard, lastIndex, lastTerm });
}

function kvDone(turn: Turn, applied: Index): void {
  const { installing, store } = turn.state;
  if (installing === null) {
    assert(applied <= store.applied, `kv.done ${applied}, but only ${store.applied} was applied`);
    const overlay = confirm(store.overlay, applied, turn.state.config.limits.applyRows);
    turn.state = { ...turn.state, store: { ...store, overlay }, appliedDurable: applied };
    maybeTrim(turn);
  } else if (applied >= installing.index) {
    const loaded = restoreStore(turn.kv);
    const shown = `the image shows ${loaded.applied}, its meta says ${installing.index}`;
    assert(loaded.applied === installing.index, shown);
    const { index, term } = installing;
    const tokens = createTokens(turn.state.now); // what became of those of before is not known
    turn.state = { ...turn.state, installing: null, store: loaded, appliedDurable: applied };
    setCalls(turn, { ...turn.state.calls, tokens });
    turn.effects.push({ kind: "trace", event: { kind: "snapshot_installed", index, term } });
    tellPeers(turn);
    restoreStreams(turn, loaded.mvcc.revision);
    restoreConcurrencyCalls(turn);
    restoreObservers(turn);
    restartRangeCalls(turn);
    forgetHashes(turn);
  } // else: a batch of the store that is being replaced
}

/** The KV at its durable index is the snapshot: the log before it goes, but for what slow
 *  followers may still ask for. */
function maybeTrim(turn: Turn): void {
  const { raft, appliedDurable, config } = turn.state;
  const kept = config.snapshotCount + config.catchUpEntries;
  if (appliedDurable - raft.log.compactedIndex < kept) return;
  const through = (appliedDurable - config.catchUpEntries) as Index;
  tellRaft(turn, { kind: "compact", through });
  const trimmed = trimWal(turn.state.disk.wal, through);
  turn.effects.push({ kind: "trace", event: { kind: "log_trimmed", through } });
  if (trimmed.ops.length > 0) writeDisk(turn, trimmed, null);
}
