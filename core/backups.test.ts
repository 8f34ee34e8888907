// A backup as the node sees it: when it begins, how far it runs ahead of its client, how it ends.

import { describe, expect, it } from "vitest";
import { putOf } from "./api/testing.ts";
import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "./config.ts";
import type { CallId, ClusterId, Effect, Index, Input, Millis, NodeId } from "./contract.ts";
import { createMemoryKv } from "./kv/memory-kv.ts";
import { boot, step } from "./node.ts";
import type { NodeState } from "./node-state.ts";
import { createMemoryDisk } from "./storage/memory-disk.ts";
import { describeEffect } from "./transcript.ts";

const CALL = 7 as CallId;
const WRITE = 8 as CallId;
const NEVER = Number.MAX_SAFE_INTEGER as Millis;

describe("a backup", () => {
  it("begins once all that was applied before it is durable", () => {
    const { take, confirm } = startNode();
    expect(take(put())).toContain(`reply ${WRITE} put revision=2`);
    expect(take(ask())).toEqual([]);
    expect(confirm()).toEqual(["backup.read 7 32"]);
  });

  it("waits for a first entry", () => {
    const { take } = startNode(false);
    expect(take(ask())).toEqual([]);
  });

  it("gives its pieces in turn, and ends after the last", () => {
    const { take } = startNode();
    expect(take(ask())).toEqual(["backup.read 7 32"]);
    expect(take(piece(100))).toEqual(["push 7 snapshot 3 before 100"]);
    expect(take(piece(0))).toEqual(["push 7 snapshot 3 before 0"]);
    expect(take(piece(0, true))).toEqual([
      "push 7 snapshot 3 before 0",
      "backup.close 7",
      "end 7 ok",
    ]);
    expect(take({ kind: "call.cancel", call: CALL })).toEqual([]);
  });

  it("asks for no more than its client has taken", () => {
    const { take } = startNode();
    take(ask());
    for (let pieces = 0; pieces < 32; pieces++) take(piece(100));
    expect(take({ kind: "call.credit", call: CALL, items: 16 })).toEqual(["backup.read 7 16"]);
  });

  it("lets the view go when its client leaves or runs out of time", () => {
    const { take } = startNode();
    take(ask());
    expect(take({ kind: "call.cancel", call: CALL })).toEqual(["backup.close 7"]);
    expect(take(piece(100))).toEqual([]);
    const deadline = 30_000 as Millis;
    take(ask(deadline));
    expect(take({ kind: "tick", now: deadline })).toEqual([
      "backup.close 7",
      "end 7 context deadline exceeded",
    ]);
  });
});

function ask(deadline: Millis = NEVER): Input {
  const context = { deadline, token: "", requireLeader: false };
  return { kind: "call", call: CALL, request: { kind: "snapshot" }, context };
}

function put(): Input {
  const context = { deadline: NEVER, token: "", requireLeader: false };
  return { kind: "call", call: WRITE, request: putOf("a", "1"), context };
}

function piece(remainingBytes: number, isLast = false): Input {
  return { kind: "backup.piece", call: CALL, blob: new Uint8Array(3), remainingBytes, isLast };
}

/** A member alone, and in office if it `leads`. What is durable in its store waits for `confirm`
 *  from then on; `take` tells what it asks for and answers. */
function startNode(leads = true): {
  take: (input: Input) => readonly string[];
  confirm: () => readonly string[];
} {
  const disk = createMemoryDisk();
  const kv = createMemoryKv();
  const booted = boot(configOf(), 1n, 0 as Millis, disk, kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state, effects]: [NodeState, readonly Effect[]] = [...booted.value];
  let applied = 0 as Index;
  const run = (first: readonly Input[], confirms: boolean): readonly string[] => {
    const told: string[] = [];
    const queue = [...first];
    for (;;) {
      for (const effect of effects) {
        if (effect.kind === "disk") {
          disk.perform(effect.ops);
          queue.push({ kind: "disk.done", token: effect.token });
        } else if (effect.kind === "kv") {
          kv.perform(effect.writes);
          applied = effect.applied;
          if (confirms) queue.push({ kind: "kv.done", applied });
        } else if (/^(call|backup)/.test(effect.kind)) told.push(describeEffect(effect, String));
      }
      const next = queue.shift();
      effects = [];
      if (next === undefined) return told;
      [state, effects] = step(state, next, kv);
    }
  };
  run([], true);
  const until = leads ? 10_000 : 0;
  for (let now = 0; now < until; now += 50) run([{ kind: "tick", now: now as Millis }], true);
  return {
    take: (input) => run([input], false),
    confirm: () => run([{ kind: "kv.done", applied }], false),
  };
}

function configOf(): Parameters<typeof boot>[0] {
  const id = 1n as NodeId;
  return createConfig({
    cluster: 1n as ClusterId,
    node: id,
    members: [{ id, name: "one", peerUrls: ["http://one:2380"], clientUrls: [], isLearner: false }],
    name: "one",
    clientUrls: ["http://one:2379"],
    contacts: [],
    strictReconfig: true,
    version: "3.4.0",
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 1000,
    preVote: true,
    limits: DEFAULT_LIMITS,
  });
}
