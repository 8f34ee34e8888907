// The other members: who is there, what goes to them and comes from them, and how far away they
// are.

import type { NodeId } from "../../../core/contract.ts";
import type { NodeState } from "../../../core/node-state.ts";
import type { PeerMeter } from "../../../net/socket/peers/peer-meter.ts";
import { hex } from "../log.ts";
import { doubled, Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";
import { Counters, labelled } from "./metric.ts";

const SNAPSHOT_SECONDS = doubled(0.1, 10);

export class PeerMetrics implements PeerMeter {
  readonly #connected = new Set<NodeId>();
  readonly #disconnected = new Counters();
  readonly #sentBytes = new Counters();
  readonly #receivedBytes = new Counters();
  readonly #failures = new Counters();
  readonly #sending = new SnapshotCounts("send", "To", "sent", "to which it is");
  readonly #receiving = new SnapshotCounts("receive", "From", "received", "from which it is");
  readonly #roundTrips = new Histogram(
    "etcd_network_peer_round_trip_time_seconds",
    "Round-Trip-Time histogram between peers",
    doubled(0.0001, 16),
  );

  readonly sent = (to: NodeId, bytes: number): void => {
    this.#sentBytes.add(labelled({ To: hex(to) }), bytes);
  };

  readonly received = (from: NodeId, bytes: number): void => {
    this.#receivedBytes.add(labelled({ From: hex(from) }), bytes);
  };

  readonly sendFailed = (to: NodeId): void => {
    this.#failures.add(labelled({ To: hex(to) }));
  };

  readonly answered = (by: NodeId, seconds: number): void => {
    this.#roundTrips.observe(seconds, `To="${hex(by)}"`);
  };

  linked(self: NodeId, peer: NodeId, up: boolean): void {
    if (up) this.#connected.add(peer);
    else if (this.#connected.delete(peer)) this.#disconnected.add(pairOf(self, peer));
  }

  /** An image on its way to a peer. Tell it how that went. */
  sendingSnapshot(to: NodeId): (ok: boolean) => void {
    return this.#sending.begin(to);
  }

  receivingSnapshot(from: NodeId): (ok: boolean) => void {
    return this.#receiving.begin(from);
  }

  metrics({ config: { node }, store }: NodeState): readonly Metric[] {
    const known = store.members.map(({ id }) => id);
    const counter = "counter";
    return [
      [
        "etcd_network_known_peers",
        "gauge",
        "The current number of known peers.",
        known.map((id) => [pairOf(node, id), 1]),
      ],
      [
        "etcd_network_active_peers",
        "gauge",
        "The current number of active peer connections.",
        known
          .filter((id) => id !== node)
          .map((id) => [pairOf(node, id), this.#connected.has(id) ? 1 : 0]),
      ],
      [
        "etcd_network_disconnected_peers_total",
        counter,
        "The total number of disconnected peers.",
        this.#disconnected.samples(),
      ],
      [
        "etcd_network_peer_sent_bytes_total",
        counter,
        "The total number of bytes sent to peers.",
        this.#sentBytes.samples(),
      ],
      [
        "etcd_network_peer_received_bytes_total",
        counter,
        "The total number of bytes received from peers.",
        this.#receivedBytes.samples(),
      ],
      [
        "etcd_network_peer_sent_failures_total",
        counter,
        "The total number of send failures from peers.",
        this.#failures.samples(),
      ],
      ...this.#sending.metrics(),
      ...this.#receiving.metrics(),
    ];
  }

  histograms(): readonly Histogram[] {
    return [this.#roundTrips, this.#sending.durations, this.#receiving.durations];
  }
}

/** Images one way: how many are on it, arrived, or did not, and how long it took. */
class SnapshotCounts {
  readonly durations: Histogram;
  readonly #names: Readonly<{ verb: string; label: string; done: string }>;
  readonly #under = new Counters();
  readonly #successes = new Counters();
  readonly #failures = new Counters();

  constructor(verb: string, label: string, done: string, whose: string) {
    this.#names = { verb, label, done };
    this.durations = new Histogram(
      `etcd_network_snapshot_${verb}_total_duration_seconds`,
      `Total latency distributions of v3 snapshots ${done}, by the member ${whose} ${done}.`,
      SNAPSHOT_SECONDS,
    );
  }

  begin(peer: NodeId): (ok: boolean) => void {
    const pair = `${this.#names.label}="${hex(peer)}"`;
    const begunMs = performance.now();
    this.#under.add(`{${pair}}`);
    return (ok) => {
      this.#under.add(`{${pair}}`, -1);
      (ok ? this.#successes : this.#failures).add(`{${pair}}`);
      if (ok) this.durations.observe((performance.now() - begunMs) / 1000, pair);
    };
  }

  metrics(): readonly Metric[] {
    const { verb, done } = this.#names;
    const name = `etcd_network_snapshot_${verb}`;
    return [
      [
        `${name}_inflights_total`,
        "gauge",
        `Total number of inflight snapshots ${done}.`,
        this.#under.samples(),
      ],
      [
        `${name}_success`,
        "counter",
        `Total number of snapshots ${done}.`,
        this.#successes.samples(),
      ],
      [
        `${name}_failures`,
        "counter",
        `Total number of snapshots that were not ${done}.`,
        this.#failures.samples(),
      ],
    ];
  }
}

function pairOf(local: NodeId, remote: NodeId): string {
  return labelled({ Local: hex(local), Remote: hex(remote) });
}
