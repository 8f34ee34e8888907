// A backup as the node sees it: when it begins, how far it runs ahead of its client, how it ends.

import { describe, expect, it } from "vitest";
import { putOf } from "../../api/testing.ts";
import type { CallId, Effect, Index, Input, Millis } from "../../contract.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { loneConfig, settle } from "../../testing/lone-node.ts";
import { boot, step } from "../../node.ts";
import { createMemoryDisk } from "../../storage/memory-disk.ts";
import { describeEffect } from "../../transcript/transcript.ts";

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
  const booted = boot(loneConfig(), 1n, 0 as Millis, disk, kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state] = booted.value;
  let applied = 0 as Index;
  let confirms = true;
  const takeOne = (input: Input): readonly Effect[] => {
    const [next, effects] = step(state, input, kv);
    state = next;
    return effects;
  };
  const run = (first: readonly Effect[]): readonly string[] => {
    const told = settle({ disk, kv }, first, (input) => {
      if (input.kind !== "kv.done" || confirms) return takeOne(input);
      applied = input.applied;
      return [];
    });
    return told
      .filter(({ kind }) => /^(call|backup)/.test(kind))
      .map((effect) => describeEffect(effect, String));
  };
  const take = (input: Input): readonly string[] => run(takeOne(input));
  run(booted.value[1]);
  const until = leads ? 10_000 : 0;
  for (let now = 0; now < until; now += 50) take({ kind: "tick", now: now as Millis });
  confirms = false;
  return { take, confirm: () => take({ kind: "kv.done", applied }) };
}
