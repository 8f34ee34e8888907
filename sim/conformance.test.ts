// The conformance suite in simulated bytes: encoded requests to a simulated cluster, over a network
// and on disks that take their time but lose nothing.

import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../core/config.ts";
import { CASES } from "../core/conformance/conformance.ts";
import type { CallRequest } from "../core/conformance/cases/case.ts";
import { perform, playCase } from "../core/conformance/player.ts";
import type { Order } from "../core/conformance/player.ts";
import type { Told } from "../core/conformance/show.ts";
import { must } from "../core/lib/assert.ts";
import { boot, step } from "../core/node.ts";
import { decodeResponse, encodeRequest, pathOf } from "../net/wire/methods/methods.ts";
import type { Reply } from "./clients/client.ts";
import { Cluster } from "./cluster/cluster.ts";
import { Digest } from "./world/digest.ts";
import type { Micros } from "./run/frame.ts";
import { Network } from "./world/network.ts";
import { DEFAULT_OPTIONS } from "./options/options.ts";
import { createFates } from "./world/random.ts";
import type { ClientEnd } from "./cluster/streams.ts";
import { World } from "./world/world.ts";

const PATIENCE: Micros = 10_000_000;
const NOTHING: Told = { kind: "nothing" };
const CLIENT = 1;

type Open = Readonly<{ end: ClientEnd; told: Told[] }>;

class SimulatedCluster {
  readonly #world = new World();
  readonly #cluster: Cluster;
  readonly #streams = new Map<string, Open>();
  #calls = 0;

  constructor(nodes: number) {
    const world = this.#world;
    const node = { ...DEFAULT_OPTIONS.node, limits: DEFAULT_LIMITS };
    const options = { ...DEFAULT_OPTIONS, nodes, node };
    const fates = createFates(options.seed);
    this.#cluster = new Cluster({
      options,
      core: { boot, step },
      world,
      fates,
      network: new Network(world, fates, options.network, new Digest()),
      tickMs: options.node.tickMs,
      twice: false,
      commitMicros: options.disk.commitMicros,
      cpu: options.cpu,
      crowd: options.clients.crowd,
      begins: () => {},
      taken: () => {},
      crashed: () => {},
      witness: () => {},
      broken: (oracle, message) => {
        throw new Error(`${oracle}: ${message}`);
      },
    });
    for (const number of this.#cluster.numbers()) this.#cluster.node(number).boot();
    this.#pass(PATIENCE);
  }

  take(order: Order): Told {
    switch (order.kind) {
      case "call":
        return this.#hear(this.#call(order).told);
      case "begin":
        this.#streams.set(order.stream, this.#call(order));
        return NOTHING;
      case "say":
        this.#say(order);
        return NOTHING;
      case "hear":
        return this.#hear(this.#streamOf(order.stream).told);
      case "leave":
        this.#streamOf(order.stream).end.leave();
        this.#streams.delete(order.stream);
        return NOTHING;
      case "close":
        this.#streamOf(order.stream).end.close();
        return NOTHING;
    }
  }

  #call({ member, request, token }: Extract<Order, { request: CallRequest }>): Open {
    const told: Told[] = [];
    const [path, bytes] = [pathOf(request), encodeRequest(request)];
    const id = ++this.#calls;
    const common = { client: CLIENT, path, token, requireLeader: false };
    const call = { ...common, id, bytes, timeoutMs: PATIENCE / 1000 };
    const node = this.#number(member);
    this.#cluster.call(node, call, (reply) => void told.push(toldOf(path, reply)));
    const leave = (): void => this.#cluster.cancel(node, call);
    return { end: { say: () => {}, close: () => {}, leave }, told };
  }

  #say(order: Extract<Order, { kind: "say" }>): void {
    const open = this.#streams.get(order.stream) ?? this.#begin(order);
    open.end.say(encodeRequest(order.request));
  }

  #begin({ member, stream: name, request, token }: Extract<Order, { kind: "say" }>): Open {
    const path = pathOf(request);
    const told: Told[] = [];
    const hears = (reply: Reply): void => void told.push(toldOf(path, reply));
    const node = this.#number(member);
    const common = { client: CLIENT, path, token, requireLeader: false };
    const end = this.#cluster.open(node, { ...common, dawdle: () => 0, hears });
    const open = { end, told };
    this.#streams.set(name, open);
    return open;
  }

  #hear(told: Told[]): Told {
    const until = this.#world.now + PATIENCE;
    while (told.length === 0 && this.#world.now < until) this.#world.run();
    return told.shift() ?? NOTHING;
  }

  #pass(micros: Micros): void {
    const until = this.#world.now + micros;
    while (this.#world.now < until) this.#world.run();
  }

  /** The first is the one that leads. */
  #number(member: number): number {
    const count = this.#cluster.numbers().length;
    return ((this.#cluster.leader() - 1 + member) % count) + 1;
  }

  #streamOf(name: string): Open {
    return must(this.#streams.get(name), `stream ${name} is open`);
  }
}

function toldOf(path: string, reply: Reply): Told {
  switch (reply.kind) {
    case "response": {
      const decoded = decodeResponse(path, reply.bytes);
      if (!decoded.ok) throw new Error(decoded.error.message);
      return { kind: "response", response: decoded.value };
    }
    case "status":
      if (reply.code === 0) return { kind: "end" };
      return { kind: "error", code: reply.code, message: reply.message };
    case "refused":
    case "reset":
      throw new Error(`the connection was ${reply.kind}`);
  }
}

for (const nodes of [1, 3]) {
  describe(`a simulated cluster of ${nodes} conforms:`, () => {
    const cluster = new SimulatedCluster(nodes);
    for (const test of CASES) {
      it(test.name, () => {
        expect(perform(playCase(test), (order) => cluster.take(order))).toBe(null);
      });
    }
  });
}
