// A watch on every life of every node, through whole simulated runs with their faults: each tells
// the same events in the same order, none twice, none missing, no revision in two responses.

import { describe, expect, it } from "vitest";
import type { WatchEvent, WatchResponse } from "../core/api/request.ts";
import { watchOf } from "../core/api/testing.ts";
import { callOf, readNow, withShadowClient } from "./cluster/shadow-client.ts";
import type { Core } from "./cluster/sim-node.ts";
import { runSimulation } from "./run/simulation.ts";
import { swarmOptions } from "./options/swarm.ts";

type Watch = {
  readonly node: bigint;
  readonly responses: WatchResponse[];
  ticks: number;
  owed: number;
  stalled: boolean;
};

const SEEDS = [1, 2, 3, 12, 14, 20, 30, 39]; // the last five install images

/** The core, with a watch from the first revision on at each boot. Its client reads now and then. */
function watched(change: (response: WatchResponse) => WatchResponse = (same) => same): {
  core: Core;
  watches: ReadonlyMap<bigint, Watch>;
} {
  const watches = new Map<bigint, Watch>();
  const core = withShadowClient({
    say: ({ life, config, streams }) => {
      const watch = watches.get(life);
      if (watch === undefined) {
        const { node } = config;
        watches.set(life, { node, responses: [], ticks: 0, owed: 0, stalled: false });
        return [callOf({ kind: "watch", ask: watchOf("", "\0", { startRevision: 1 }) })];
      }
      if (streams.watching.hub.behind.size > 0) watch.stalled = true;
      watch.ticks += 1;
      return readNow(watch, 3);
    },
    hear: ({ life }, told) => {
      const watch = watches.get(life);
      for (const effect of told) {
        if (effect.kind !== "call.push" || watch === undefined) continue;
        if (effect.response.kind !== "watch") continue;
        watch.owed += 1;
        watch.responses.push(change(effect.response));
      }
    },
  });
  return { core, watches };
}

/** What is wrong with what the watches of one run were told; null: nothing. */
function complaint(watches: readonly Watch[]): string | null {
  const told = watches.map(({ responses }) =>
    responses.flatMap(({ events }) => events.map(nameOf)),
  );
  const truth = told.toSorted((a, b) => b.length - a.length)[0] ?? [];
  for (const names of told) {
    const at = names.findIndex((name, index) => name !== truth[index]);
    if (at >= 0) return `${names[at]} where others heard ${truth[at]}`;
  }
  for (const { responses } of watches) {
    let last = 0;
    for (const { events, header } of responses) {
      const [first] = events;
      if (first === undefined) continue;
      if (first.kv.modRevision <= last) return `revision ${last} in two responses, or backwards`;
      last = events.at(-1)?.kv.modRevision ?? last;
      if (header.revision < last) return `a header at ${header.revision} with an event of ${last}`;
    }
  }
  const latest = new Map(watches.map((watch, at) => [watch.node, { watch, at }]));
  const late = [...latest.values()].some(
    ({ watch, at }) => told[at]?.length !== truth.length && !isCancelled(watch),
  );
  return late ? "a watch has not heard all at the end" : null;
}

/** Told that history was compacted before it was read; nothing may come after that. */
function isCancelled({ responses }: Watch): boolean {
  return (responses.at(-1)?.compactRevision ?? 0) > 0;
}

function nameOf({ kind, kv }: WatchEvent): string {
  return `${kv.modRevision} ${kind} ${kv.key} ${kv.version} ${kv.value.join()}`;
}

type Change = (response: WatchResponse) => WatchResponse;

function run(seed: number, compact = 0, change?: Change) {
  const swarm = { ...swarmOptions(seed), spares: 0 }; // a member that goes hears no more
  const limits = { ...swarm.node.limits, streamPushes: 2, historyRevisions: 3, rangeRows: 5 };
  const clients = { ...swarm.clients, mix: { ...swarm.clients.mix, compact } };
  const { core, watches } = watched(change);
  const node = { ...swarm.node, limits };
  const result = runSimulation({ ...swarm, clients, node, twice: false }, core);
  return { result, watches: [...watches.values()] };
}

describe("watches in a simulated cluster", () => {
  it("all tell the same, whatever happens to the nodes under them", () => {
    let stalls = 0;
    let images = 0;
    for (const seed of SEEDS) {
      const { result, watches } = run(seed);
      expect(result.violation).toBe(null);
      expect([seed, complaint(watches)]).toEqual([seed, null]);
      stalls += watches.filter(({ stalled }) => stalled).length;
      images += result.coverage.snapshotsInstalled;
    }
    expect(stalls).toBeGreaterThan(0); // else the runs prove little
    expect(images).toBeGreaterThan(0);
  });

  it("are cancelled, and not cheated, when history is compacted before they read it", () => {
    let cancelled = 0;
    for (const seed of SEEDS) {
      const { result, watches } = run(seed, 2);
      expect(result.violation).toBe(null);
      expect([seed, complaint(watches)]).toEqual([seed, null]);
      for (const watch of watches) {
        cancelled += isCancelled(watch) ? 1 : 0;
        const at = watch.responses.findIndex(({ canceled }) => canceled);
        expect(at === -1 || at === watch.responses.length - 1).toBe(true);
      }
    }
    expect(cancelled).toBeGreaterThan(0);
  });

  it("are seen to lie when one event is lost, or told twice", () => {
    let heard = 0;
    const lost = run(1, 0, (each) => (heard++ === 20 ? { ...each, events: [] } : each));
    expect(complaint(lost.watches)).not.toBe(null);
    heard = 0;
    const twice = run(1, 0, (each) =>
      heard++ === 20 ? { ...each, events: [...each.events, ...each.events] } : each,
    );
    expect(complaint(twice.watches)).not.toBe(null);
  });
});
