import { describe, expect, it } from "vitest";
import { putOf } from "../api/testing.ts";
import type { Bytes, CallId, DiskOp, Effect, Input, KvWrite, Millis, NodeId } from "../contract.ts";
import { createMemoryKv, type MemoryKv } from "../kv/memory-kv.ts";
import { must } from "../lib/assert.ts";
import { boot, step } from "../node.ts";
import type { NodeState } from "../node-state.ts";
import { createMemoryDisk, type MemoryDisk } from "../storage/memory-disk.ts";
import { loneConfig, settle } from "../testing/lone-node.ts";

const CONTEXT = { deadline: 9e15 as Millis, token: "", requireLeader: false };
const WAIT_MS = 5000;
const SELF = 1n as NodeId;

/** What outlives the process: all that was written, until there is no more room in time. */
class Machine {
  readonly disk: MemoryDisk = createMemoryDisk();
  readonly kv: MemoryKv = createMemoryKv();
  left = Infinity; // of things that are done before it is killed
  state: NodeState | null = null;
  #life = 0n;
  #now = 0;

  start(forceNewCluster: boolean): void {
    const config = loneConfig({ forceNewCluster, strictReconfig: false });
    const booted = boot(config, ++this.#life, this.#now as Millis, this.disk, this.kv);
    const [state, effects] = must(booted.ok ? booted.value : null, "it boots after any crash");
    this.state = state;
    this.#settle(effects);
    const until = this.#now + WAIT_MS;
    while (this.#now < until && this.left > 0) {
      this.#now += 50;
      this.take({ kind: "tick", now: this.#now as Millis });
    }
  }

  take(input: Input): void {
    this.#settle(this.#step(input));
  }

  #step(input: Input): readonly Effect[] {
    const [state, effects] = step(must(this.state, "it is booted"), input, this.kv);
    this.state = state;
    return effects;
  }

  #settle(effects: readonly Effect[]): void {
    const disk = { perform: (ops: readonly DiskOp[]) => ops.forEach((op) => this.#write(op)) };
    const kv = { perform: (writes: readonly KvWrite[]) => this.#do(() => this.kv.perform(writes)) };
    settle({ disk, kv }, effects, (input) => (this.left > 0 ? this.#step(input) : []));
  }

  /** The last one is cut off in the middle. */
  #write(op: DiskOp): void {
    if (this.left === 1 && op.kind === "write") {
      const half = op.bytes.subarray(0, op.bytes.length / 2);
      return this.#do(() => this.disk.perform([{ ...op, bytes: half }]));
    }
    this.#do(() => this.disk.perform([op]));
  }

  #do(what: () => void): void {
    if (this.left === 0) return;
    this.left -= 1;
    what();
  }
}

/** One of two, of whom the other never came, so that nothing can be agreed on. */
function startStuck(): Machine {
  const machine = new Machine();
  machine.start(false);
  const call = (nth: number, request: Extract<Input, { kind: "call" }>["request"]): void =>
    machine.take({ kind: "call", call: nth as CallId, request, context: CONTEXT });
  call(1, putOf("a", "1"));
  call(2, { kind: "member_add", peerUrls: ["http://two:2380"], isLearner: false });
  call(3, putOf("b", "2"));
  return machine;
}

function membersOf({ state }: Machine): number {
  return must(state, "it is booted").store.members.length;
}

function leads({ state }: Machine): boolean {
  return state?.raft.role === "leader";
}

function holds({ state, kv }: Machine): boolean {
  const { applied } = must(state, "it is booted").store;
  return applied > 0 && [...kv.scan("keys", "" as Bytes, "\uffff" as Bytes)].length > 0;
}

describe("a new cluster that is forced", () => {
  it("is this member alone, with all that it has, and stays so", () => {
    const machine = startStuck();
    machine.start(false);
    expect([membersOf(machine), leads(machine)]).toEqual([2, false]);
    machine.start(true);
    expect([membersOf(machine), leads(machine), holds(machine)]).toEqual([1, true, true]);
    expect(machine.state?.store.members[0]?.id).toBe(SELF);
    expect(machine.state?.store.mvcc.revision).toBe(3); // what nobody had agreed on, too
    machine.start(false);
    expect([membersOf(machine), leads(machine)]).toEqual([1, true]);
  });

  it("is the old one or the new one, wherever it is killed", () => {
    const seen = new Set<string>();
    for (let left = 1; left < 20; left++) {
      const machine = startStuck();
      machine.left = left;
      machine.start(true);
      machine.left = Infinity;
      machine.start(false);
      seen.add(`${membersOf(machine)} ${leads(machine)}`);
      machine.start(true);
      expect([membersOf(machine), leads(machine), holds(machine)]).toEqual([1, true, true]);
    }
    expect([...seen].toSorted()).toEqual(["1 true", "2 false"]);
  });
});
