// Attachments against a plain model, and against the rows of the keys themselves.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deleteOf, key, putOf } from "../api/testing.ts";
import type { ClusterId, Index, Bytes, LeaseId, NodeId, Term } from "../contract.ts";
import type { Store } from "../apply/apply.ts";
import { applyEntry, restoreStore } from "../apply/apply.ts";
import type { Command } from "../apply/commands/command.ts";
import { encodeCommand } from "../apply/commands/command.ts";
import { createMemoryKv, type MemoryKv } from "../kv/memory-kv.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import { entries } from "../lib/ordered-map.ts";
import { allLeases, findLease, keysOf, leaseKey } from "./lessor.ts";

const SEED = 20261121;
const ORIGIN = { node: 1n as NodeId, life: 1n, call: 1 as never };
const REPLICA = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 as Term };
const LEASES = [1n, 2n, -3n].map((id) => id as LeaseId);
const KEYS = ["a", "b", "c"];
const ONE = 1n as LeaseId;
const GRANT: Command = { kind: "lease_grant", origin: ORIGIN, lease: ONE, ttlSeconds: 5 };
const REVOKE: Command = { kind: "lease_revoke", origin: ORIGIN, lease: ONE };

const leaseId = fc.constantFrom(...LEASES);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("lease_grant"),
    origin: fc.constant(ORIGIN),
    lease: leaseId,
    ttlSeconds: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant("lease_revoke"), origin: fc.constant(ORIGIN), lease: leaseId }),
  fc
    .record({
      at: fc.constantFrom(...KEYS),
      lease: fc.constantFrom(0n, ...LEASES),
      keeps: fc.boolean(),
    })
    .map(({ at, lease, keeps }): Command => {
      const flags = keeps ? { lease: 0n, ignoreLease: true } : { lease };
      return { kind: "kv", origin: ORIGIN, request: putOf(at, "v", flags) };
    }),
  fc
    .constantFrom(...KEYS)
    .map((at): Command => ({ kind: "kv", origin: ORIGIN, request: deleteOf(at) })),
);

describe("leases and their keys", () => {
  it("agree with the rows of the keys after any history, and after a restart", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const [store, kv] = applied(commands);
        expect(attachmentsOf(store)).toEqual(attachmentsIn(store, kv));
        const again = restoreStore(kv);
        expect([...allLeases(again.lessor)].map(plain)).toEqual(
          [...allLeases(store.lessor)].map(plain),
        );
        expect([...entries(again.lessor.holders)]).toEqual([...entries(store.lessor.holders)]);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("end together, at one revision and in the order of the keys", () => {
    const puts = ["c", "a", "b"].map((at): Command => ({
      kind: "kv",
      origin: ORIGIN,
      request: putOf(at, "v", { lease: 1n }),
    }));
    const [store, kv] = applied([GRANT, ...puts]);
    const entry = { term: 1 as Term, index: 5 as Index, data: encodeCommand(REVOKE) };
    const after = applyEntry(store, entry, kv, REPLICA);
    expect(after.store.mvcc.revision).toBe(store.mvcc.revision + 1);
    const rows = after.writes.filter((write) => write.table === "keys");
    const values = rows.map((write) => (write.kind === "put" ? write.value.at(-1) : null));
    expect(values).toEqual([0x61, 0x62, 0x63]);
    expect(findLease(after.store.lessor, 1n)).toBeNull();
    expect(after.store.lessor.holders.size).toBe(0);
  });

  it("change no revision where nothing hangs on them", () => {
    expect(applied([GRANT, REVOKE, GRANT])[0].mvcc.revision).toBe(1);
  });

  it("are kept in the order of their signed ids", () => {
    const ids = [-(2n ** 63n), -2n, -1n, 0n, 1n, 255n, 256n, 2n ** 63n - 1n];
    const keys = ids.map(leaseKey);
    expect(keys.toSorted()).toEqual(keys);
  });
});

function applied(commands: readonly Command[]): readonly [Store, MemoryKv] {
  const kv = createMemoryKv();
  let store = restoreStore(kv);
  for (const [at, each] of commands.entries()) {
    const entry = { term: 1 as Term, index: (at + 1) as Index, data: encodeCommand(each) };
    const next = applyEntry(store, entry, kv, REPLICA);
    kv.perform(next.writes);
    store = { ...next.store, overlay: store.overlay };
  }
  return [store, kv];
}

function attachmentsOf(store: Store): readonly (readonly [Bytes, LeaseId])[] {
  const pairs = [...allLeases(store.lessor)].flatMap((lease) =>
    keysOf(lease).map((at) => [at, lease.id] as const),
  );
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted).toEqual([...entries(store.lessor.holders)]);
  return sorted;
}

/** What the newest rows say. */
function attachmentsIn(store: Store, kv: MemoryKv): readonly (readonly [Bytes, LeaseId])[] {
  const leases = new Map<string, LeaseId>();
  for (const [row, value] of kv.scan("keys", EMPTY, ABOVE_ALL)) {
    const at = String.fromCharCode(value[2] as number);
    const hasLease = row.length === 17 && LEASES.find((id) => endsWith(value, id));
    if (hasLease) leases.set(at, hasLease);
    else leases.delete(at);
  }
  expect(store.mvcc.revision).toBeGreaterThan(0);
  return KEYS.map(key).flatMap((at) => {
    const lease = leases.get(at);
    return lease === undefined ? [] : [[at, lease] as const];
  });
}

/** The last field of a row is its lease: tag 48 and a varint. */
function endsWith(value: Uint8Array, id: LeaseId): boolean {
  let rest = BigInt.asUintN(64, id);
  const tail = [48];
  for (; rest >= 0x80n; rest >>= 7n) tail.push(Number(rest & 0x7fn) | 0x80);
  tail.push(Number(rest));
  return tail.every((byte, at) => value[value.length - tail.length + at] === byte);
}

function plain(lease: ReturnType<typeof findLease>): unknown {
  return lease === null ? null : [lease.id, lease.ttlSeconds, keysOf(lease)];
}
