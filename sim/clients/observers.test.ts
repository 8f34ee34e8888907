// Somebody observes an election on every life of every node, through whole simulated runs with
// their faults: whoever leads in the end is what each was told last.

import { describe, expect, it } from "vitest";
import type { KeyValue } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { entries } from "../../core/lib/ordered-map.ts";
import type { NodeState } from "../../core/node-state.ts";
import { callOf, readNow, withShadowClient } from "../cluster/shadow-client.ts";
import type { SimOptions } from "../options/options.ts";
import type { Core } from "../cluster/sim-node.ts";
import { runSimulation } from "../run/simulation.ts";
import { swarmOptions } from "../options/swarm.ts";

type Seen = { state: NodeState; told: KeyValue[]; ticks: number; owed: number };

const NAME = fromText("vote0");
const SEEDS = [1, 4, 12, 20];

/** The core, with an observer from each boot on. Its client reads now and then. */
function observed(): { core: Core; lives: ReadonlyMap<bigint, Seen> } {
  const lives = new Map<bigint, Seen>();
  const core = withShadowClient({
    say: (state) => {
      const seen = lives.get(state.life);
      if (seen === undefined) {
        lives.set(state.life, { state, told: [], ticks: 0, owed: 0 });
        return [callOf({ kind: "observe", name: NAME })];
      }
      seen.ticks += 1;
      return readNow(seen, 20);
    },
    hear: (state, told) => {
      const seen = lives.get(state.life);
      if (seen === undefined) return;
      seen.state = state;
      for (const effect of told) {
        if (effect.kind !== "call.push" || effect.response.kind !== "observe") continue;
        seen.told.push(effect.response.kv);
        seen.owed += 1;
      }
    },
  });
  return { core, lives };
}

function optionsOf(seed: number): SimOptions {
  const options = swarmOptions(seed);
  const { clients, node } = options;
  const mix = { ...clients.mix, lock: 30 };
  const limits = { ...node.limits, streamPushes: 2 };
  return {
    ...options,
    node: { ...node, limits },
    clients: { ...clients, count: 4, servicesClients: 0, mix },
  };
}

/** The oldest key below the name. */
function leaderIn({ store }: NodeState): Bytes | null {
  let [oldest, created]: [Bytes | null, number] = [null, Infinity];
  for (const [key, { newest }] of entries(store.mvcc.index.live)) {
    if (!key.startsWith(`${NAME}/`) || newest.created >= created) continue;
    [oldest, created] = [key, newest.created];
  }
  return oldest;
}

describe("who observes an election", () => {
  it.each(SEEDS)("is told who leads in the end (seed %i)", (seed) => {
    const { core, lives } = observed();
    expect(runSimulation(optionsOf(seed), core).violation).toBeNull();
    const last = new Map<bigint, Seen>();
    for (const seen of lives.values()) last.set(seen.state.config.node, seen); // of each node
    expect(Math.max(...[...lives.values()].map(({ told }) => told.length))).toBeGreaterThan(2);
    for (const { state, told } of last.values()) {
      const [observing] = [...entries(state.streams.observers)].map(([, each]) => each);
      const at = observing?.observer.at.kind;
      if (at === "following") expect(told.at(-1)?.key).toBe(leaderIn(state));
      else if (at === "first") expect(leaderIn(state)).toBeNull();
      else expect(at === "looking" || at === "stalled").toBe(true); // told when it reads again
    }
  });
});
