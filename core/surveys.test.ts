// A hash that is taken tick by tick is the hash that one step takes, whatever is written meanwhile.

import { describe, expect, it } from "vitest";
import { putOf } from "./api/testing.ts";
import type { Request } from "./api/request.ts";
import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "./config.ts";
import type { CallId, ClusterId, Effect, Input, Millis, NodeId } from "./contract.ts";
import { createMemoryKv } from "./kv/memory-kv.ts";
import { hashKv } from "./mvcc/hash.ts";
import { restoreMvcc } from "./mvcc/store.ts";
import { boot, step } from "./node.ts";
import { createMemoryDisk } from "./storage/memory-disk.ts";
import { describeEffect } from "./transcript.ts";

const ROWS = 5;
const PUTS = 23;
const HASH: Request = { kind: "hash_kv", revision: 0 };

describe("HashKV of a store with more rows than one step hashes", () => {
  it("is answered some ticks later, of the revision at which it was asked for", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf(`k${at % 7}`, `v${at}`));
    const expected = node.hash();
    expect(node.ask(HASH)).toBe("");
    expect(node.ask(putOf("k0", "later"))).toContain("put revision=25");
    expect(told(node)).toEqual([[4, `hash=${expected} at 24`]]);
  });

  it("begins anew when its history is compacted meanwhile, or is refused", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf(`k${at % 7}`, `v${at}`));
    node.ask(HASH);
    node.ask({ kind: "hash_kv", revision: 15 });
    node.tick();
    node.ask({ kind: "compact", revision: 20, physical: true });
    const answers = told(node).map(([, answer]) => answer);
    expect(answers).toHaveLength(2);
    expect(answers[0]).toBe(`hash=${node.hash()} at 24`);
    expect(answers[1]).toContain("required revision has been compacted");
  });

  it("of everything is told in pieces, too, and is the same however many they are", () => {
    const [node, other] = [startNode(), startNode(1000)];
    for (const each of [node, other]) {
      for (let at = 0; at < PUTS; at++) each.ask(putOf(`k${at % 7}`, `v${at}`));
    }
    const whole = other.ask({ kind: "hash" });
    expect(whole).toMatch(/hash revision=24 .*hash=\d+$/);
    expect(node.ask({ kind: "hash" })).toBe("");
    const answers = told(node);
    expect(answers).toEqual([[expect.any(Number), expect.stringMatching(/hash=\d+$/)]]);
    expect(whole).toContain(answers[0]?.[1]);
    expect(answers[0]?.[0]).toBeGreaterThan(4);
  });

  it("is forgotten when its client goes", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf("k", `v${at}`));
    node.ask(HASH);
    node.cancel();
    expect(told(node)).toEqual([]);
  });
});

/** The answers of the next ticks, and at which of them each came. */
function told(node: ReturnType<typeof startNode>): readonly (readonly [number, string])[] {
  const answers: (readonly [number, string])[] = [];
  for (let ticks = 1; ticks <= 20; ticks++) {
    for (const line of node.tick()) {
      answers.push([ticks, line.replace(/^reply \d+ (hash_kv revision=\d+ )?/, "")]);
    }
  }
  return answers;
}

/** A member alone, in office. */
function startNode(hashRows = ROWS) {
  const id = 1n as NodeId;
  const disk = createMemoryDisk();
  const kv = createMemoryKv();
  const config = createConfig({
    cluster: 1n as ClusterId,
    node: id,
    members: [{ id, name: "one", peerUrls: ["http://p:1"], clientUrls: [], isLearner: false }],
    contacts: [],
    name: "one",
    clientUrls: ["http://c:1"],
    version: "3.7.0",
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 1000,
    preVote: true,
    strictReconfig: true,
    limits: { ...DEFAULT_LIMITS, hashRows },
  });
  const booted = boot(config, 1n, 0 as Millis, disk, kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state] = booted.value;
  let [now, call] = [0, 0];
  const settle = (first: readonly Effect[]): readonly string[] => {
    const lines: string[] = [];
    const queue: Input[] = [];
    let effects = first;
    for (;;) {
      for (const effect of effects) {
        if (effect.kind === "disk") {
          disk.perform(effect.ops);
          queue.push({ kind: "disk.done", token: effect.token });
        } else if (effect.kind === "kv") {
          kv.perform(effect.writes);
          queue.push({ kind: "kv.done", applied: effect.applied });
        } else if (effect.kind === "call.reply") lines.push(describeEffect(effect, String));
      }
      const next = queue.shift();
      if (next === undefined) return lines;
      effects = take(next);
    }
  };
  const take = (input: Input): readonly Effect[] => {
    const [next, effects] = step(state, input, kv);
    state = next;
    return effects;
  };
  const tick = (): readonly string[] => {
    now += 50;
    return settle(take({ kind: "tick", now: now as Millis }));
  };
  settle(booted.value[1]);
  for (let ticks = 0; ticks < 60; ticks++) tick();
  return {
    tick,
    ask: (request: Request): string => {
      const context = { deadline: 1e9 as Millis, token: "", requireLeader: false };
      call += 1;
      const input: Input = { kind: "call", call: call as CallId, request, context };
      return settle(take(input)).join("\n");
    },
    cancel: () => settle(take({ kind: "call.cancel", call: call as CallId })),
    hash: (): number => {
      const mvcc = restoreMvcc(kv);
      return hashKv(mvcc, kv, mvcc.revision);
    },
  };
}
