// A handful of participants, their disks and the messages between them: what the tests of this room
// run on. It is the smallest honest driver: a write is on disk only when `sync` says so, what waits
// for it is held back until then, a crash keeps a prefix of the writes under way, and packets go
// where they are told.

import type { Index, Millis, NodeId, SnapshotMeta, Term } from "../contract.ts";
import { assert, must } from "../lib/assert.ts";
import { MARKS } from "../lib/entry-mark.ts";
import { isChange } from "./changes.ts";
import { entriesBetween, termAt } from "./log.ts";
import type { Entry, HardState, Message } from "./message.ts";
import { createRaft, stepRaft } from "./raft.ts";
import type { RaftConfig, RaftInput, RaftOutput, RaftState, Send } from "./state.ts";

export type World = {
  now: number;
  readonly genesis: readonly NodeId[]; // the voters when the world began
  readonly nodes: readonly TestNode[];
  wire: Packet[];
  cuts: readonly Readonly<{ from: NodeId; to: NodeId }>[];
  readonly tell: (event: WorldEvent) => void;
};

export type TestNode = {
  readonly id: NodeId;
  readonly config: RaftConfig;
  state: RaftState | null; // null: crashed
  boots: number;
  disk: Disk;
  pending: Write[];
  held: Send[][]; // what waits for each of `pending`
  applied: readonly Entry[]; // the state machine: all entries from the first on, durable at once
};

export type Disk = Readonly<{ hard: HardState; base: Base; entries: readonly Entry[] }>;
export type Base = Readonly<{ index: Index; term: Term }>;

export type Write = Readonly<{
  hard: HardState | null;
  entries: readonly Entry[];
  base: Base | null; // the log begins anew here
  lastIndex: Index;
  lastTerm: Term;
}>;

/** A message, or the image of the sender's state machine. */
export type Packet = Readonly<{ from: NodeId; to: NodeId }> &
  Readonly<
    | { kind: "message"; message: Message }
    | { kind: "image"; term: Term; meta: SnapshotMeta; content: readonly Entry[] }
  >;

export type WorldEvent = Readonly<
  | { kind: "stepped"; node: TestNode; before: RaftState; output: RaftOutput }
  | { kind: "wrote"; node: TestNode; write: Write }
  | { kind: "left"; packet: Packet }
  | { kind: "applied"; node: TestNode; entries: readonly Entry[] }
>;

export const CONFIG: Omit<RaftConfig, "id"> = {
  electionMs: 1000,
  heartbeatMs: 100,
  preVote: true,
  appendBytes: 1024,
  appendsInFlight: 4,
  uncommittedBytes: 4096,
};

const ZERO: Base = { index: 0 as Index, term: 0 as Term };
export type Action = keyof typeof ACTIONS;
const ACTIONS = { voter: 1, learner: 2, promote: 3, remove: 4 } as const;
const BLANK: Disk = {
  hard: { term: 0 as Term, vote: null, commit: 0 as Index },
  base: ZERO,
  entries: [],
};

export function createWorld(
  voters: number,
  config: Partial<RaftConfig>,
  tell: (event: WorldEvent) => void,
  spares = 0, // that may be made members
): World {
  const ids = Array.from({ length: voters + spares }, (_, at) => BigInt(at + 1) as NodeId);
  const nodes = ids.map((id): TestNode => ({
    id,
    config: { ...CONFIG, ...config, id },
    state: null,
    boots: 0,
    disk: BLANK,
    pending: [],
    held: [],
    applied: [],
  }));
  return { now: 0, genesis: ids.slice(0, voters), nodes, wire: [], cuts: [], tell };
}

export function nodeOf(world: World, id: NodeId): TestNode {
  return must(
    world.nodes.find((node) => node.id === id),
    `no node ${id}`,
  );
}

/** Read the disk and start. As in the product, the first write makes sure of what was read. */
export function boot(world: World, id: NodeId): void {
  const node = nodeOf(world, id);
  assert(node.state === null, `node ${id} is running`);
  const last = node.applied.at(-1);
  const applied: Base = last === undefined ? ZERO : { index: last.index, term: last.term };
  const { hard, base, entries } = withoutGap(node.disk, applied);
  const { voters, learners } = membersAfter(world, node.applied);
  const restored = {
    hard,
    voters,
    learners,
    applied: applied.index,
    compactedIndex: base.index,
    compactedTerm: base.term,
    entries,
  };
  const seed = (id << 32n) + BigInt(node.boots++);
  node.state = createRaft(node.config, restored, seed, world.now as Millis);
  write(world, node, { ...endOf(node.state), hard, entries, base });
  apply(world, node);
}

/** The power goes. The first `keep` writes under way are on disk, the others never will be. */
export function crash(world: World, id: NodeId, keep = 0): void {
  const node = nodeOf(world, id);
  for (const pending of node.pending.slice(0, keep)) node.disk = written(node.disk, pending);
  node.state = null;
  node.pending = [];
  node.held = [];
}

/** `image` is what the state machine holds if Raft takes the staged snapshot. */
export function step(
  world: World,
  id: NodeId,
  input: RaftInput,
  image: readonly Entry[] = [],
): RaftOutput {
  const node = nodeOf(world, id);
  const before = must(node.state, `node ${id} is down`);
  const output = stepRaft(before, input);
  node.state = output.state;
  world.tell({ kind: "stepped", node, before, output });
  if (output.restore !== null) {
    node.applied = image; // installed before anything else happens
    write(world, node, {
      ...endOf(output.state),
      hard: output.hard,
      entries: [],
      base: output.restore,
    });
  } else if (output.hard !== null || output.entries.length > 0) {
    const { hard, entries } = output;
    write(world, node, { ...endOf(output.state), hard, entries, base: null });
  }
  for (const send of output.sends) dispatch(world, node, send);
  for (const { to, term } of output.snapshots) sendImage(world, node, to, term);
  apply(world, node);
  return output;
}

/** The oldest write under way is on disk. False: there is none. */
export function sync(world: World, id: NodeId): boolean {
  const node = nodeOf(world, id);
  const done = node.pending.shift();
  if (done === undefined) return false;
  node.disk = written(node.disk, done);
  for (const send of node.held.shift() ?? []) leave(world, node, send);
  const { hard, lastIndex, lastTerm } = done;
  step(world, id, { kind: "persisted", hard, lastIndex, lastTerm });
  return true;
}

/** Take this packet off the wire; `arrives` says whether anything comes of it. */
export function deliver(world: World, packet: Packet, arrives = true): void {
  world.wire = world.wire.filter((other) => other !== packet);
  const { from, to } = packet;
  const { state, applied } = nodeOf(world, to);
  const isGone = membersAfter(world, applied).removed.includes(from) && state?.leader !== from;
  const ok = arrives && state !== null && !isGone;
  if (packet.kind === "image") {
    if (nodeOf(world, from).state !== null) {
      step(world, from, { kind: "snapshot_sent", peer: to, ok });
    }
    const { term, meta, content } = packet;
    if (ok) step(world, to, { kind: "snapshot_staged", from, term, meta }, content);
  } else if (ok) {
    step(world, to, { kind: "message", from, message: packet.message });
  }
}

/** Everything that can happen without the passing of time: writes end, packets arrive. */
export function settle(world: World): void {
  for (let steps = 0; ; steps++) {
    assert(steps < 10_000, "the world does not settle");
    const writing = world.nodes.find((node) => node.pending.length > 0);
    const [packet] = world.wire;
    if (writing !== undefined) sync(world, writing.id);
    else if (packet !== undefined) deliver(world, packet, !isCut(world, packet));
    else return;
  }
}

/** Let this much time pass on one node's clock. */
export function wait(world: World, id: NodeId, ms: number): void {
  const state = must(nodeOf(world, id).state, `node ${id} is down`);
  step(world, id, { kind: "tick", now: (state.now + ms) as Millis });
}

export function isCut(world: World, { from, to }: Packet): boolean {
  return world.cuts.some((cut) => cut.from === from && cut.to === to);
}

function write(world: World, node: TestNode, what: Write): void {
  node.pending.push(what);
  node.held.push([]);
  world.tell({ kind: "wrote", node, write: what });
}

function dispatch(world: World, node: TestNode, send: Send): void {
  const waiting = node.held.at(-1);
  if (waiting === undefined || send.after === "nothing") leave(world, node, send);
  else waiting.push(send);
}

function leave(world: World, node: TestNode, { to, message }: Send): void {
  put(world, { kind: "message", from: node.id, to, message });
}

/** The image is made when it leaves: it may be ahead of what Raft asked for. */
function sendImage(world: World, node: TestNode, to: NodeId, term: Term): void {
  const last = must(node.applied.at(-1), "an image of nothing");
  const { voters, learners } = membersAfter(world, node.applied);
  const meta = { index: last.index, term: last.term, voters, learners };
  put(world, { kind: "image", from: node.id, to, term, meta, content: node.applied });
}

function put(world: World, packet: Packet): void {
  world.wire.push(packet);
  world.tell({ kind: "left", packet });
}

/** Apply what is committed and durable here, so that the state machine never leads the log. */
function apply(world: World, node: TestNode): void {
  const { log } = must(node.state, `node ${node.id} is down`);
  const from = (node.applied.length + 1) as Index;
  const through = Math.min(log.commit, log.durableIndex) as Index;
  if (from > through) return;
  const entries = entriesBetween(log, from, through, Infinity);
  node.applied = [...node.applied, ...entries];
  world.tell({ kind: "applied", node, entries });
  if (!entries.some((entry) => isChange(entry.data))) return;
  const { voters, learners } = membersAfter(world, node.applied);
  step(world, node.id, { kind: "configured", index: through, voters, learners });
}

export type Members = Readonly<Record<"voters" | "learners" | "removed", readonly NodeId[]>>;

/** The data of an entry that changes the members; `nonce` tells equal ones apart. */
export function changeOf(action: Action, id: NodeId, nonce = 0): Uint8Array {
  return Uint8Array.of(MARKS.change, ACTIONS[action], Number(id), nonce >> 8, nonce & 0xff);
}

/** What entries from the first on have made of the members. */
export function membersAfter({ genesis }: World, entries: readonly Entry[]): Members {
  let members: Members = { voters: genesis, learners: [], removed: [] };
  for (const { data } of entries) if (isChange(data)) members = changed(members, data);
  return members;
}

function changed({ voters, learners, removed }: Members, data: Uint8Array): Members {
  const action = data[1];
  const id = BigInt(data[2] ?? 0) as NodeId;
  const without = {
    voters: voters.filter((one) => one !== id),
    learners: learners.filter((one) => one !== id),
  };
  const isMember = voters.includes(id) || learners.includes(id);
  const isNew = !isMember && !removed.includes(id);
  if (action === ACTIONS.learner && isNew) return { voters, learners: [...learners, id], removed };
  if ((action === ACTIONS.voter && isNew) || (action === ACTIONS.promote && isMember)) {
    return { ...without, voters: [...without.voters, id].toSorted(byId), removed };
  }
  if (action === ACTIONS.remove && isMember && without.voters.length > 0) {
    return { ...without, removed: [...removed, id] };
  }
  return { voters, learners, removed };
}

function byId(a: NodeId, b: NodeId): number {
  return a < b ? -1 : 1;
}

function written(disk: Disk, { hard, entries, base }: Write): Disk {
  const kept = base === null ? disk.entries : [];
  const first = entries[0]?.index ?? Infinity;
  return {
    hard: hard ?? disk.hard,
    base: base ?? disk.base,
    entries: [...kept.filter((entry) => entry.index < first), ...entries],
  };
}

/** A crash between the install of an image and the restart of the log leaves them apart. */
function withoutGap(disk: Disk, applied: Base): Disk {
  const held =
    applied.index === disk.base.index
      ? disk.base.term
      : disk.entries.find((entry) => entry.index === applied.index)?.term;
  return held === applied.term ? disk : { hard: disk.hard, base: applied, entries: [] };
}

function endOf({ log }: RaftState): Pick<Write, "lastIndex" | "lastTerm"> {
  return { lastIndex: log.lastIndex, lastTerm: must(termAt(log, log.lastIndex), "no last term") };
}
