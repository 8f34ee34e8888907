// Raft's promises (thesis figure 3.2) under any order of deliveries, losses, doubles, crashes and
// clocks: a small world is driven by a list of choices, and what it does is compared with what a
// ghost remembers. In the end the faults stop, and the world must come together again.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Index, NodeId, Term } from "../contract.ts";
import { below, createPrng } from "../lib/prng.ts";
import { isChange } from "./changes.ts";
import { quorumSize } from "./quorum.ts";
import { entryAt, termAt } from "./log.ts";
import type { Entry } from "./message.ts";
import type { RaftOutput, RaftState } from "./state.ts";
import {
  boot,
  changeOf,
  crash,
  createWorld,
  deliver,
  isCut,
  membersAfter,
  settle,
  step,
  sync,
  wait,
  type Action,
  type Packet,
  type TestNode,
  type World,
  type WorldEvent,
} from "./testing.ts";

type Choice = Readonly<{ kind: string; a: number; b: number }>;

type Ghost = Readonly<{
  leaders: Map<Term, NodeId>;
  entries: Map<string, string>; // term/index → the term before it, and its data
  committed: string[]; // by index − 1: term and data
  proposals: Set<string>; // what was committed; each was proposed once
  asked: Map<bigint, Index>; // a read → what had been committed when it was asked
  counts: Map<string, number>; // a run in which nothing happens proves nothing
}>;

const CHANGES: readonly Action[] = ["voter", "learner", "promote", "remove"];
const CHOICES = 800;
const WEIGHTS: Readonly<Record<string, number>> = {
  deliver: 70,
  drop: 3,
  double: 6,
  sync: 40,
  wait: 14,
  expire: 1,
  propose: 10,
  read: 4,
  crash: 1,
  boot: 3,
  compact: 2,
  transfer: 1,
  unreachable: 1,
  isolate: 1,
  depose: 2,
  heal: 3,
};

const DECK = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<string>(weight).fill(kind));
const CHANGING_DECK = [...DECK, ...Array<string>(6).fill("change")];

/** A seed makes the list: a choice is an action and two numbers that pick what it acts on. */
function choicesOf(seed: number, deck: readonly string[]): readonly Choice[] {
  const choices: Choice[] = [];
  let prng = createPrng(BigInt(seed));
  const draw = (limit: number): number => {
    const [value, rest] = below(prng, limit);
    prng = rest;
    return value;
  };
  for (let at = 0; at < CHOICES; at++) {
    choices.push({ kind: pick(deck, draw(deck.length)), a: draw(1 << 16), b: draw(1 << 16) });
  }
  return choices;
}

describe("Raft, whatever the network, the disks and the clocks do", () => {
  const total = new Map<string, number>();

  for (const voters of [3, 4, 5]) {
    it(`keeps its promises among ${voters} voters`, () => {
      const property = fc.property(fc.integer(), fc.boolean(), (seed, preVote) => {
        tally(run(voters, 0, preVote, choicesOf(seed, DECK)));
      });
      fc.assert(property, { numRuns: 100, seed: 2026 + voters });
    });
  }

  for (const [voters, spares] of [
    [1, 3],
    [2, 2],
    [3, 3],
  ] as const) {
    it(`keeps them while members come and go, from ${voters} voters on`, () => {
      const property = fc.property(fc.integer(), fc.boolean(), (seed, preVote) => {
        tally(run(voters, spares, preVote, choicesOf(seed, CHANGING_DECK)));
      });
      fc.assert(property, { numRuns: 60, seed: 2030 + voters });
    });
  }

  function tally({ counts }: Ghost): void {
    for (const [what, times] of counts) total.set(what, (total.get(what) ?? 0) + times);
  }

  it("was tried hard enough for that to mean something", () => {
    const kinds = ["leader", "commit", "truncated", "restored", "read", "crash", "doubled"];
    kinds.push("voter", "learner", "promote", "remove", "leader removed");
    const seldom = kinds.filter((kind) => (total.get(kind) ?? 0) < 20);
    expect(seldom, JSON.stringify([...total])).toEqual([]);
  });
});

function run(voters: number, spares: number, preVote: boolean, list: readonly Choice[]): Ghost {
  const ghost: Ghost = {
    leaders: new Map(),
    entries: new Map(),
    committed: [],
    proposals: new Set(),
    asked: new Map(),
    counts: new Map(),
  };
  const config = { preVote, appendBytes: 8, appendsInFlight: 3 };
  const world = createWorld(voters, config, (event) => judge(world, ghost, event), spares);
  for (const node of world.nodes) boot(world, node.id);
  for (const [at, choice] of list.entries()) act(world, ghost, choice, at);
  recover(world, ghost);
  return ghost;
}

function act(world: World, ghost: Ghost, { kind, a, b }: Choice, at: number): void {
  const leaders = world.nodes.filter((one) => one.state?.role === "leader");
  const isClient = kind === "propose" || kind === "read" || kind === "change";
  const busy = leaders.length > 0 && isClient && a % 3 > 0;
  const node = pick(busy ? leaders : world.nodes, b);
  if (kind === "boot") {
    for (const down of world.nodes) if (down.state === null) boot(world, down.id);
  } else if (kind === "heal") {
    world.cuts = [];
  } else if (kind === "isolate") {
    isolate(world, node.id, a % 3 === 0);
  } else if (kind === "depose") {
    if (leaders.length > 0) depose(world, pick(leaders, a), b);
  } else if (kind === "deliver" || kind === "drop" || kind === "double") {
    if (world.wire.length > 0) carry(world, ghost, kind, pick(world.wire, a));
  } else if (node.state !== null) {
    actOn(world, ghost, node, { kind, a, b: a }, at);
  }
}

function actOn(world: World, ghost: Ghost, node: TestNode, { kind, b }: Choice, at: number): void {
  const { id } = node;
  switch (kind) {
    case "sync":
      sync(world, id);
      return;
    case "wait":
      return wait(world, id, b % 150);
    case "expire":
      return wait(world, id, 1000 + (b % 1000));
    case "propose":
      step(world, id, { kind: "propose", data: bytesOf(`${at}`) });
      return;
    case "change":
      return change(world, node, b, at);
    case "read":
      ghost.asked.set(BigInt(at), ghost.committed.length as Index);
      step(world, id, { kind: "read_index", context: BigInt(at) });
      return;
    case "crash":
      count(ghost, "crash");
      return crash(world, id, b % (node.pending.length + 1));
    case "compact":
      step(world, id, { kind: "compact", through: node.applied.length as Index });
      return;
    case "transfer":
      step(world, id, { kind: "transfer_leader", to: pick(world.nodes, b).id });
      return;
    case "unreachable":
      step(world, id, { kind: "unreachable", peer: pick(world.nodes, b).id });
      return;
    default:
      expect.unreachable(kind);
  }
}

function change(world: World, node: TestNode, b: number, at: number): void {
  const { id } = b % 3 === 0 ? node : pick(world.nodes, b >> 4);
  const { voters, learners } = membersAfter(world, node.applied);
  let actions: readonly Action[] = ["voter", "learner"];
  if (learners.includes(id)) actions = ["promote", "remove"];
  if (voters.includes(id)) actions = ["remove"];
  step(world, node.id, { kind: "propose", data: changeOf(pick(actions, b), id, at) });
}

function carry(world: World, ghost: Ghost, kind: string, packet: Packet): void {
  const doubled = kind === "double" && packet.kind === "message" && !isCut(world, packet);
  deliver(world, packet, kind !== "drop" && !isCut(world, packet));
  if (!doubled) return;
  count(ghost, "doubled");
  world.wire.push(packet);
}

function isolate(world: World, id: NodeId, bothWays: boolean): void {
  const others = world.nodes.map((node) => node.id).filter((other) => other !== id);
  const deaf = others.map((other) => ({ from: other, to: id }));
  const mute = others.map((other) => ({ from: id, to: other }));
  world.cuts = bothWays ? [...deaf, ...mute] : deaf;
}

/** A leader is cut off, and the others stop waiting for it. */
function depose(world: World, leader: TestNode, b: number): void {
  isolate(world, leader.id, b % 4 > 0);
  const others = world.nodes.filter((node) => node !== leader && node.state !== null);
  for (const node of others) wait(world, node.id, 1000);
  if (others.length > 0) wait(world, pick(others, b).id, 1000);
}

/** No more faults: there must be a leader, and a proposal must reach every state machine. */
function recover(world: World, ghost: Ghost): void {
  world.cuts = [];
  for (const node of world.nodes) if (node.state === null) boot(world, node.id);
  let proposed = false;
  for (let round = 0; round < 200; round++) {
    settle(world);
    if (proposed && membersOf(world).every((node) => holdsFinal(node))) return;
    const leader = world.nodes.find((node) => node.state?.role === "leader");
    if (leader !== undefined && !world.nodes.some((node) => holdsFinal(node))) {
      step(world, leader.id, { kind: "propose", data: bytesOf("final") });
      proposed = true;
    }
    settle(world);
    for (const node of world.nodes) wait(world, node.id, 100);
  }
  if (world.nodes.some((node) => leftOneBehind(world, node))) return count(ghost, "left behind");
  expect.unreachable("the cluster did not recover in twenty seconds");
}

/** The one change that may not be survived: the leader of two removes itself, and crashes before the
 *  other hears that this is committed (core/DECISIONS.md). */
function leftOneBehind(world: World, { id, applied }: TestNode): boolean {
  const { voters, removed } = membersAfter(world, applied);
  const last = world.nodes.find((node) => voters.length === 1 && node.id === voters[0]);
  return removed.includes(id) && last !== undefined && last.applied.length < applied.length;
}

/** By who has applied most. Those who were removed need not know it. */
function membersOf(world: World): readonly TestNode[] {
  const [first] = world.nodes.toSorted((a, b) => b.applied.length - a.applied.length);
  const { voters, learners } = membersAfter(world, first?.applied ?? []);
  return world.nodes.filter(({ id }) => voters.includes(id) || learners.includes(id));
}

function holdsFinal(node: TestNode): boolean {
  return node.applied.some((entry) => textOf(entry) === "final");
}

function judge(world: World, ghost: Ghost, event: WorldEvent): void {
  switch (event.kind) {
    case "stepped":
      return judgeStep(world, ghost, event.node, event.before, event.output);
    case "wrote":
      if (event.write.hard !== null) {
        expect(event.write.hard.term).toBeGreaterThanOrEqual(event.node.disk.hard.term);
      }
      return;
    case "left":
      if (event.packet.kind === "message") judgeMessage(world, event.packet);
      return;
    case "applied":
      for (const entry of event.entries) {
        expect(ghost.committed[entry.index - 1]).toBe(said(entry));
        countChange(world, ghost, event.node, entry);
      }
  }
}

function judgeStep(
  world: World,
  ghost: Ghost,
  node: TestNode,
  before: RaftState,
  output: RaftOutput,
): void {
  const { state } = output;
  for (const entry of output.entries) recordEntry(ghost, state, entry);
  for (const trace of output.traces) {
    if (trace.kind === "become_leader") judgeLeader(ghost, state);
    if (trace.kind === "log_truncated") count(ghost, "truncated");
    if (trace.kind === "log_truncated") expect(state.role).toBe("follower");
  }
  if (output.restore !== null) count(ghost, "restored");
  if (state.log.commit > before.log.commit) judgeCommit(world, ghost, before, state);
  for (const { context, index } of output.reads) {
    if (index === null) continue;
    count(ghost, "read");
    expect(index).toBeGreaterThanOrEqual(ghost.asked.get(context) ?? Infinity);
  }
  expect(state.persistedTerm).toBeLessThanOrEqual(node.disk.hard.term);
  if (output.restore === null) {
    const onDisk = Math.max(lastOnDisk(node), node.applied.length);
    expect(state.log.durableIndex).toBeLessThanOrEqual(onDisk);
  }
}

/** Log matching: one term and index, one entry, and one entry before it. */
function recordEntry(ghost: Ghost, state: RaftState, entry: Entry): void {
  const key = `${entry.term}/${entry.index}`;
  const value = `${termAt(state.log, (entry.index - 1) as Index)} ${said(entry)}`;
  expect(ghost.entries.get(key) ?? value, key).toBe(value);
  ghost.entries.set(key, value);
}

/** Election safety and leader completeness. */
function judgeLeader(ghost: Ghost, state: RaftState): void {
  count(ghost, "leader");
  expect(ghost.leaders.get(state.term) ?? state.config.id).toBe(state.config.id);
  ghost.leaders.set(state.term, state.config.id);
  expect(state.log.lastIndex).toBeGreaterThan(ghost.committed.length);
  for (const [at, committed] of ghost.committed.entries()) {
    const entry = entryAt(state.log, (at + 1) as Index);
    if (entry !== null) expect(said(entry)).toBe(committed);
    else expect(at + 1).toBeLessThanOrEqual(state.log.compactedIndex);
  }
}

/** What is committed stays, and it was on the disks of a majority, in the leader's own term. */
function judgeCommit(world: World, ghost: Ghost, before: RaftState, state: RaftState): void {
  const { commit } = state.log;
  if (state.role === "leader") {
    expect(termAt(state.log, commit)).toBe(state.term);
    const { voters } = state;
    const holders = world.nodes.filter((node) => holdsOnDisk(node, commit, state.term));
    const counting = holders.filter(({ id }) => voters.includes(id));
    expect(counting.length).toBeGreaterThanOrEqual(quorumSize(voters.length));
  }
  for (let index = before.log.commit + 1; index <= commit; index++) {
    const entry = entryAt(state.log, index as Index);
    if (entry === null) continue; // within a restored image
    const known = ghost.committed[index - 1];
    if (known === undefined) {
      count(ghost, "commit");
      expect(ghost.committed.length).toBe(index - 1);
      ghost.committed.push(said(entry));
      if (entry.data.length === 0) continue;
      expect(ghost.proposals.has(textOf(entry)), `${textOf(entry)} came twice`).toBe(false);
      ghost.proposals.add(textOf(entry));
    } else {
      expect(said(entry)).toBe(known);
    }
  }
}

/** Nothing is said before what it depends on is on disk. */
function judgeMessage(world: World, { from, to, message }: Packet & { kind: "message" }): void {
  const node = pick(
    world.nodes.filter((one) => one.id === from),
    0,
  );
  const { hard } = node.disk;
  switch (message.kind) {
    case "vote":
      expect([hard.term, hard.vote]).toEqual([message.term, from]);
      return;
    case "vote_response":
      if (message.granted) expect([hard.term, hard.vote]).toEqual([message.term, to]);
      return;
    case "append_response":
      expect(hard.term).toBe(message.term);
      if (message.rejected) return;
      expect(Math.max(lastOnDisk(node), node.applied.length)).toBeGreaterThanOrEqual(message.index);
      return;
    case "append":
    case "heartbeat":
    case "heartbeat_response":
    case "timeout_now":
    case "read_index_response":
      expect(hard.term).toBe(message.term);
      return;
    case "pre_vote":
    case "pre_vote_response":
    case "propose":
    case "read_index":
    case "lease_ask":
    case "lease_answer":
    case "promotion_ask":
    case "promotion_refused":
    case "hash_ask":
    case "hash_answer":
      return;
  }
}

/** Only those that changed something. */
function countChange(world: World, ghost: Ghost, node: TestNode, entry: Entry): void {
  if (!isChange(entry.data)) return;
  const before = membersAfter(world, node.applied.slice(0, entry.index - 1));
  const after = membersAfter(world, node.applied.slice(0, entry.index));
  if (JSON.stringify(before, toText) === JSON.stringify(after, toText)) return;
  count(ghost, CHANGES[(entry.data[1] as number) - 1] as Action);
  if (node.state?.role === "leader" && !after.voters.includes(node.id)) {
    count(ghost, "leader removed");
  }
}

function toText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function holdsOnDisk(node: TestNode, index: Index, term: Term): boolean {
  if (index <= node.disk.base.index || index <= node.applied.length) return true;
  return node.disk.entries.some((entry) => entry.index === index && entry.term === term);
}

function lastOnDisk({ disk }: TestNode): number {
  return disk.entries.at(-1)?.index ?? disk.base.index;
}

function count(ghost: Ghost, what: string): void {
  ghost.counts.set(what, (ghost.counts.get(what) ?? 0) + 1);
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}

function said(entry: Entry): string {
  return `${entry.term} ${textOf(entry)}`;
}

function textOf(entry: Entry): string {
  return String.fromCharCode(...entry.data);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
