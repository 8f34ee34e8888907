// The store: what is written to it, counted where the writes go by, and what it holds.

import type { KvReader, KvWrite } from "../../../core/contract.ts";
import { readTtlSeconds } from "../../../core/lease/lessor.ts";
import type { NodeState } from "../../../core/node-state.ts";
import type { TraceEvent } from "../../../core/transcript/trace.ts";
import { hex } from "../log.ts";
import { doubled, Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";
import { labelled, one } from "./metric.ts";

const TOMBSTONE_BYTES = 18; // of the key of a row; others have one less
const LAST_OF_SUB = 16;

export class StoreMetrics {
  #puts = 0;
  #putBytes = 0;
  #deletes = 0;
  #transactions = 0;
  #granted = 0;
  #revoked = 0;
  #expired = 0;
  #compactedRows = 0;
  #compactedAtSeconds = 0;
  #compactionBegunMs: number | null = null;
  #defragmenting = 0;
  readonly #ttls = new Histogram(
    "etcd_debugging_lease_ttl_total",
    "Bucketed histogram of lease TTLs.",
    doubled(1, 24),
  ).withZero();
  readonly #commits = new Histogram(
    "etcd_disk_backend_commit_duration_seconds",
    "The latency distributions of commit called by backend.",
  ).withZero();
  readonly #defragmentations = new Histogram(
    "etcd_disk_backend_defrag_duration_seconds",
    "The latency distribution of backend defragmentation.",
    doubled(0.1, 13),
  ).withZero();
  readonly #snapshots = new Histogram(
    "etcd_disk_backend_snapshot_duration_seconds",
    "The latency distribution of backend snapshots.",
    doubled(0.01, 17),
  ).withZero();
  readonly #compactions = new Histogram(
    "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
    "Bucketed histogram of db compaction total duration.",
    doubled(100, 14),
  ).withZero();

  /** What an entry, or a piece of a compaction, wrote. */
  countWrites(writes: readonly KvWrite[]): void {
    for (const write of writes) {
      if (write.table === "keys") this.#countRow(write);
      if (write.table === "leases" && write.kind === "put") this.#countGrant(write.value);
    }
  }

  countTrace(event: TraceEvent): void {
    if (event.kind === "lease_ended") {
      this.#revoked += 1;
      if (event.ranOut) this.#expired += 1;
    }
    if (event.kind !== "compacted") return;
    const begunMs = this.#compactionBegunMs ?? performance.now();
    this.#compactions.observe(performance.now() - begunMs);
    this.#compactionBegunMs = null;
    this.#compactedAtSeconds = Math.floor(Date.now() / 1000);
  }

  observeCommit(seconds: number): void {
    this.#commits.observe(seconds);
  }

  observeSnapshot(seconds: number): void {
    this.#snapshots.observe(seconds);
  }

  async observeDefragmentation<T>(running: Promise<T>): Promise<T> {
    const begunMs = performance.now();
    this.#defragmenting = 1;
    const result = await running;
    this.#defragmenting = 0;
    this.#defragmentations.observe((performance.now() - begunMs) / 1000);
    return result;
  }

  metrics(state: NodeState, kv: KvReader): readonly Metric[] {
    return [...this.#counted(), ...heldMetrics(state, kv)];
  }

  histograms(): readonly Histogram[] {
    return [this.#commits, this.#defragmentations, this.#snapshots, this.#compactions, this.#ttls];
  }

  #countRow(write: KvWrite): void {
    if (write.kind === "delete") {
      this.#compactedRows += 1;
      this.#compactionBegunMs ??= performance.now();
      return;
    }
    const { key, value } = write;
    if (key.charCodeAt(LAST_OF_SUB) === 1) this.#transactions += 1; // its second change
    if (key.length === TOMBSTONE_BYTES) this.#deletes += 1;
    else {
      this.#puts += 1;
      this.#putBytes += key.length + value.length;
    }
  }

  #countGrant(record: Uint8Array): void {
    const ttlSeconds = readTtlSeconds(record);
    if (ttlSeconds === null) return; // what it has left is noted
    this.#granted += 1;
    this.#ttls.observe(ttlSeconds);
  }

  #counted(): readonly Metric[] {
    const counter = "counter";
    const [puts, deletes] = [this.#puts, this.#deletes];
    return [
      one("etcd_mvcc_put_total", counter, "Total number of puts seen by this member.", puts),
      one("etcd_mvcc_delete_total", counter, "Keys deleted, as seen by this member.", deletes),
      one(
        "etcd_mvcc_txn_total",
        counter,
        "Total number of txns seen by this member.",
        this.#transactions,
      ),
      one(
        "etcd_debugging_mvcc_total_put_size_in_bytes",
        "gauge",
        "The total size of put kv pairs seen by this member.",
        this.#putBytes,
      ),
      one(
        "etcd_debugging_mvcc_db_compaction_keys_total",
        counter,
        "Total number of db keys compacted.",
        this.#compactedRows,
      ),
      one(
        "etcd_debugging_mvcc_db_compaction_last",
        "gauge",
        "The unix time of the last db compaction. Resets to 0 on start.",
        this.#compactedAtSeconds,
      ),
      one(
        "etcd_debugging_lease_granted_total",
        counter,
        "The total number of granted leases.",
        this.#granted,
      ),
      one(
        "etcd_debugging_lease_revoked_total",
        counter,
        "The total number of revoked leases.",
        this.#revoked,
      ),
      one(
        "etcd_debugging_server_lease_expired_total",
        counter,
        "The total number of expired leases.",
        this.#expired,
      ),
      one(
        "etcd_disk_defrag_inflight",
        "gauge",
        "Whether or not defrag is active on the member. 1 means active, 0 means not.",
        this.#defragmenting,
      ),
    ];
  }
}

function heldMetrics({ store, config }: NodeState, kv: KvReader): readonly Metric[] {
  const { mvcc, lessor, alarms, auth } = store;
  const named = { no_space: "NOSPACE", corrupt: "CORRUPT" } as const;
  const gauge = "gauge";
  return [
    one(
      "etcd_mvcc_db_total_size_in_bytes",
      gauge,
      "Total size of the underlying database physically allocated in bytes.",
      kv.sizeBytes(),
    ),
    one(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      gauge,
      "Total size of the underlying database logically in use in bytes.",
      kv.sizeInUseBytes(),
    ),
    one(
      "etcd_server_quota_backend_bytes",
      gauge,
      "Current backend storage quota size in bytes.",
      config.limits.quotaBytes,
    ),
    one(
      "etcd_debugging_mvcc_current_revision",
      gauge,
      "The current revision of store.",
      mvcc.revision,
    ),
    one(
      "etcd_debugging_mvcc_compact_revision",
      gauge,
      "The revision of the last compaction in store.",
      mvcc.compaction.scheduled,
    ),
    one("etcd_debugging_mvcc_keys_total", gauge, "Total number of keys.", mvcc.index.live.size),
    one(
      "etcd_debugging_auth_revision",
      gauge,
      "The current revision of auth store.",
      auth.revision,
    ),
    one("detcd_leases", gauge, "Leases that exist.", lessor.leases.size),
    [
      "etcd_debugging_server_alarms",
      gauge,
      "Alarms for every member in cluster. 1 for 'server_id' label with current ID.",
      alarms.map(({ memberId, alarm }) => {
        return [labelled({ server_id: hex(memberId), alarm_type: named[alarm] }), 1];
      }),
    ],
  ];
}
