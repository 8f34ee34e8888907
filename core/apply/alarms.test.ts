import { describe, expect, it } from "vitest";
import { deleteOf, putOf, rangeOf, txnOf } from "../api/testing.ts";
import type { Alarm } from "../api/request-maintenance.ts";
import type { CallId, ClusterId, Index, LeaseId, NodeId, Term } from "../contract.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import type { Store } from "./apply.ts";
import { applyEntry, restoreStore } from "./apply.ts";
import type { Command } from "./commands/command.ts";
import { encodeCommand } from "./commands/command.ts";
import { costOf } from "./cost.ts";

const ORIGIN = { node: 1n as NodeId, life: 1n, call: 1 as CallId };
const REPLICA = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 as Term };
const LEASE = 7n as LeaseId;
const FULL: Alarm = { memberId: 2n as NodeId, alarm: "no_space" };
const CORRUPT: Alarm = { memberId: (2n ** 64n - 1n) as NodeId, alarm: "corrupt" };

const put: Command = { kind: "kv", origin: ORIGIN, request: putOf("a", "1") };
const erase: Command = { kind: "kv", origin: ORIGIN, request: deleteOf("a") };
const grant: Command = { kind: "lease_grant", origin: ORIGIN, lease: LEASE, ttlSeconds: 5 };
const revoke: Command = { kind: "lease_revoke", origin: ORIGIN, lease: LEASE };
const compact: Command = {
  kind: "kv",
  origin: ORIGIN,
  request: { kind: "compact", revision: 1, physical: false },
};
const ALL = { put, erase, grant, revoke, compact };

describe("an alarm", () => {
  it("of a full store refuses what costs space, and nothing else", () => {
    const told = outcomes([grant, raised(FULL)]);
    expect(told).toEqual({
      put: "NoSpace",
      erase: "ok",
      grant: "NoSpace",
      revoke: "ok",
      compact: "ok",
    });
  });

  it("of a corrupt store refuses whatever changes keys or leases, and speaks first", () => {
    for (const more of [[], [raised(FULL)]]) {
      const told = outcomes([grant, raised(CORRUPT), ...more]);
      expect(new Set(Object.values(told))).toEqual(new Set(["Corrupt"]));
    }
  });

  it("is in force until it is cleared: by member, and by type", () => {
    const other = { ...FULL, memberId: 3n as NodeId };
    expect(outcomes([raised(FULL), cleared(other)]).put).toBe("NoSpace");
    expect(outcomes([raised(FULL), raised(other), cleared(other)]).put).toBe("NoSpace");
    expect(outcomes([raised(FULL), raised(CORRUPT), cleared(CORRUPT)]).put).toBe("NoSpace");
    expect(outcomes([raised(FULL), raised(FULL), cleared(FULL)]).put).toBe("ok");
  });

  it("tells what was raised or cleared, and nothing where there was nothing to clear", () => {
    expect(alarmsTold([raised(FULL), raised(FULL), cleared(FULL), cleared(FULL)])).toEqual([
      [FULL],
      [FULL],
      [FULL],
      [],
    ]);
  });

  it("outlives a restart", () => {
    const kv = createMemoryKv();
    const store = applied([raised(CORRUPT), raised(FULL)], kv);
    expect(store.alarms).toEqual([FULL, CORRUPT]); // by type
    expect(restoreStore(kv).alarms).toEqual(store.alarms);
  });

  it("keeps a lease whose end it refuses", () => {
    const store = applied([grant, raised(CORRUPT)]);
    const { lease } = applyEntry(store, entryOf(store, revoke), createMemoryKv(), REPLICA);
    expect(lease).toEqual({ kind: "kept", id: LEASE });
  });
});

describe("the cost of a request", () => {
  it("is etcd's estimate: the larger branch of a transaction, however deep", () => {
    expect(costOf(putOf("key", "value"))).toBe(256 + 8);
    expect(costOf({ kind: "lease_grant" })).toBe(64);
    expect(costOf(deleteOf("a", "z"))).toBe(0);
    const inner = txnOf([], [putOf("a", ""), putOf("b", "")], [putOf("a", "")]);
    expect(costOf(txnOf([], [rangeOf("a")], [inner]))).toBe(2 * 257);
    expect(costOf(txnOf([], [rangeOf("a")], [deleteOf("a")]))).toBe(0);
  });
});

function raised(alarm: Alarm): Command {
  return { kind: "alarm", origin: ORIGIN, raised: true, alarm };
}

function cleared(alarm: Alarm): Command {
  return { kind: "alarm", origin: ORIGIN, raised: false, alarm };
}

function applied(commands: readonly Command[], kv = createMemoryKv()): Store {
  let store = restoreStore(kv);
  for (const command of commands) {
    const next = applyEntry(store, entryOf(store, command), kv, REPLICA);
    kv.perform(next.writes);
    store = next.store;
  }
  return store;
}

/** What each command would be told after these. */
function outcomes(before: readonly Command[]): Record<keyof typeof ALL, string> {
  const kv = createMemoryKv();
  const store = applied(before, kv);
  const told = Object.entries(ALL).map(([name, command]) => {
    const { outcome } = applyEntry(store, entryOf(store, command), kv, REPLICA);
    if (outcome?.kind !== "call") return [name, "nothing"];
    return [name, outcome.result.ok ? "ok" : outcome.result.error.name];
  });
  return Object.fromEntries(told) as Record<keyof typeof ALL, string>;
}

function alarmsTold(commands: readonly Command[]): readonly unknown[] {
  const kv = createMemoryKv();
  let store = restoreStore(kv);
  return commands.map((command) => {
    const { store: next, outcome } = applyEntry(store, entryOf(store, command), kv, REPLICA);
    store = next;
    const value = outcome?.kind === "call" && outcome.result.ok ? outcome.result.value : null;
    return value?.kind === "alarm" ? value.alarms : null;
  });
}

function entryOf(store: Store, command: Command) {
  const index = (store.applied + 1) as Index;
  return { term: 1 as Term, index, data: encodeCommand(command) };
}
