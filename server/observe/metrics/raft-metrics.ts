// This member in its cluster: read off the node's state at the moment of asking.

import type { NodeState } from "../../../core/node-state.ts";
import { parseVersion, shortVersion } from "../../../core/lib/version.ts";
import { clusterVersion } from "../../../core/services/maintenance/downgrade.ts";
import { entries } from "../../../core/lib/ordered-map.ts";
import { hex } from "../log.ts";
import type { Metric } from "./metric.ts";
import { labelled, one } from "./metric.ts";

export function raftMetrics(state: NodeState): readonly Metric[] {
  const { raft, store, config, installing } = state;
  const pending = raft.log.lastIndex - store.applied + state.calls.pending.queued.length;
  const gauge = "gauge";
  return [
    one(
      "etcd_server_has_leader",
      gauge,
      "Whether or not a leader exists. 1 is existence, 0 is not.",
      raft.leader !== null,
    ),
    one(
      "etcd_server_is_leader",
      gauge,
      "Whether or not this member is a leader. 1 if is, 0 otherwise.",
      raft.role === "leader",
    ),
    one(
      "etcd_server_is_learner",
      gauge,
      "Whether or not this member is a learner. 1 if is, 0 otherwise.",
      !raft.voters.includes(config.node),
    ),
    one(
      "etcd_server_proposals_committed_total",
      gauge,
      "The total number of consensus proposals committed.",
      raft.log.commit,
    ),
    one(
      "etcd_server_proposals_applied_total",
      gauge,
      "The total number of consensus proposals applied.",
      store.applied,
    ),
    one(
      "etcd_server_proposals_pending",
      gauge,
      "The current number of pending proposals to commit.",
      pending,
    ),
    one(
      "etcd_server_snapshot_apply_in_progress_total",
      gauge,
      "1 if the server is applying the incoming snapshot. 0 if none.",
      installing !== null,
    ),
    ...identityMetrics(state),
    ...watchMetrics(state),
  ];
}

function identityMetrics({ config, store }: NodeState): readonly Metric[] {
  const own = parseVersion(config.version);
  const cluster = own === null ? null : shortVersion(clusterVersion(own, store));
  return [
    [
      "etcd_server_id",
      "gauge",
      "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
      [[labelled({ server_id: hex(config.node) }), 1]],
    ],
    [
      "etcd_server_version",
      "gauge",
      "Which version is running. 1 for 'server_version' label with current version.",
      [[labelled({ server_version: config.version }), 1]],
    ],
    [
      "etcd_cluster_version",
      "gauge",
      "Which version is running. 1 for 'cluster_version' label with current cluster version",
      cluster === null ? [] : [[labelled({ cluster_version: cluster }), 1]],
    ],
  ];
}

function watchMetrics(state: NodeState): readonly Metric[] {
  const { hub, streams } = state.streams.watching;
  const gauge = "gauge";
  const behind = [...entries(hub.behind)];
  const pending = behind.reduce((sum, [, { next }]) => {
    return sum + Math.max(0, hub.revision + 1 - next);
  }, 0);
  return [
    one(
      "etcd_debugging_mvcc_watch_stream_total",
      gauge,
      "Total number of watch streams.",
      streams.size,
    ),
    one("etcd_debugging_mvcc_watcher_total", gauge, "Total number of watchers.", hub.watchers.size),
    one(
      "etcd_debugging_mvcc_slow_watcher_total",
      gauge,
      "Total number of unsynced slow watchers.",
      behind.length,
    ),
    one(
      "etcd_debugging_mvcc_pending_events_total",
      gauge,
      "Revisions that watchers which are behind have yet to look at, together.",
      pending,
    ),
  ];
}
