// What truly happened, kept beside the run: which entries ever existed, which were committed, what
// lies on each disk. Nodes never see it. It believes disks and its own ledgers, not what a node
// says of itself.

import type {
  DiskToken,
  Effect,
  Index,
  Input,
  KvWrite,
  NodeId,
  Term,
} from "../../core/contract.ts";
import { isStreamRequest } from "../../core/api/request.ts";
import type { NodeState } from "../../core/node-state.ts";
import { broken } from "../../core/lib/assert.ts";
import { entryAt, termAt } from "../../core/raft/log.ts";
import type { Log } from "../../core/raft/log.ts";
import type { Entry } from "../../core/raft/message.ts";
import { Digest, digestBytes } from "../world/digest.ts";
import type { SimOperation } from "../record/history.ts";
import type { Load } from "../cluster/load.ts";

/** One thing that happened, as oracles see it. `node` is a node's number. */
export type Moment = Readonly<
  | BootMoment
  | StepMoment
  | { kind: "synced"; node: number; token: DiskToken } // the disk has carried this out
  | { kind: "stored"; node: number; applied: Index } // the key-value store has, durably
  | { kind: "crashed"; node: number }
  | { kind: "harmed"; node: number } // its store was, silently
  | { kind: "answered"; operation: SimOperation; floor: number }
  // One node begins to drive terms up while all else is well; then, something else goes wrong too.
  | { kind: "inflating"; node: number; untilMs: number }
  | { kind: "calm" } // nothing is planned that could unseat a leader
  | { kind: "disturbed" }
  | EndMoment
>;
export type BootMoment = Readonly<{
  kind: "booted";
  node: number;
  state: NodeState;
  effects: readonly Effect[];
}>;
export type StepMoment = Readonly<{
  kind: "stepped";
  node: number;
  timeMs: number;
  input: Input;
  before: NodeState;
  state: NodeState;
  effects: readonly Effect[];
  appended: readonly Entry[]; // what the log holds now and did not before
  load: Load; // what it handled
}>;
export type EndMoment = Readonly<{
  kind: "ended";
  states: readonly (NodeState | null)[]; // null: crashed
  contents: readonly string[]; // a digest of each store
  histories: readonly string[]; // and of its history
  unanswered: readonly number[]; // nodes whose final read failed
}>;

/** What a node's disk holds for certain. */
export type Durable = Readonly<{ term: Term; vote: NodeId | null; until: Index; log: Log }>;

type Issued = Durable & Readonly<{ token: DiskToken; base: Index; effect: DiskEffect }>;
type DiskEffect = Extract<Effect, { kind: "disk" }>;

export type GhostNode = {
  id: NodeId; // of the member whose process it is
  durable: Durable | null; // null: it never booted
  issued: readonly Issued[]; // disk effects under way, oldest first
  readonly dirty: Set<string>; // files with bytes that no sync has followed
  kvIssued: number;
  kvDurable: number;
  kvHash: number | null; // of all revisions written so far; null: unknown
  readonly calls: Set<number>; // taken and not yet answered
  isHarmed: boolean; // its store is not what was written
  readonly guarded: Set<number>; // of them, streams that want a leader
  defragmentations: Readonly<{ asked: readonly number[]; owed: readonly number[] }>;
  leaderlessSince: number | null; // by its own clock; null: it knows one, or has just booted
};

export type Ghost = {
  readonly nodes: readonly GhostNode[]; // by number, 1 first
  readonly leaders: Map<Term, number>;
  /** (term, index) → what the entry is and what it follows. */
  readonly entries: Map<string, Readonly<{ fingerprint: number; previousTerm: number }>>;
  readonly committed: Map<number, Term>; // by index; zero stands for the empty log
  lastCommitted: Index;
  readonly commits: { term: Term; index: Index }[]; // the last commit of each leader's term
  readonly kvHashes: Map<number, number>; // applied index → hash of all revisions up to it
  inflation: Readonly<{ node: number; untilMs: number; elections: number }> | null;
  isCalm: boolean; // nothing has gone wrong so far that could unseat a leader
  ledSinceMs: number | null; // when the first one was elected
};

export function createGhost(nodes: number): Ghost {
  return {
    nodes: Array.from({ length: nodes }, (_, at) => createGhostNode(at + 1)),
    leaders: new Map(),
    entries: new Map(),
    committed: new Map([[0, 0 as Term]]),
    lastCommitted: 0 as Index,
    commits: [],
    kvHashes: new Map([[0, 0]]),
    inflation: null,
    isCalm: false,
    ledSinceMs: null,
  };
}

/** The first `founders` nodes begin with a store that holds what became of entry `index`. */
export function recordInitialData(
  ghost: Ghost,
  founders: number,
  { index, term }: Readonly<{ index: Index; term: Term }>,
  writes: readonly KvWrite[],
): void {
  ghost.committed.set(index, term);
  ghost.lastCommitted = index;
  ghost.kvHashes.set(index, hashWrites(0, { kind: "kv", applied: index, writes }));
  for (const node of ghost.nodes.slice(0, founders)) {
    node.kvIssued = index;
    node.kvDurable = index;
  }
}

export function ghostNode(ghost: Ghost, number: number): GhostNode {
  return ghost.nodes[number - 1] ?? broken(`there is no node ${number}`);
}

/** Then its clients may hear anything. */
export function isAnyHarmed(ghost: Ghost): boolean {
  return ghost.nodes.some(({ isHarmed }) => isHarmed);
}

/** Terms may be as large as numbers are. */
export function entryKey(term: Term, index: Index): string {
  return `${term}/${index}`;
}

export function fingerprint(entry: Entry): number {
  return digestBytes(entry.data);
}

/** Does this disk hold the entry (index, term), or an image of the state after it? */
export function holds(durable: Durable | null, index: Index, term: Term): boolean {
  if (durable === null) return false;
  if (index <= durable.log.compactedIndex) return true;
  return index <= durable.until && termAt(durable.log, index) === term;
}

/** Entries that `after` holds and `before` did not. Below the first common (index, term), going
 *  down, two logs are equal: that is log matching, which has its own oracle. */
export function appendedEntries(before: Log, after: Log): readonly Entry[] {
  if (before.chunks === after.chunks) return [];
  let common = Math.min(before.lastIndex, after.lastIndex) as Index;
  while (common > after.compactedIndex && termAt(before, common) !== termAt(after, common)) {
    common = (common - 1) as Index;
  }
  const appended: Entry[] = [];
  for (let index = common + 1; index <= after.lastIndex; index++) {
    const entry = entryAt(after, index as Index);
    if (entry !== null) appended.push(entry);
  }
  return appended;
}

/** The hash of a store after these writes, from its hash before. */
export function hashWrites(hash: number, effect: Extract<Effect, { kind: "kv" }>): number {
  let rolling = hash;
  for (const write of effect.writes) {
    if (write.table === "meta" || write.table === "members") continue;
    const digest = new Digest();
    digest.number(rolling);
    digest.text(write.key);
    if (write.kind === "put") digest.bytes(write.value);
    rolling = digest.value();
  }
  return rolling;
}

/** Takes note. Oracles have looked at the moment before. */
export function record(ghost: Ghost, moment: Moment): void {
  switch (moment.kind) {
    case "booted":
      return recordBoot(ghost, moment);
    case "stepped":
      return recordStep(ghost, moment);
    case "synced":
      return recordSync(ghostNode(ghost, moment.node), moment.token);
    case "stored":
      ghostNode(ghost, moment.node).kvDurable = moment.applied;
      return;
    case "crashed": {
      const node = ghostNode(ghost, moment.node);
      node.calls.clear();
      node.guarded.clear();
      node.defragmentations = NO_DEFRAGMENTATIONS;
      node.leaderlessSince = null;
      node.dirty.clear();
      return;
    }
    case "harmed": {
      const node = ghostNode(ghost, moment.node);
      node.isHarmed = true;
      node.kvHash = null;
      return;
    }
    case "inflating":
      ghost.inflation = { node: moment.node, untilMs: moment.untilMs, elections: 0 };
      return;
    case "calm":
      ghost.isCalm = true;
      return;
    case "disturbed":
      ghost.inflation = null;
      ghost.isCalm = false;
      return;
    case "answered":
    case "ended":
      return;
  }
}

const NO_DEFRAGMENTATIONS: GhostNode["defragmentations"] = { asked: [], owed: [] };

function createGhostNode(number: number): GhostNode {
  return {
    id: BigInt(number) as NodeId,
    durable: null,
    issued: [],
    dirty: new Set(),
    kvIssued: 0,
    kvDurable: 0,
    kvHash: 0,
    calls: new Set(),
    isHarmed: false,
    guarded: new Set(),
    defragmentations: NO_DEFRAGMENTATIONS,
    leaderlessSince: null,
  };
}

/** What a node reads at boot may live in a cache only, until its first disk effect is done: what is
 *  certain is what was so before, as far as it came back. */
function recordBoot(ghost: Ghost, { node, state, effects }: BootMoment): void {
  const { raft, store } = state;
  const kept = ghostNode(ghost, node);
  kept.id = state.config.node;
  const { durable } = kept;
  const until = durable === null ? raft.log.compactedIndex : certainUntil(durable, raft.log);
  const hard = durable ?? { term: 0 as Term, vote: null };
  kept.durable = { term: hard.term, vote: hard.vote, until, log: raft.log };
  kept.issued = [];
  kept.kvIssued = store.applied;
  kept.kvDurable = store.applied;
  kept.kvHash = kept.isHarmed ? null : (ghost.kvHashes.get(store.applied) ?? null);
  recordEffects(kept, ghost.kvHashes, state, raft.log, effects);
}

/** The last entry that is certain and is in this log too. */
function certainUntil(durable: Durable, log: Log): Index {
  let index = Math.min(durable.until, log.lastIndex) as Index;
  while (index > log.compactedIndex && termAt(durable.log, index) !== termAt(log, index)) {
    index = (index - 1) as Index;
  }
  return index;
}

function recordStep(ghost: Ghost, moment: StepMoment): void {
  const { node, before, state, effects, input, appended } = moment;
  const { raft } = state;
  const own = ghostNode(ghost, node);
  own.leaderlessSince = raft.leader === null ? (own.leaderlessSince ?? state.now) : null;
  if (input.kind === "call") {
    own.calls.add(input.call);
    if (input.context.requireLeader && isStreamRequest(input.request)) own.guarded.add(input.call);
  } else if (input.kind === "call.cancel") {
    own.calls.delete(input.call);
    own.guarded.delete(input.call);
  }
  if (raft.role === "leader") {
    if (ghost.inflation !== null && !ghost.leaders.has(raft.term)) {
      ghost.inflation = { ...ghost.inflation, elections: ghost.inflation.elections + 1 };
    }
    ghost.ledSinceMs ??= moment.timeMs;
    ghost.leaders.set(raft.term, node);
  }
  for (const entry of appended) {
    const previousTerm = termAt(raft.log, (entry.index - 1) as Index) ?? -1;
    const what = { fingerprint: fingerprint(entry), previousTerm };
    ghost.entries.set(entryKey(entry.term, entry.index), what);
  }
  recordDefragmentations(own, input, effects);
  recordCommit(ghost, state);
  recordEffects(own, ghost.kvHashes, state, before.raft.log, effects);
}

/** Whoever asked before one begins is owed its end. */
function recordDefragmentations(node: GhostNode, input: Input, effects: readonly Effect[]): void {
  const { asked, owed } = node.defragmentations;
  const isAsked = input.kind === "call" && input.request.kind === "defragment";
  const all = isAsked ? [...asked, input.call] : asked;
  const begins = effects.some(({ kind }) => kind === "defragment");
  if (begins) node.defragmentations = { asked: [], owed: all };
  else if (isAsked) node.defragmentations = { asked: all, owed };
}

function recordCommit(ghost: Ghost, { raft }: NodeState): void {
  if (raft.log.commit <= ghost.lastCommitted) return;
  for (let index = ghost.lastCommitted + 1; index <= raft.log.commit; index++) {
    ghost.committed.set(index, termAt(raft.log, index as Index) ?? raft.log.compactedTerm);
  }
  ghost.lastCommitted = raft.log.commit;
  if (ghost.commits.at(-1)?.term === raft.term) ghost.commits.pop();
  ghost.commits.push({ term: raft.term, index: raft.log.commit });
}

function recordEffects(
  node: GhostNode,
  kvHashes: Ghost["kvHashes"],
  state: NodeState,
  previous: Log,
  effects: readonly Effect[],
): void {
  for (const effect of effects) {
    if (effect.kind === "disk")
      node.issued = [...node.issued, issuedBy(node, state, previous, effect)];
    else if (effect.kind === "call.reply" || effect.kind === "call.end") {
      node.calls.delete(effect.call);
      node.guarded.delete(effect.call);
    } else if (effect.kind === "kv") {
      node.kvIssued = effect.applied;
      if (node.isHarmed) continue;
      if (node.kvHash === null) node.kvHash = kvHashes.get(effect.applied) ?? null;
      else node.kvHash = hashWrites(node.kvHash, effect);
      if (node.kvHash !== null) kvHashes.set(effect.applied, node.kvHash);
    } else if (effect.kind === "snapshot.install") {
      node.kvIssued = effect.meta.index;
      node.kvHash = node.isHarmed ? null : (kvHashes.get(effect.meta.index) ?? null);
    }
  }
}

/** What will be on disk once this effect is carried out. A step may issue several: each covers the
 *  log up to where the node's own list says, which the next boot will show to be true or not. */
function issuedBy(node: GhostNode, state: NodeState, previous: Log, effect: DiskEffect): Issued {
  const { raft } = state;
  const { outbox } = state.disk;
  const { token } = effect;
  const waiting = outbox.pending.find((each) => each.token === token);
  const last = node.issued.at(-1) ?? node.durable;
  const hard = waiting?.hard ?? null;
  const first = appendedEntries(previous, raft.log)[0];
  return {
    token,
    effect,
    term: hard?.term ?? last?.term ?? (0 as Term),
    vote: hard === null ? (last?.vote ?? null) : hard.vote,
    until: Math.min(waiting?.lastIndex ?? 0, raft.log.lastIndex) as Index,
    base: (first === undefined ? raft.log.lastIndex : first.index - 1) as Index,
    log: raft.log,
  };
}

function recordSync(node: GhostNode, token: DiskToken): void {
  const [oldest, ...rest] = node.issued;
  if (oldest === undefined || oldest.token !== token) return; // the lanes' own oracle speaks up
  node.issued = rest;
  for (const op of oldest.effect.ops) {
    if (op.kind === "write" || op.kind === "truncate") node.dirty.add(op.file);
    else node.dirty.delete(op.file);
  }
  if (node.dirty.size === 0) node.durable = oldest;
}
