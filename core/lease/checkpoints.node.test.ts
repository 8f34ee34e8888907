// A member that notes what leases have left: a restart, which is a change of leader too, does not
// give them their whole time again, and what a client was told of a renewal holds.

import { describe, expect, it } from "vitest";
import type { Request } from "../api/request.ts";
import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "../config.ts";
import type { CallId, ClusterId, Effect, Input, LeaseId, Millis, NodeId } from "../contract.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { boot, step } from "../node.ts";
import type { NodeState } from "../node-state.ts";
import { createMemoryDisk } from "../storage/memory-disk.ts";
import { describeEffect } from "../transcript.ts";

const ID = 1n as NodeId;
const LEASE = 7n as LeaseId;
const GRANT: Request = { kind: "lease_grant", id: LEASE, ttlSeconds: 60 };
const LEFT: Request = { kind: "lease_time_to_live", id: LEASE, keys: false };
const RENEW: Request = { kind: "lease_keep_alive", id: LEASE };

describe("a lease whose remaining time is noted", () => {
  it("goes on where it was under the next leader, with an election's grace", () => {
    const node = startNode(1000);
    node.ask(GRANT);
    node.pass(40_000);
    node.restart();
    const left = secondsLeft(node.ask(LEFT));
    expect(left).toBeGreaterThanOrEqual(18); // it may have been noted a second before
    expect(left).toBeLessThanOrEqual(23);
    node.pass(30_000);
    expect(node.ask(LEFT)).toContain("left=-1");
  });

  it("has its whole time again where nothing is noted", () => {
    const node = startNode(0);
    node.ask(GRANT);
    node.pass(40_000);
    node.restart();
    expect(secondsLeft(node.ask(LEFT))).toBeGreaterThan(50);
  });

  it("has its whole time under the next leader, too, once a client knows that it was renewed", () => {
    const node = startNode(1000);
    node.ask(GRANT);
    node.pass(40_000);
    expect(node.ask(RENEW)).toContain("ttl=60");
    node.restart();
    expect(secondsLeft(node.ask(LEFT))).toBeGreaterThan(50);
  });
});

function secondsLeft(told: string): number {
  return Number(/left=(-?\d+)/.exec(told)?.[1]);
}

/** A member alone, in office, whose disk and store are as quick as thought. */
function startNode(leaseCheckpointMs: number): {
  ask: (request: Request) => string;
  pass: (ms: number) => void;
  restart: () => void;
} {
  const disk = createMemoryDisk();
  const kv = createMemoryKv();
  let now = 0;
  let call = 0;
  let life = 0n;
  let state: NodeState | null = null;
  const settle = (first: readonly Effect[]): readonly string[] => {
    const told: string[] = [];
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
        } else if (effect.kind.startsWith("call")) told.push(describeEffect(effect, String));
      }
      const next = queue.shift();
      if (next === undefined) return told;
      effects = take(next);
    }
  };
  const take = (input: Input): readonly Effect[] => {
    if (state === null) throw new Error("a node takes nothing before it is booted");
    const [next, effects] = step(state, input, kv);
    state = next;
    return effects;
  };
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end; now += 50) {
      settle(take({ kind: "tick", now: now as Millis }));
    }
  };
  const restart = (): void => {
    const booted = boot(configOf(leaseCheckpointMs), ++life, now as Millis, disk, kv);
    if (!booted.ok) throw new Error(booted.error);
    state = booted.value[0];
    settle(booted.value[1]);
    pass(3000);
  };
  restart();
  const ask = (request: Request): string => {
    const context = { deadline: 1e9 as Millis, token: "", requireLeader: false };
    const input: Input = { kind: "call", call: ++call as CallId, request, context };
    return settle(take(input)).join("\n");
  };
  return { ask, pass, restart };
}

function configOf(leaseCheckpointMs: number): Parameters<typeof boot>[0] {
  return createConfig({
    cluster: 1n as ClusterId,
    node: ID,
    members: [
      { id: ID, name: "one", peerUrls: ["http://one:2380"], clientUrls: [], isLearner: false },
    ],
    name: "one",
    clientUrls: ["http://one:2379"],
    version: "3.7.0",
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 1000,
    preVote: true,
    contacts: [],
    strictReconfig: true,
    limits: { ...DEFAULT_LIMITS, leaseCheckpointMs },
  });
}
