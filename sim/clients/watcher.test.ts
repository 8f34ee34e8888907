// The clients that watch, and those that hold leases, do what etcd's own clients do.

import { describe, expect, it } from "vitest";
import type { WatchAsk } from "../../core/api/request.ts";
import type { Fault } from "../faults/faults.ts";
import type { WatchSession } from "../record/history.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { runSimulation } from "../run/simulation.ts";

type Create = Extract<WatchAsk, { kind: "create" }>;

const CRASHES = [4000, 8000, 12_000, 16_000].map((atMs): Fault => {
  const crash = { keep: "some", boundary: 0, restartAfterMs: 1500 } as const;
  return { kind: "crash", atMs, node: "leader", ...crash };
});
const result = runSimulation({
  ...DEFAULT_OPTIONS,
  seed: 5,
  clients: { ...DEFAULT_OPTIONS.clients, watchers: 8, leaseHolders: 4 },
  faults: CRASHES,
});
const sessions = Map.groupBy(result.watches, ({ client }) => client);

describe("a watching client", () => {
  it("goes to another member when its stream ends, and asks for what it has not heard", () => {
    let resumed = 0;
    for (const own of sessions.values()) {
      for (const [at, session] of own.entries()) {
        const before = own[at - 1];
        if (before === undefined) continue;
        expect(session.node).not.toBe(before.node);
        for (const [name, last] of lastHeard(before)) {
          const again = createsOf(session).find((ask) => nameOf(ask) === name);
          if (again === undefined || again.startRevision <= last.from) continue;
          expect(again.startRevision).toBeGreaterThan(last.revision);
          resumed += 1;
        }
      }
    }
    expect(resumed).toBeGreaterThan(5);
  });

  it("uses everything that a watch can be asked for", () => {
    const asks = result.watches.flatMap(createsOf);
    for (const option of ["noPut", "noDelete", "prevKv", "progressNotify", "fragment"] as const) {
      expect(asks.filter((ask) => ask[option]).length, option).toBeGreaterThan(0);
    }
    expect(asks.some(({ startRevision }) => startRevision === 0)).toBe(true);
    expect(asks.some(({ startRevision }) => startRevision === 1)).toBe(true);
    expect(asks.some(({ watchId }) => watchId !== 0n)).toBe(true);
    const said = result.watches.flatMap((session) => session.said.map(({ ask }) => ask.kind));
    expect(new Set(said)).toEqual(new Set(["create", "progress", "cancel"]));
  });

  it("that keeps a copy has it until the end", () => {
    expect(result.violation).toBe(null);
    const last = result.views.filter(({ at }) => at === DEFAULT_OPTIONS.durationMs * 1000);
    expect(last.length).toBeGreaterThan(0);
    for (const { revision } of last) expect(revision).toBe(result.journal.at(-1)?.revision);
  });
});

describe("a lease holder", () => {
  it("keeps leases alive, lets some lapse, and hears so", () => {
    const told = result.history.flatMap(({ outcome }) =>
      outcome.kind === "ok" && outcome.output.kind === "lease_keep_alive"
        ? [outcome.output.ttlSeconds]
        : [],
    );
    expect(told.filter((ttl) => ttl > 0).length).toBeGreaterThan(20);
    expect(told.filter((ttl) => ttl === 0).length).toBeGreaterThan(0);
    expect(result.leaseEnds.some(({ ranOut }) => ranOut)).toBe(true);
    expect(result.leaseEnds.some(({ ranOut }) => !ranOut)).toBe(true);
    expect(result.leaseEnds.some(({ keys }) => keys.length > 0)).toBe(true);
  });
});

function createsOf({ said }: WatchSession): readonly Create[] {
  return said.flatMap(({ ask }) => (ask.kind === "create" ? [ask] : []));
}

/** What was heard last, whole, of each watch: by what it was asked for, where that is unambiguous. */
function lastHeard(session: WatchSession): Map<string, { from: number; revision: number }> {
  const last = new Map<string, { from: number; revision: number }>();
  const asks = createsOf(session);
  let created = 0;
  const open = new Map<bigint, Create>();
  for (const { response } of session.heard) {
    if (response.created) {
      const ask = asks[created++];
      if (ask !== undefined && !response.canceled) open.set(response.watchId, ask);
      continue;
    }
    const ask = open.get(response.watchId);
    const revision = response.events.at(-1)?.kv.modRevision;
    if (response.canceled) open.delete(response.watchId);
    if (ask === undefined || revision === undefined || response.fragment) continue;
    last.set(nameOf(ask), { from: ask.startRevision, revision });
  }
  const names = asks.map(nameOf);
  for (const name of last.keys()) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) last.delete(name);
  }
  return last;
}

function nameOf({
  key,
  rangeEnd,
  noPut,
  noDelete,
  prevKv,
  progressNotify,
  fragment,
}: Create): string {
  return JSON.stringify([key, rangeEnd, noPut, noDelete, prevKv, progressNotify, fragment]);
}
