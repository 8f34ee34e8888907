// A member alone and in office, for tests of what a node says to its clients.

import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "./config.ts";
import type { Limits } from "./config.ts";
import type { ClusterId, Effect, Input, Millis, NodeId } from "./contract.ts";
import { createMemoryKv } from "./kv/memory-kv.ts";
import { must } from "./lib/assert.ts";
import { boot, step } from "./node.ts";
import type { NodeState } from "./node-state.ts";
import { createMemoryDisk } from "./storage/memory-disk.ts";

export type LoneNode = Readonly<{
  now: Millis; // when it began to lead, and nothing was asked of it yet
  /** Everything that it says to clients upon this input, and what it asks about passwords; the
   *  disk takes no time. */
  take: (input: Input) => readonly Effect[];
}>;

const ELECTED_MS = 10_000;

export function startLoneNode(limits: Partial<Limits> = {}): LoneNode {
  const disk = createMemoryDisk();
  const kv = createMemoryKv();
  const booted = boot(configOf({ ...DEFAULT_LIMITS, ...limits }), 1n, 0 as Millis, disk, kv);
  const first = must(booted.ok ? booted.value : null, "an empty disk boots");
  let [state, effects]: [NodeState, readonly Effect[]] = [...first];
  const take = (input: Input | null): readonly Effect[] => {
    const told: Effect[] = [];
    const queue = input === null ? [] : [input];
    for (;;) {
      for (const effect of effects) {
        if (effect.kind === "disk") {
          disk.perform(effect.ops);
          queue.push({ kind: "disk.done", token: effect.token });
        } else if (effect.kind === "kv") {
          kv.perform(effect.writes);
          queue.push({ kind: "kv.done", applied: effect.applied });
        } else if (/^call\.|^password/.test(effect.kind)) told.push(effect);
      }
      const next = queue.shift();
      effects = [];
      if (next === undefined) return told;
      [state, effects] = step(state, next, kv);
    }
  };
  take(null);
  for (let now = 0; now <= ELECTED_MS; now += 50) take({ kind: "tick", now: now as Millis });
  return { now: ELECTED_MS as Millis, take };
}

function configOf(limits: Limits): Parameters<typeof boot>[0] {
  const id = 1n as NodeId;
  return createConfig({
    cluster: 1n as ClusterId,
    node: id,
    members: [{ id, name: "one", peerUrls: ["http://one:2380"], clientUrls: [], isLearner: false }],
    name: "one",
    clientUrls: ["http://one:2379"],
    version: "3.7.0",
    contacts: [],
    strictReconfig: true,
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 1000,
    preVote: true,
    limits,
  });
}
