import { describe, expect, it } from "vitest";
import { NodeClock } from "./clock.ts";
import { Digest } from "./digest.ts";
import { DeviceQueue } from "./device-queue.ts";
import { firstDifference } from "../invariants/double-step.ts";
import { World } from "./world.ts";

describe("the world", () => {
  it("runs tasks by time, and those of one moment in the order of planning", () => {
    const world = new World();
    const ran: string[] = [];
    for (const [time, name] of [
      [30, "c"],
      [10, "a"],
      [20, "b1"],
      [20, "b2"],
      [20, "b3"],
    ] as const) {
      world.at(time, () => ran.push(`${name}@${world.now}`));
    }
    while (world.run());
    expect(ran).toEqual(["a@10", "b1@20", "b2@20", "b3@20", "c@30"]);
  });

  it("orders a thousand tasks as a stable sort would", () => {
    const world = new World();
    const ran: number[] = [];
    const times = Array.from({ length: 1000 }, (_, at) => (at * 7919) % 101);
    for (const [at, time] of times.entries()) world.at(time, () => ran.push(at));
    while (world.run());
    const sorted = times.map((_, at) => at).toSorted((a, b) => times[a]! - times[b]! || a - b);
    expect(ran).toEqual(sorted);
  });

  it("never goes back in time", () => {
    const world = new World();
    world.at(10, () => world.at(9, () => {}));
    expect(() => world.run()).toThrow("9 is past, it is 10");
  });
});

describe("a clock", () => {
  it("drifts by parts per million, stops, goes on and leaps, and never goes back", () => {
    const clock = new NodeClock(100, 0);
    expect(clock.read(5000)).toBe(105);
    clock.drift(1_000_000, 500_000);
    expect(clock.read(2_000_000)).toBe(100 + 1000 + 1500);
    clock.stop(2_000_000);
    expect(clock.read(9_000_000)).toBe(2600);
    clock.go(9_000_000);
    clock.drift(9_000_000, -500_000);
    clock.leap(9_000_000, 400);
    expect(clock.read(9_001_000)).toBe(3001);
  });
});

function laneOf(): Readonly<{ world: World; lane: DeviceQueue; done: string[] }> {
  const world = new World();
  return { world, lane: new DeviceQueue(world), done: [] };
}

function digestOf(feed: (digest: Digest) => void): string {
  const digest = new Digest();
  feed(digest);
  return digest.hex();
}

describe("a lane", () => {
  it("does in one batch what collects while another is under way", () => {
    const { world, lane, done } = laneOf();
    const order = (name: string): void => {
      lane.order(10, () => done.push(`${name}@${world.now}`));
    };
    for (const name of ["a", "b", "c"]) order(name);
    while (world.run());
    expect(done).toEqual(["a@10", "b@20", "c@20"]);
  });

  it("does nothing any more once it is closed, not even the rest of a batch", () => {
    const { world, lane, done } = laneOf();
    lane.order(10, () => done.push("a"));
    lane.order(10, () => {
      done.push("b");
      lane.close();
    });
    lane.order(10, () => done.push("c"));
    while (world.run());
    expect(done).toEqual(["a", "b"]);
  });

  it("is done at once when it is hurried, and only once", () => {
    const { world, lane, done } = laneOf();
    lane.order(1000, () => done.push(`a@${world.now}`));
    lane.order(1000, () => done.push(`b@${world.now}`));
    world.at(5, () => lane.hurry());
    while (world.run());
    expect(done).toEqual(["a@5", "b@5"]);
  });
});

describe("a digest", () => {
  it("tells orders, lengths and single bits apart", () => {
    const digests = [
      digestOf(() => {}),
      digestOf((digest) => digest.number(0)),
      digestOf((digest) => digest.number(2 ** 40)),
      digestOf((digest) => digest.number(2 ** 41)),
      digestOf((digest) => digest.bytes(new Uint8Array([1, 2, 3]))),
      digestOf((digest) => digest.bytes(new Uint8Array([1, 2, 3, 0]))),
      digestOf((digest) => digest.bytes(new Uint8Array([1, 2, 3, 0, 0]))),
      digestOf((digest) => digest.text("ab")),
      digestOf((digest) => digest.text("ba")),
      digestOf((digest) => digest.bigint(1n << 63n)),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe("the double step", () => {
  it("names the path to the first difference", () => {
    const one = { a: [1, { b: "x" }], c: null };
    expect(firstDifference(one, { a: [1, { b: "x" }], c: null })).toBe(null);
    expect(firstDifference(one, { a: [1, { b: "y" }], c: null })).toBe(".a.1.b: x and y");
    expect(firstDifference(one, { a: [1], c: null })).toBe(".a: 2 and 1 fields");
    expect(firstDifference(one, { a: [1, { b: "x" }], d: null })).toBe(".c: only one has it");
  });
});
