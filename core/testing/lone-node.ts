// A member alone, for tests of what a node says to its clients, and what other stages of whole
// nodes need too: a configuration, and a disk and a store that take no time.

import type { Config, Limits } from "../config.ts";
import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "../config.ts";
import type { ClusterId, DiskOp, Effect, Input, KvWrite, Millis, NodeId } from "../contract.ts";
import type { MemoryKv } from "../kv/memory-kv.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { must } from "../lib/assert.ts";
import { boot, step } from "../node.ts";
import type { NodeState } from "../node-state.ts";
import { createMemoryDisk } from "../storage/memory-disk.ts";

export type LoneNode = Readonly<{
  now: Millis; // when it was ready, and nothing was asked of it yet
  kv: MemoryKv;
  /** Everything that it says upon this input, but what it asks of its disk and store. */
  take: (input: Input) => readonly Effect[];
  /** The same upon a `resume` that it waits for, where these are held back. */
  resume: () => readonly Effect[];
  state: () => NodeState;
  /** Ends it, and boots it from what its disk and store hold. */
  restart: (now: Millis) => void;
}>;

type Stores = Readonly<{
  disk: Readonly<{ perform: (ops: readonly DiskOp[]) => void }>;
  kv: Readonly<{ perform: (writes: readonly KvWrite[]) => void }>;
}>;

const TICK_MS = 50;
const TOLD = /^call\.|^password/; // the rest is for operators, or for other members

/** In office, and known to itself with its URLs. */
/** `holdsBack`: it is resumed when told, not at once. */
export function startLoneNode(limits: Partial<Limits> = {}, holdsBack = false): LoneNode {
  const disk = createMemoryDisk();
  const kv = createMemoryKv();
  const config = loneConfig({ limits: { ...DEFAULT_LIMITS, ...limits } });
  let life = 0n;
  let state = null as NodeState | null;
  const takeOne = (input: Input): readonly Effect[] => {
    const [next, effects] = step(must(state, "it is booted"), input, kv);
    state = next;
    return effects;
  };
  const run = (first: readonly Effect[]): readonly Effect[] =>
    settle({ disk, kv }, first, takeOne, holdsBack).filter(({ kind }) => TOLD.test(kind));
  const take = (input: Input): readonly Effect[] => run(takeOne(input));
  const restart = (now: Millis): void => {
    const booted = boot(config, ++life, now, disk, kv);
    const [next, effects] = must(booted.ok ? booted.value : null, "what it wrote boots");
    state = next;
    run(effects);
  };
  let now = 0;
  restart(now as Millis);
  while (!state?.store.members.some(({ clientUrls }) => clientUrls.length > 0)) {
    now += TICK_MS;
    take({ kind: "tick", now: now as Millis });
  }
  const resume = (): readonly Effect[] => (state?.isYielding ? take({ kind: "resume" }) : []);
  const present = (): NodeState => must(state, "it is booted");
  return { now: now as Millis, kv, take, resume, state: present, restart };
}

/** Does at once what a node asks of its disk and store, tells it so, and goes on with what follows
 *  from that. Returns everything else that it asked for or said. */
export function settle(
  { disk, kv }: Stores,
  first: readonly Effect[],
  take: (input: Input) => readonly Effect[],
  holdsBack = false,
): readonly Effect[] {
  const told: Effect[] = [];
  const queue: Input[] = [];
  for (let effects = first; ;) {
    for (const effect of effects) {
      if (effect.kind === "disk") {
        disk.perform(effect.ops);
        queue.push({ kind: "disk.done", token: effect.token });
      } else if (effect.kind === "kv") {
        kv.perform(effect.writes);
        queue.push({ kind: "kv.done", applied: effect.applied });
      } else if (effect.kind === "yield") {
        if (!holdsBack) queue.push({ kind: "resume" });
      } else if (effect.kind === "defragment") {
        queue.push({ kind: "defragment.done", error: null });
      } else told.push(effect);
    }
    const next = queue.shift();
    if (next === undefined) return told;
    effects = take(next);
  }
}

/** As a new cluster of one has it; `more` is what matters. */
export function loneConfig(more: Partial<Config> = {}): Config {
  const id = 1n as NodeId;
  return createConfig({
    cluster: 1n as ClusterId,
    node: id,
    members: [{ id, name: "one", peerUrls: ["http://one:2380"], clientUrls: [], isLearner: false }],
    name: "one",
    clientUrls: ["http://one:2379"],
    version: "3.7.0",
    contacts: [],
    forceNewCluster: false,
    strictReconfig: true,
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 1000,
    catchUpEntries: more.snapshotCount ?? 1000,
    preVote: true,
    limits: DEFAULT_LIMITS,
    ...more,
  });
}
