// Names, types, labels and buckets against those of a real etcd: whatever it shows is here too, or
// docs/metrics.md says why not. What is recorded of it, and how: testdata/etcd-3.7.3.txt.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { NodeId } from "../../../core/contract.ts";
import { ERRORS } from "../../../core/api/errors.ts";
import { putOf } from "../../../core/api/testing.ts";
import { startLoneNode } from "../../../core/testing/lone-node.ts";
import type { CallSink } from "../../../net/socket/call-sink.ts";
import { NO_PARTS } from "../../../net/wire/methods/answer-parts.ts";
import { findMethod } from "../../../net/wire/methods/methods.ts";
import { Metrics } from "./metrics.ts";

type Shown = { labels: string; type: string; bounds: string };

/** What the alerts and the dashboard of etcd's own mixin ask for. */
const OF_THE_MIXIN = `
  etcd_disk_backend_commit_duration_seconds etcd_disk_wal_fsync_duration_seconds
  etcd_mvcc_db_total_size_in_bytes etcd_mvcc_db_total_size_in_use_in_bytes
  etcd_network_client_grpc_received_bytes_total etcd_network_client_grpc_sent_bytes_total
  etcd_network_peer_received_bytes_total etcd_network_peer_round_trip_time_seconds
  etcd_network_peer_sent_bytes_total etcd_network_peer_sent_failures_total
  etcd_server_has_leader etcd_server_leader_changes_seen_total
  etcd_server_proposals_applied_total etcd_server_proposals_committed_total
  etcd_server_proposals_failed_total etcd_server_proposals_pending etcd_server_quota_backend_bytes
  grpc_server_handled_total grpc_server_handling_seconds grpc_server_msg_received_total
  grpc_server_msg_sent_total grpc_server_started_total process_max_fds process_open_fds
  process_resident_memory_bytes process_start_time_seconds`;

it("whatever etcd's own dashboard and alerts ask for is there", () => {
  const own = shownIn(textAfterWork());
  const names = OF_THE_MIXIN.trim().split(/\s+/);
  expect(names.filter((name) => !own.has(name))).toEqual([]);
});

it("what etcd shows is shown with its type, labels and buckets, or is said to be left out", () => {
  const own = shownIn(textAfterWork());
  const real = recorded();
  const leftOut = saidToBeLeftOut();
  const missing = [...real.keys()].filter((name) => !own.has(name));
  expect(missing.filter((name) => !leftOut.includes(name))).toEqual([]);
  expect(leftOut.filter((name) => own.has(name) || !real.has(name))).toEqual([]);
  const shared = [...real].filter(([name]) => own.has(name));
  expect(Object.fromEntries(shared.map(([name]) => [name, own.get(name)]))).toEqual(
    Object.fromEntries(shared),
  );
  expect(shared.length).toBeGreaterThan(70);
});

it("the time of each kind of call is for who asks for it", () => {
  expect(shownIn(textAfterWork(false)).has("grpc_server_handling_seconds")).toBe(false);
});

/** After a call, a heartbeat and an image: whatever has labels shows them. */
function textAfterWork(extensive = true): string {
  const features = [{ name: "CompactHashCheck", stage: "ALPHA", isOn: false }];
  const options = {
    extensive,
    slowStepSeconds: 0.1,
    onSlowStep: () => undefined,
    heartbeatSeconds: 0.1,
    features,
  };
  const metrics = new Metrics(options);
  const [self, peer] = [1n as NodeId, 2n as NodeId];
  const put = findMethod("/etcdserverpb.KV/Put");
  if (put === null) throw new Error("it is served");
  const { calls, peers, health, requests } = metrics;
  calls.started(put);
  calls.opened(put, "3.7");
  calls.handled(put, 0);
  const caller = {
    timeoutMs: null,
    token: "",
    commonName: "",
    requireLeader: false,
    connection: 1,
  };
  const sink = requests.watch({ open: fail, openStream: () => null as never });
  sink.open(putOf("a", "x"), caller, () => undefined);
  peers.linked(self, peer, true);
  peers.linked(self, peer, false);
  peers.sent(peer, 1);
  peers.received(peer, 1);
  peers.sendFailed(peer);
  peers.answered(peer, 0.001);
  for (const done of [peers.sendingSnapshot(peer), peers.receivingSnapshot(peer)]) done(true);
  health.countCheck("readyz", "serializable_read", true);
  const { state, kv } = startLoneNode();
  const { store, ...rest } = state();
  const [own] = store.members;
  const members = [own, { ...own, id: peer }] as typeof store.members;
  return metrics.text({ ...rest, store: { ...store, members } }, kv);
}

const fail: CallSink["open"] = (_request, _caller, reply) => {
  reply({ ok: false, error: ERRORS.Timeout }, NO_PARTS);
  return () => undefined;
};

function shownIn(text: string): ReadonlyMap<string, Shown> {
  const shown = new Map<string, Shown>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    const parts = type === "histogram" ? "_(?:bucket|sum|count)" : "";
    const lines = [...text.matchAll(new RegExp(`^${name}${parts}(\\{.*\\})? `, "gm"))];
    const labels = new Set<string>();
    const bounds = new Set<string>();
    for (const [, found = ""] of lines) {
      for (const [, label = "", value = ""] of found.matchAll(/(\w+)="([^"]*)"/g)) {
        if (label !== "le") labels.add(label);
        else if (value !== "+Inf") bounds.add(value);
      }
    }
    shown.set(name, {
      labels: [...labels].toSorted().join(),
      type,
      bounds: [...bounds].join(" "),
    });
  }
  return shown;
}

function recorded(): ReadonlyMap<string, Shown> {
  const text = readFileSync(join(import.meta.dirname, "testdata/etcd-3.7.3.txt"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name = "", labels = "", type = "", bounds = ""] =
        /^(\w+)(?:\{(.*)\})? (\w+) ?(.*)$/.exec(line) ?? [];
      return [name, { labels, type, bounds }];
    }),
  );
}

function saidToBeLeftOut(): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");
  const [, section = ""] = page.split("## What etcd shows and detcd does not");
  const named = Array.from(section.matchAll(/^\|([^|]*)\|/gm), ([, names = ""]) => names).join();
  return Array.from(named.matchAll(/`(\w+)`/g), ([, name = ""]) => name);
}
