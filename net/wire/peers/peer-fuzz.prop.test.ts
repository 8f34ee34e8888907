// Frames that nobody ought to send, to three whole nodes: invented ones of every kind, and those
// that members do send, with bytes of them changed and the checksum right again. The nodes live,
// others take their terms no further than they may, and afterwards there is a leader, and it
// commits.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putOf } from "../../../core/api/testing.ts";
import type { CallId, Effect, Input, Millis, NodeId } from "../../../core/contract.ts";
import { createMemoryKv } from "../../../core/kv/memory-kv.ts";
import type { MemoryKv } from "../../../core/kv/memory-kv.ts";
import { encoded, writeVarint } from "../../../core/lib/binary.ts";
import { crc32c } from "../../../core/lib/crc32c.ts";
import { loneConfig, settle } from "../../../core/testing/lone-node.ts";
import { boot, step } from "../../../core/node.ts";
import type { NodeState } from "../../../core/node-state.ts";
import { TERM_STEP_MAX } from "../../../core/raft/terms.ts";
import { createMemoryDisk } from "../../../core/storage/memory-disk.ts";
import type { MemoryDisk } from "../../../core/storage/memory-disk.ts";
import { decodePeerMessage, encodePeerMessage, PEER_FRAME_VERSION } from "./peer-frames.ts";

type Node = { state: NodeState; readonly disk: MemoryDisk; readonly kv: MemoryKv };
type Sent = Readonly<{ from: NodeId; to: NodeId; frame: Uint8Array }>;
type Act = Readonly<
  | { kind: "invent"; from: NodeId; to: NodeId; frame: Uint8Array }
  | { kind: "change"; nth: number; from: NodeId; at: number; bytes: Uint8Array }
  | { kind: "pass"; ms: number }
>;

const IDS = [1n, 2n, 3n].map((id) => id as NodeId);
const ANYBODY = fc.constantFrom(...IDS, 99n as NodeId);
const CONTEXT = { deadline: 9e15 as Millis, token: "", requireLeader: false };
const TICK_MS = 50;
const ELECTION_MS = 1000;
const KEPT = 200; // frames of members, to be changed
const KINDS = 18;
const EDGES = [TERM_STEP_MAX, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER];

/** A kind, and fields that may be those of it: numbers small, at the edges, or any, and other bytes. */
const number = fc.oneof(fc.nat(9), fc.nat(9), fc.maxSafeNat(), fc.constantFrom(...EDGES));
const field = fc.oneof(
  { arbitrary: number.map((value) => encoded((writer) => writeVarint(writer, value))), weight: 4 },
  { arbitrary: fc.uint8Array({ maxLength: 8 }), weight: 1 },
);
const invented = fc
  .tuple(fc.nat(KINDS - 1), fc.array(field, { minLength: 1, maxLength: 6 }))
  .map(([kind, fields]) => sealed(Uint8Array.from([kind, ...fields.flatMap((f) => [...f])])));

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant("invent" as const),
    from: ANYBODY,
    to: fc.constantFrom(...IDS),
    frame: invented,
  }),
  fc.record({
    kind: fc.constant("change" as const),
    nth: fc.nat(),
    from: ANYBODY,
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(50, 500, 3000) }),
);

describe("three nodes that hear what nobody ought to say", () => {
  it("live, keep their terms within bounds, and commit when it is over", () => {
    const property = fc.property(fc.array(act, { maxLength: 60, size: "max" }), (acts) => {
      const trio = new Trio();
      for (const each of acts) trio.perform(each);
      expect(trio.commits()).toBe(true);
    });
    fc.assert(property, { seed: 20264, numRuns: 80 });
  });
});

class Trio {
  readonly #nodes = new Map<NodeId, Node>();
  readonly #answered = new Set<CallId>();
  #wire: Sent[] = [];
  #kept: Sent[] = [];
  #now = 0;
  #calls = 0;

  constructor() {
    for (const node of IDS) {
      const [disk, kv] = [createMemoryDisk(), createMemoryKv()];
      const members = IDS.map((id) => memberOf(id));
      const booted = boot(loneConfig({ node, members }), node, 0 as Millis, disk, kv);
      if (!booted.ok) throw new Error(booted.error);
      const [state, effects] = booted.value;
      this.#nodes.set(node, { state, disk, kv });
      this.#settle(node, effects);
    }
    this.#pass(3 * ELECTION_MS);
  }

  perform(what: Act): void {
    if (what.kind === "pass") return this.#pass(what.ms);
    if (what.kind === "invent") this.#hear(what);
    else this.#change(what);
    for (const { state } of this.#nodes.values()) {
      const timeouts = 1 + this.#now / ELECTION_MS;
      expect(state.raft.term).toBeLessThanOrEqual(timeouts * (TERM_STEP_MAX + 2));
    }
  }

  commits(): boolean {
    for (let round = 0; round < 60; round++) {
      const calls = IDS.map((id) => this.#put(id));
      this.#pass(ELECTION_MS);
      if (calls.some((call) => this.#answered.has(call))) return true;
    }
    return false;
  }

  #put(node: NodeId): CallId {
    const call = ++this.#calls as CallId;
    this.#take(node, { kind: "call", call, request: putOf("key", "value"), context: CONTEXT });
    return call;
  }

  #change({ nth, from, at, bytes }: Extract<Act, { kind: "change" }>): void {
    const sent = this.#kept[nth % this.#kept.length];
    if (sent === undefined) return;
    const body = sent.frame.slice(5);
    for (const [offset, byte] of bytes.entries()) body[(at + offset) % body.length] = byte;
    this.#hear({ from, to: sent.to, frame: sealed(body) });
  }

  #hear({ from, to, frame }: Sent): void {
    const decoded = decodePeerMessage(frame);
    if (decoded.ok) this.#take(to, { kind: "peer.message", from, message: decoded.value });
    this.#deliver();
  }

  #pass(ms: number): void {
    for (const until = this.#now + ms; this.#now < until;) {
      this.#now += TICK_MS;
      for (const id of IDS) this.#take(id, { kind: "tick", now: this.#now as Millis });
      this.#deliver();
    }
  }

  #deliver(): void {
    for (let turns = 0; this.#wire.length > 0; turns++) {
      expect(turns).toBeLessThan(1000); // or they talk without end
      const wire = this.#wire;
      this.#wire = [];
      for (const sent of wire) {
        const decoded = decodePeerMessage(sent.frame);
        if (!decoded.ok) throw new Error(decoded.error);
        this.#take(sent.to, { kind: "peer.message", from: sent.from, message: decoded.value });
      }
    }
  }

  #take(id: NodeId, input: Input): void {
    this.#settle(id, this.#step(id, input));
  }

  #step(id: NodeId, input: Input): readonly Effect[] {
    const node = this.#nodes.get(id);
    if (node === undefined) return [];
    const [state, effects] = step(node.state, input, node.kv);
    node.state = state;
    return effects;
  }

  #settle(id: NodeId, effects: readonly Effect[]): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    for (const effect of settle(node, effects, (input) => this.#step(id, input))) {
      if (effect.kind === "call.reply" && effect.result.ok) this.#answered.add(effect.call);
      if (effect.kind !== "peer.send") continue;
      const sent = { from: id, to: effect.to, frame: encodePeerMessage(effect.message) };
      this.#wire.push(sent);
      this.#kept = [...this.#kept.slice(1 - KEPT), sent];
    }
  }
}

/** The frame of this body, right in all but what it says. */
function sealed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + body.length);
  frame[0] = PEER_FRAME_VERSION;
  frame.set(body, 5);
  new DataView(frame.buffer).setUint32(1, crc32c(body), true);
  return frame;
}

function memberOf(id: NodeId) {
  const name = `n${id}`;
  const [peerUrls, clientUrls] = [[`http://${name}:2380`], []];
  return { id, name, peerUrls, clientUrls, isLearner: false };
}
