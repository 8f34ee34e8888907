// Whatever members hear, from whomever: they live, others take their terms no further than they
// may, and once it is over there is a leader and it commits.
//
// A lie is a message with any numbers in it, made to fit the state of its receiver or not. No
// member may fall over one. Forged entries, images, commits and ballots cannot be told from true
// ones, and three members that believed in three different logs have no majority any more: against
// these only the identity of members helps. After all the others the cluster must come together
// again.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Index, NodeId, SnapshotMeta, Term } from "../contract.ts";
import type { Entry, Message } from "./message.ts";
import { TERM_STEP_MAX } from "./terms.ts";
import {
  boot,
  CONFIG,
  crash,
  createWorld,
  deliver,
  nodeOf,
  settle,
  step,
  sync,
  wait,
  type TestNode,
  type World,
} from "./testing.ts";

const VOTERS = 3;
const STRANGERS = 2; // there is no such process
const SPEAKERS = [1n, 2n, 3n, 4n, 5n].map((id) => id as NodeId);
const LAST = Number.MAX_SAFE_INTEGER;
const { electionMs } = CONFIG;
const RUNS = { seed: 20263, numRuns: 100 };

/** A number as a lie would have it: near one that the receiver knows, or out of all measure. */
type Lie = Readonly<{ near: "term" | "last" | "commit" | "nothing"; by: number }>;
type Act = Readonly<
  | { act: "say"; from: NodeId; to: number; kind: Kind; lies: readonly Lie[]; yes: boolean }
  | { act: "wait"; node: number; ms: number }
  | { act: "deliver" | "sync" | "propose" | "restart" | "settle"; node: number }
>;
type Kind = Message["kind"] | "image";

const WORDS = [
  "pre_vote",
  "pre_vote_response",
  "vote",
  "heartbeat_response",
  "propose",
  "read_index",
  "read_index_response",
  "timeout_now",
] as const satisfies readonly Kind[];
const FORGERIES = ["vote_response", "append", "append_response", "heartbeat", "image"] as const;
const ANY = [...WORDS, ...FORGERIES] as const satisfies readonly Kind[];

const by = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(TERM_STEP_MAX, TERM_STEP_MAX + 1, 2 ** 32, 2 ** 52, LAST - 1, LAST),
);
const lie: fc.Arbitrary<Lie> = fc.record({
  near: fc.constantFrom("term", "last", "commit", "nothing"),
  by,
});

function acts(kinds: readonly Kind[]): fc.Arbitrary<readonly Act[]> {
  const node = fc.nat(2);
  const word: fc.Arbitrary<Act> = fc.record({
    act: fc.constant("say" as const),
    from: fc.constantFrom(...SPEAKERS),
    to: node,
    kind: fc.constantFrom(...kinds),
    lies: fc.array(lie, { minLength: 4, maxLength: 4 }),
    yes: fc.boolean(),
  });
  const pause: fc.Arbitrary<Act> = fc.record({
    act: fc.constant("wait" as const),
    node,
    ms: fc.constantFrom(10, 100, 1000, 2000),
  });
  const other: fc.Arbitrary<Act> = fc.record({
    act: fc.constantFrom("deliver", "sync", "propose", "restart", "settle"),
    node,
  });
  const one = fc.oneof(
    { arbitrary: word, weight: 5 },
    { arbitrary: pause, weight: 2 },
    { arbitrary: other, weight: 4 },
  );
  return fc.array(one, { maxLength: 120, size: "max" });
}

describe("hostile words", () => {
  it("end no member, and take no term further than it may go, whatever they are", () => {
    const property = fc.property(acts(ANY), (script) => void play(script));
    fc.assert(property, RUNS);
  });

  it("leave a cluster that elects a leader and commits, unless they forge what it agrees upon", () => {
    const property = fc.property(acts(WORDS), (script) => {
      const world = play(script);
      expect(recovers(world)).toBe(true);
    });
    fc.assert(property, RUNS);
  });

  it("that make a leader believe too much cost it its office, and no more", () => {
    const world = createWorld(VOTERS, {}, () => {});
    for (const { id } of world.nodes) boot(world, id);
    elect(world);
    step(world, 1n as NodeId, { kind: "propose", data: Uint8Array.of(2) });
    world.wire = []; // nobody hears of it
    const { term, log } = nodeOf(world, 1n as NodeId).state ?? expect.unreachable();
    const index = log.lastIndex;
    const none = { hintIndex: 0 as Index, hintTerm: 0 as Term };
    const message = { kind: "append_response", term, rejected: false, index, ...none } as const;
    for (const from of [2n, 3n] as NodeId[])
      step(world, 1n as NodeId, { kind: "message", from, message });
    expect(nodeOf(world, 1n as NodeId).state?.log.commit).toBe(index); // which is not true
    expect(recovers(world)).toBe(true);
  });
});

/** A world in which all this happened. Of its own clock's election timeouts, of its restarts and
 *  of its own elections a member's term may come, and of nothing else. */
function play(script: readonly Act[]): World {
  const allowed = new Map<NodeId, number>();
  const allow = (id: NodeId, terms: number): void => {
    allowed.set(id, (allowed.get(id) ?? 0) + terms);
  };
  const world = createWorld(
    VOTERS,
    {},
    (event) => {
      if (event.kind !== "stepped") return;
      const { traces } = event.output;
      if (traces.some(({ kind }) => kind === "become_candidate")) allow(event.node.id, 1);
    },
    STRANGERS,
  );
  for (const { id } of founders(world)) {
    boot(world, id);
    allow(id, TERM_STEP_MAX);
  }
  elect(world);
  for (const act of script) {
    perform(world, act);
    const one = "node" in act ? founders(world)[act.node] : undefined;
    if (one !== undefined && act.act === "wait") allow(one.id, timeouts(act.ms) * TERM_STEP_MAX);
    if (one !== undefined && act.act === "restart") allow(one.id, TERM_STEP_MAX);
    for (const { id, state } of founders(world)) {
      expect(state?.term).toBeLessThanOrEqual(
        timeouts(2 * electionMs) * TERM_STEP_MAX + (allowed.get(id) ?? 0),
      );
    }
  }
  return world;
}

function founders(world: World): readonly TestNode[] {
  return world.nodes.slice(0, VOTERS);
}

function timeouts(ms: number): number {
  return ms / electionMs;
}

function perform(world: World, act: Act): void {
  if (act.act === "say") return say(world, act);
  const node = founders(world)[act.node] as TestNode;
  switch (act.act) {
    case "wait":
      return wait(world, node.id, act.ms);
    case "deliver": {
      const packet = world.wire.find(({ to }) => to === node.id) ?? world.wire[0];
      if (packet !== undefined) deliver(world, packet);
      return;
    }
    case "sync":
      return void sync(world, node.id);
    case "propose":
      return void step(world, node.id, { kind: "propose", data: Uint8Array.of(2) });
    case "restart":
      crash(world, node.id, node.pending.length);
      return boot(world, node.id);
    case "settle":
      return settle(world);
  }
}

function say(world: World, { from, to, kind, lies, yes }: Extract<Act, { act: "say" }>): void {
  const node = founders(world)[to] as TestNode;
  const [term, a, b, c] = lies.map((one) => numberOf(node, one)) as [
    number,
    number,
    number,
    number,
  ];
  if (kind === "image") return image(world, node, from, { term, a, b, yes });
  const message = wordOf(kind, term, [a, b, c], yes);
  step(world, node.id, { kind: "message", from, message });
}

function numberOf({ state }: TestNode, { near, by: distance }: Lie): number {
  if (near === "nothing" || state === null) return Math.max(0, distance);
  const { term, log } = state;
  const known = { term, last: log.lastIndex, commit: log.commit }[near];
  return Math.min(LAST, Math.max(0, known + distance));
}

function wordOf(
  kind: Message["kind"],
  term: number,
  [a, b, c]: readonly [number, number, number],
  yes: boolean,
): Message {
  const word = {
    kind,
    term,
    lastIndex: a,
    lastTerm: b,
    transfer: yes,
    granted: yes,
    previousIndex: a,
    previousTerm: b,
    commit: c,
    rejected: yes,
    index: a,
    hintIndex: b,
    hintTerm: c,
    round: a,
    sequence: a,
    context: BigInt(a),
    data: Uint8Array.of(3),
    entries: yes ? [entry(term, a + 1), entry(term, a + 2)] : [],
  };
  return word as unknown as Message;
}

function image(
  world: World,
  { id, applied }: TestNode,
  from: NodeId,
  { term, a, b, yes }: Readonly<{ term: number; a: number; b: number; yes: boolean }>,
): void {
  const voters = yes ? ([1n, 2n, 3n] as NodeId[]) : [];
  const meta: SnapshotMeta = { index: a as Index, term: b as Term, voters, learners: [] };
  const content = Array.from({ length: Math.min(a, 50) }, (_, at) => entry(b, at + 1));
  // The world of this test keeps all entries: it cannot hold an image of more than it keeps.
  if (content.length < a || a < applied.length) return;
  step(world, id, { kind: "snapshot_staged", from, term: term as Term, meta }, content);
}

function entry(term: number, index: number): Entry {
  return { term: term as Term, index: index as Index, data: Uint8Array.of(4) };
}

function elect(world: World): void {
  wait(world, 1n as NodeId, 2 * electionMs);
  settle(world);
  expect(nodeOf(world, 1n as NodeId).state?.role).toBe("leader");
}

const isDone = ({ applied }: TestNode): boolean => applied.some(({ data }) => data[0] === 7);

/** No more lies: a proposal must reach every member. */
function recovers(world: World): boolean {
  for (let round = 0; round < 600; round++) {
    settle(world);
    if (founders(world).every(isDone)) return true;
    const leader = founders(world).find(({ state }) => state?.role === "leader");
    if (leader !== undefined && !founders(world).some(isDone)) {
      step(world, leader.id, { kind: "propose", data: Uint8Array.of(7) });
    }
    settle(world);
    for (const { id } of founders(world)) wait(world, id, 100);
  }
  return false;
}
