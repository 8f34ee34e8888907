import { describe, expect, it } from "vitest";
import { encodePeerMessage, decodePeerMessage } from "../../net/wire/peers/peer-frames.ts";
import type { Message } from "../../core/raft/message.ts";
import { Digest } from "./digest.ts";
import type { Parcel } from "./network.ts";
import { CLIENTS, Network } from "./network.ts";
import { nameOf } from "../cluster/message-name.ts";
import type { NetworkOptions } from "../options/options.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { createFates } from "./random.ts";
import { World } from "./world.ts";

type Setup = Readonly<{
  world: World;
  network: Network<Message>;
  heard: string[];
  send: (from: number, to: number, label: string, once?: boolean) => void;
}>;

function setUp(options: Partial<NetworkOptions> = {}, seed = 1): Setup {
  const world = new World();
  const network = new Network<Message>(
    world,
    createFates(seed),
    { ...DEFAULT_OPTIONS.network, ...options },
    new Digest(),
  );
  const heard: string[] = [];
  const send: Setup["send"] = (from, to, label, once = false) => {
    const parcel: Parcel<Message> = {
      from,
      to,
      name: [label],
      bytes: new Uint8Array([1, 2, 3]),
      message: null,
      once,
      weightMicros: 0,
      arrive: (bytes) => heard.push(`${label} ${from}→${to} at ${world.now} [${bytes.join()}]`),
      lose: () => heard.push(`${label} ${from}→${to} lost`),
    };
    network.send(parcel);
  };
  return { world, network, heard, send };
}

function runAll(world: World): void {
  while (world.run());
}

const WILD: Partial<NetworkOptions> = {
  drop: [1, 4],
  duplicate: [1, 4],
  reorder: [1, 4],
  tail: [1, 4],
};

describe("the network", () => {
  it("gives a parcel the same fate whatever else is sent", () => {
    const labels = Array.from({ length: 200 }, (_, at) => `m${at}`);
    const all = setUp(WILD);
    for (const label of labels) all.send(1, 2, label);
    runAll(all.world);
    const some = setUp(WILD);
    const kept = labels.filter((_, at) => at % 7 === 0);
    for (const label of kept) some.send(1, 2, label);
    runAll(some.world);
    const mine = all.heard.filter((line) => kept.includes(line.slice(0, line.indexOf(" "))));
    expect(mine.toSorted()).toEqual(some.heard.toSorted());
    expect(some.heard.some((line) => line.endsWith("lost"))).toBe(true);
    expect(some.heard.length).toBeGreaterThan(kept.length); // some came twice
  });

  it("gives equal parcels fates of their own", () => {
    const { world, heard, send } = setUp({ drop: [1, 2] });
    for (let nth = 0; nth < 100; nth++) send(1, 2, "again");
    runAll(world);
    const lost = heard.filter((line) => line.endsWith("lost")).length;
    expect(lost).toBeGreaterThan(30);
    expect(lost).toBeLessThan(70);
  });

  it("cuts one direction only, also for what is under way, until the last cut ends", () => {
    const { world, network, heard, send } = setUp();
    send(1, 2, "under way");
    network.cut(1, 2);
    network.cut(1, 2);
    send(1, 2, "there");
    send(2, 1, "back");
    expect(network.cuts()).toEqual([{ from: 1, to: 2 }]);
    network.mend(1, 2);
    send(1, 2, "still cut");
    runAll(world);
    network.mend(1, 2);
    send(1, 2, "whole");
    runAll(world);
    expect(heard.map((line) => line.replace(/ at .*/, "")).toSorted()).toEqual([
      "back 2→1",
      "still cut 1→2 lost",
      "there 1→2 lost",
      "under way 1→2 lost",
      "whole 1→2",
    ]);
  });

  it("holds what a clogged link carries, and lets it go all at once, in order", () => {
    const { world, network, heard, send } = setUp();
    network.clog(1, 2);
    for (const label of ["a", "b", "c"]) send(1, 2, label);
    send(2, 1, "free");
    runAll(world);
    expect(heard).toHaveLength(1);
    expect(network.flights()).toHaveLength(3);
    world.after(1_000_000, () => network.unclog(1, 2));
    runAll(world);
    const arrived = heard.slice(1).map((line) => line.replace(/.* at (\d+) .*/, "$1"));
    expect(new Set(arrived).size).toBe(1);
    expect(Number(arrived[0])).toBeGreaterThan(1_000_000);
    expect(network.flights()).toEqual([]);
  });

  it("carries a client's parcel at most once and whole, in any weather", () => {
    const { world, network, heard, send } = setUp();
    network.begin({ kind: "duplicate", ratio: [1, 1] });
    network.begin({ kind: "corrupt", ratio: [1, 1] });
    send(CLIENTS, 1, "call", true);
    send(1, 2, "peers");
    runAll(world);
    expect(heard.filter((line) => line.startsWith("call"))).toHaveLength(1);
    expect(heard.filter((line) => line.endsWith("[1,2,3]"))).toHaveLength(2); // a copy is whole
    expect(heard).toHaveLength(3);
  });

  it("turns at most one bit, which a peer frame always notices", () => {
    const { world, network } = setUp();
    network.begin({ kind: "corrupt", ratio: [1, 1] });
    const message = { kind: "vote_response", term: 3, granted: true } as Message;
    let refused = 0;
    for (let nth = 0; nth < 50; nth++) {
      network.send({
        from: 1,
        to: 2,
        name: [...nameOf(message)],
        bytes: encodePeerMessage(message).slice(),
        message,
        once: false,
        weightMicros: 0,
        arrive: (bytes) => {
          if (!decodePeerMessage(bytes).ok) refused += 1;
        },
        lose: () => {},
      });
    }
    runAll(world);
    expect(refused).toBe(50);
  });

  it("carries one thing after another over a line, each for as long as it is", () => {
    const bare = { delayMicros: 0, tail: [0, 1], kilobyteMicros: 1024 * 100 } as const;
    const { world, heard, send } = setUp(bare);
    for (const label of ["a", "b"]) send(1, 2, label);
    send(2, 1, "back");
    send(1, 3, "elsewhere");
    world.after(10_000, () => send(1, 2, "later"));
    runAll(world);
    expect(heard.map((line) => line.split(" [")[0])).toEqual([
      "a 1→2 at 300",
      "back 2→1 at 300",
      "elsewhere 1→3 at 300",
      "b 1→2 at 600",
      "later 1→2 at 10300",
    ]);
  });

  it("is calm once it is told so", () => {
    const { world, network, heard, send } = setUp({ drop: [1, 1] });
    network.calm();
    send(1, 2, "through");
    runAll(world);
    expect(heard[0]).toMatch(/^through 1→2 at \d+ /);
  });
});
