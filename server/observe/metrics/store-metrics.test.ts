// What the writes of entries say of the calls that made them.

import { expect, it } from "vitest";
import type { Bytes, KvWrite, LeaseId } from "../../../core/contract.ts";
import { putLease } from "../../../core/lease/lessor.ts";
import { encodeRowKey } from "../../../core/mvcc/revision.ts";
import { startLoneNode } from "../../../core/testing/lone-node.ts";
import { StoreMetrics } from "./store-metrics.ts";

it("puts, deletes and transactions are counted by their rows, leases by their grants", () => {
  const store = new StoreMetrics();
  const granted = { id: 7n as LeaseId, ttlSeconds: 60, remainingSeconds: 0 };
  store.countWrites([row(2, 0, false)]);
  store.countWrites([row(3, 0, false), row(3, 1, true), row(3, 2, false)]);
  store.countWrites([putLease(granted), putLease({ ...granted, remainingSeconds: 30 })]);
  store.countWrites([{ kind: "delete", table: "keys", key: "" as Bytes }]);
  const values = valuesOf(store);
  expect(values.get("etcd_mvcc_put_total")).toBe(3);
  expect(values.get("etcd_mvcc_delete_total")).toBe(1);
  expect(values.get("etcd_mvcc_txn_total")).toBe(1);
  expect(values.get("etcd_debugging_mvcc_total_put_size_in_bytes")).toBe(3 * (17 + 5));
  expect(values.get("etcd_debugging_lease_granted_total")).toBe(1);
  expect(values.get("etcd_debugging_mvcc_db_compaction_keys_total")).toBe(1);
});

it("a compaction takes from its first row to its last", () => {
  const store = new StoreMetrics();
  store.countWrites([{ kind: "delete", table: "keys", key: "" as Bytes }]);
  store.countTrace({ kind: "compacted", revision: 3 });
  const text = store.histograms().map((each) => each.text());
  const name = "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds";
  expect(text.join("")).toContain(`${name}_count 1\n`);
  expect(valuesOf(store).get("etcd_debugging_mvcc_db_compaction_last")).toBeGreaterThan(1e9);
});

it("a store is defragmented as long as it takes", async () => {
  const store = new StoreMetrics();
  const running = Promise.withResolvers<null>();
  const observed = store.observeDefragmentation(running.promise);
  expect(valuesOf(store).get("etcd_disk_defrag_inflight")).toBe(1);
  running.resolve(null);
  await observed;
  expect(valuesOf(store).get("etcd_disk_defrag_inflight")).toBe(0);
});

function row(main: number, sub: number, tombstone: boolean): KvWrite {
  const key = encodeRowKey({ main, sub, tombstone });
  return { kind: "put", table: "keys", key, value: Buffer.alloc(5) };
}

function valuesOf(store: StoreMetrics): ReadonlyMap<string, number> {
  const { state, kv } = startLoneNode();
  return new Map(
    store.metrics(state(), kv).map(([name, , , [sample]]) => [name, sample?.[1] ?? 0]),
  );
}
