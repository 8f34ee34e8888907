// Changes of members, one situation at a time. Whatever else may happen around them is in
// raft.prop.test.ts.

import { describe, expect, it } from "vitest";
import type { Millis, NodeId } from "../contract.ts";
import type { RaftState } from "./state.ts";
import {
  boot,
  changeOf,
  crash,
  createWorld,
  nodeOf,
  settle,
  step,
  sync,
  wait,
  type Action,
  type World,
} from "./testing.ts";

const [ONE, TWO, THREE, FOUR] = [1n, 2n, 3n, 4n] as NodeId[] as [NodeId, NodeId, NodeId, NodeId];

/** `voters` nodes of which the first leads, and `spares` that are no members yet. */
function lead(voters: number, spares: number, tell: World["tell"] = () => {}): World {
  const world = createWorld(voters, {}, tell, spares);
  for (const { id } of world.nodes) boot(world, id);
  settle(world);
  wait(world, ONE, 2000);
  settle(world);
  expect(stateOf(world, ONE).role).toBe("leader");
  return world;
}

function stateOf(world: World, id: NodeId): RaftState {
  const { state } = nodeOf(world, id);
  if (state === null) return expect.unreachable(`node ${id} is down`);
  return state;
}

function change(world: World, at: NodeId, action: Action, id: NodeId): void {
  step(world, at, { kind: "propose", data: changeOf(action, id) });
}

function put(world: World, at: NodeId): boolean {
  return !step(world, at, { kind: "propose", data: Uint8Array.of(1, 7) }).dropped;
}

/** Nothing reaches it or leaves it any more. */
function isolate(world: World, id: NodeId): void {
  const others = world.nodes.map((node) => node.id).filter((other) => other !== id);
  const out = others.map((other) => ({ from: id, to: other }));
  const back = others.map((other) => ({ from: other, to: id }));
  world.cuts = [...world.cuts, ...out, ...back];
}

describe("a new member", () => {
  it("gets the log, and counts once its addition is applied", () => {
    const world = lead(1, 1);
    put(world, ONE);
    change(world, ONE, "voter", TWO);
    settle(world);
    expect(stateOf(world, ONE).voters).toEqual([ONE, TWO]);
    expect(stateOf(world, TWO).log.lastIndex).toBe(stateOf(world, ONE).log.lastIndex);
    isolate(world, TWO);
    const { commit } = stateOf(world, ONE).log;
    put(world, ONE);
    settle(world);
    expect(stateOf(world, ONE).log.commit).toBe(commit);
  });

  it("that only learns does not count, stand or cost the leader its lead", () => {
    const world = lead(1, 1);
    change(world, ONE, "learner", TWO);
    settle(world);
    expect(stateOf(world, TWO).learners).toEqual([TWO]);
    expect(nodeOf(world, TWO).applied).toHaveLength(nodeOf(world, ONE).applied.length);
    wait(world, TWO, 9000);
    expect(stateOf(world, TWO).role).toBe("follower");
    isolate(world, TWO);
    for (let round = 0; round < 20; round++) wait(world, ONE, 500);
    const { commit } = stateOf(world, ONE).log;
    put(world, ONE);
    settle(world);
    expect(stateOf(world, ONE)).toMatchObject({ role: "leader", log: { commit: commit + 1 } });
  });

  it("votes as soon as it is promoted, even if it does not know that yet", () => {
    const world = lead(2, 1);
    change(world, ONE, "learner", THREE);
    settle(world);
    world.cuts = [{ from: ONE, to: THREE }];
    change(world, ONE, "promote", THREE);
    settle(world);
    expect(stateOf(world, THREE).voters).toEqual([ONE, TWO]);
    crash(world, ONE);
    world.cuts = [];
    for (const id of [THREE, TWO]) wait(world, id, 2000);
    settle(world);
    expect(stateOf(world, TWO).role).toBe("leader");
  });
});

describe("a second change", () => {
  it("waits until the first is applied", () => {
    const world = lead(3, 2);
    isolate(world, ONE);
    change(world, ONE, "voter", FOUR);
    change(world, ONE, "remove", TWO);
    settle(world);
    expect(stateOf(world, ONE)).toMatchObject({ log: { lastIndex: 2 }, heldChanges: [{}] });
    world.cuts = [];
    wait(world, ONE, 100);
    settle(world);
    expect(stateOf(world, ONE)).toMatchObject({ voters: [ONE, THREE, FOUR], heldChanges: [] });
  });

  it("is forgotten by a leader that was deposed", () => {
    const world = lead(3, 1);
    isolate(world, ONE);
    change(world, ONE, "voter", FOUR);
    change(world, ONE, "remove", TWO);
    for (const ms of [1000, 1000]) wait(world, ONE, ms); // nobody answers
    expect(stateOf(world, ONE)).toMatchObject({ role: "follower", heldChanges: [] });
  });

  it("waits until a new leader has committed an entry of its own", () => {
    let armed = false;
    const world: World = lead(3, 0, (event) => {
      if (!armed || event.kind !== "stepped" || event.output.state.role !== "leader") return;
      if (world.cuts.length === 0) isolate(world, event.node.id);
    });
    crash(world, ONE);
    armed = true;
    wait(world, THREE, 1000);
    wait(world, TWO, 2000);
    settle(world);
    const leader = [TWO, THREE].find((id) => stateOf(world, id).role === "leader") as NodeId;
    const { lastIndex } = stateOf(world, leader).log;
    change(world, leader, "remove", ONE);
    expect(stateOf(world, leader)).toMatchObject({ log: { lastIndex }, heldChanges: [{}] });
    armed = false;
    world.cuts = [];
    for (let round = 0; round < 3; round++) {
      wait(world, leader, 100);
      settle(world);
    }
    expect(stateOf(world, leader)).toMatchObject({ voters: [TWO, THREE], heldChanges: [] });
  });
});

describe("who knows of a change that it has not applied", () => {
  it("does not stand for election", () => {
    const world = lead(3, 1);
    change(world, ONE, "voter", FOUR);
    settle(world);
    const node = nodeOf(world, TWO);
    node.applied = node.applied.slice(0, 1);
    crash(world, TWO);
    boot(world, TWO); // the log is read, but not known to be on disk: nothing is applied
    const { state } = node;
    node.state = state && { ...state, log: { ...state.log, commit: state.log.lastIndex } };
    step(world, TWO, { kind: "tick", now: 60_000 as Millis });
    expect(stateOf(world, TWO).role).toBe("follower");
    while (sync(world, TWO));
    step(world, TWO, { kind: "tick", now: 120_000 as Millis });
    expect(stateOf(world, TWO).role).toBe("pre_candidate");
  });
});

describe("a removal", () => {
  it("can make a majority of those who hold an entry already", () => {
    const world = lead(4, 0);
    change(world, ONE, "remove", FOUR);
    settle(world);
    isolate(world, THREE);
    put(world, ONE);
    settle(world);
    const { log } = stateOf(world, ONE);
    expect(log.commit).toBe(log.lastIndex); // two of three
  });

  it("ends what the leader had for the one that went", () => {
    const world = lead(3, 0);
    step(world, ONE, { kind: "transfer_leader", to: THREE });
    world.wire = [];
    wait(world, ONE, 1000); // nothing came of it
    change(world, ONE, "remove", THREE);
    settle(world);
    const state = stateOf(world, ONE);
    expect(state.progress.map(({ id }) => id)).toEqual([ONE, TWO]);
    expect(state).toMatchObject({ role: "leader", transferee: null });
  });

  it("of the leader ends its lead: it proposes no more, and another takes over at once", () => {
    const world = lead(3, 0);
    change(world, ONE, "remove", ONE);
    settle(world);
    expect(put(world, ONE)).toBe(false);
    const leader = [TWO, THREE].find((id) => stateOf(world, id).role === "leader");
    expect(leader).toBeDefined();
    expect(stateOf(world, leader as NodeId).voters).toEqual([TWO, THREE]);
    for (const ms of [1000, 9000]) wait(world, ONE, ms);
    expect(stateOf(world, ONE).role).toBe("follower");
  });

  it("of a leader that nobody hears any more ends its lead too", () => {
    const world = lead(3, 0);
    change(world, ONE, "remove", ONE);
    while (stateOf(world, ONE).voters.length === 3) {
      const [packet] = world.wire;
      if (!sync(world, ONE) && !sync(world, TWO) && packet?.kind === "message") {
        world.wire = world.wire.slice(1);
        step(world, packet.to, { kind: "message", from: packet.from, message: packet.message });
      }
    }
    expect(stateOf(world, ONE).role).toBe("leader");
    expect(put(world, ONE)).toBe(false);
    wait(world, ONE, 1000);
    expect(stateOf(world, ONE).role).toBe("follower");
  });
});
