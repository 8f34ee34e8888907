// What a scraper reads, under etcd's names: only what this member really counts or measures. Most
// of it is read off the node's state at the moment of asking; counters follow what the node tells.

import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { clusterVersion } from "../../core/services/maintenance/downgrade.ts";
import type { Input, KvReader } from "../../core/contract.ts";
import { parseVersion, shortVersion } from "../../core/lib/version.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { TraceEvent } from "../../core/transcript/trace.ts";
import { hex } from "./log.ts";
import { CallMetrics } from "./call-metrics.ts";
import { Histogram } from "./histogram.ts";

type Kind = "gauge" | "counter";
export type Sample = readonly [labels: string, value: number];
export type Metric = readonly [name: string, kind: Kind, help: string, samples: readonly Sample[]];

export class Metrics {
  #leaderChanges = 0;
  #leasesExpired = 0;
  #healthy = 0;
  #unhealthy = 0;
  readonly calls: CallMetrics = new CallMetrics();
  readonly #syncs = new Histogram(
    "etcd_disk_wal_fsync_duration_seconds",
    "How long syncs of the log take.",
  );
  readonly #commits = new Histogram(
    "etcd_disk_backend_commit_duration_seconds",
    "How long commits of the store take.",
  );

  readonly #steps = new Histogram(
    "detcd_step_duration_seconds",
    "How long nothing else is done, for one input.",
  );
  readonly #longestSteps = new Map<Input["kind"], number>();

  countTrace(event: TraceEvent): void {
    if (event.kind === "become_leader") this.#leaderChanges += 1;
    if (event.kind === "become_follower" && event.leader !== null) this.#leaderChanges += 1;
    if (event.kind === "lease_ended" && event.ranOut) this.#leasesExpired += 1;
  }

  observeSync(seconds: number): void {
    this.#syncs.observe(seconds);
  }

  observeCommit(seconds: number): void {
    this.#commits.observe(seconds);
  }

  /** One step of the node, with all that it asked for; `input` is what it was about. */
  observeStep(input: Input["kind"], seconds: number): void {
    this.#steps.observe(seconds);
    if (seconds > (this.#longestSteps.get(input) ?? 0)) this.#longestSteps.set(input, seconds);
  }

  countHealth(isHealthy: boolean): void {
    if (isHealthy) this.#healthy += 1;
    else this.#unhealthy += 1;
  }

  text(state: NodeState, kv: KvReader): string {
    const all = [
      ...this.#counted(),
      ...raftMetrics(state),
      ...storeMetrics(state, kv),
      ...watchMetrics(state),
      ...processMetrics(),
    ];
    return (
      all.map(inWords).join("") + this.#syncs.text() + this.#commits.text() + this.#steps.text()
    );
  }

  #counted(): readonly Metric[] {
    return [
      one("etcd_server_leader_changes_seen_total", "counter", "Leaders seen.", this.#leaderChanges),
      one(
        "etcd_debugging_server_lease_expired_total",
        "counter",
        "Leases that ran out.",
        this.#leasesExpired,
      ),
      one("etcd_server_health_success", "counter", "Good health checks.", this.#healthy),
      one("etcd_server_health_failures", "counter", "Failed health checks.", this.#unhealthy),
      ...this.calls.metrics(),
      [
        "detcd_step_duration_seconds_max",
        "gauge",
        "The longest step so far, by what it was about.",
        [...this.#longestSteps].map(([input, seconds]) => [`{input="${input}"}`, seconds]),
      ],
    ];
  }
}

function raftMetrics(state: NodeState): readonly Metric[] {
  const { raft, store, config, installing } = state;
  const { queued } = state.calls.pending;
  const pending = raft.log.lastIndex - store.applied + queued.length;
  const id = hex(config.node);
  const own = parseVersion(config.version);
  const version = own === null ? null : shortVersion(clusterVersion(own, store));
  return [
    one("etcd_server_has_leader", "gauge", "Whether there is a leader.", raft.leader !== null),
    one("etcd_server_is_leader", "gauge", "Whether it leads.", raft.role === "leader"),
    one(
      "etcd_server_is_learner",
      "gauge",
      "Whether it has no vote.",
      !raft.voters.includes(config.node),
    ),
    one("etcd_server_proposals_committed_total", "gauge", "Entries committed.", raft.log.commit),
    one("etcd_server_proposals_applied_total", "gauge", "Entries applied.", store.applied),
    one("etcd_server_proposals_pending", "gauge", "Proposals on their way.", pending),
    one(
      "etcd_server_snapshot_apply_in_progress_total",
      "gauge",
      "1 while an image is installed.",
      installing !== null,
    ),
    ["etcd_server_id", "gauge", "Its id in hexadecimal.", [[`{server_id="${id}"}`, 1]]],
    [
      "etcd_server_version",
      "gauge",
      "Which version it is.",
      [[`{server_version="${config.version}"}`, 1]],
    ],
    [
      "etcd_cluster_version",
      "gauge",
      "Which version the cluster is.",
      version === null ? [] : [[`{cluster_version="${version}"}`, 1]],
    ],
  ];
}

function storeMetrics({ store, config }: NodeState, kv: KvReader): readonly Metric[] {
  const { mvcc, lessor, alarms } = store;
  const named = { no_space: "NOSPACE", corrupt: "CORRUPT" } as const;
  const { quotaBytes } = config.limits;
  return [
    one("etcd_mvcc_db_total_size_in_bytes", "gauge", "The store's file.", kv.sizeBytes()),
    one("etcd_mvcc_db_total_size_in_use_in_bytes", "gauge", "What is used.", kv.sizeInUseBytes()),
    one("etcd_server_quota_backend_bytes", "gauge", "What may be used.", quotaBytes),
    one("etcd_debugging_mvcc_current_revision", "gauge", "The revision.", mvcc.revision),
    one(
      "etcd_debugging_mvcc_compact_revision",
      "gauge",
      "The compacted revision.",
      mvcc.compaction.scheduled,
    ),
    one("etcd_debugging_mvcc_keys_total", "gauge", "Keys that exist.", mvcc.index.live.size),
    one("detcd_leases", "gauge", "Leases that exist.", lessor.leases.size),
    [
      "etcd_debugging_server_alarms",
      "gauge",
      "Alarms in force.",
      alarms.map(({ memberId, alarm }) => {
        return [`{server_id="${hex(memberId)}",alarm_type="${named[alarm]}"}`, 1];
      }),
    ],
  ];
}

function watchMetrics(state: NodeState): readonly Metric[] {
  const { hub, streams } = state.streams.watching;
  return [
    one("etcd_debugging_mvcc_watch_stream_total", "gauge", "Streams of watches.", streams.size),
    one("etcd_debugging_mvcc_watcher_total", "gauge", "Watches.", hub.watchers.size),
    one("etcd_debugging_mvcc_slow_watcher_total", "gauge", "Watches behind.", hub.behind.size),
  ];
}

function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const startedAt = performance.timeOrigin / 1000;
  const metrics: Metric[] = [
    one("process_resident_memory_bytes", "gauge", "Resident memory.", process.memoryUsage.rss()),
    one("process_cpu_seconds_total", "counter", "CPU time.", (user + system) / 1e6),
    one("process_start_time_seconds", "gauge", "When it started.", startedAt),
  ];
  const limit = maxOpenFiles();
  if (limit === null) return metrics; // not on this system
  const open = readdirSync("/proc/self/fd").length;
  return [
    ...metrics,
    one("process_open_fds", "gauge", "Open files.", open),
    one("process_max_fds", "gauge", "Files that may be open.", limit),
  ];
}

function maxOpenFiles(): number | null {
  if (process.platform !== "linux") return null;
  const [, soft = ""] =
    /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === "" ? null : Number(soft);
}

function one(name: string, kind: Kind, help: string, value: number | boolean): Metric {
  return [name, kind, help, [["", Number(value)]]];
}

function inWords([name, kind, help, samples]: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
}
