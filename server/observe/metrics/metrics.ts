// All that a scraper reads, under etcd's names: only what this member really counts or measures.
// Most of it is read off the node's state at the moment of asking; the rest is counted where the
// work is done.

import type { Input, KvReader } from "../../../core/contract.ts";
import type { NodeState } from "../../../core/node-state.ts";
import type { TraceEvent } from "../../../core/transcript/trace.ts";
import { CallMetrics } from "./call-metrics.ts";
import { DiskMetrics } from "./disk-metrics.ts";
import { HealthMetrics } from "./health-metrics.ts";
import { Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";
import { inWords, labelled, one } from "./metric.ts";
import { PeerMetrics } from "./peer-metrics.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { raftMetrics } from "./raft-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { StoreMetrics } from "./store-metrics.ts";

export type MetricsOptions = Readonly<{
  extensive: boolean; // with a histogram for each call
  slowStepSeconds: number; // --warning-apply-duration
  onSlowStep: (input: Input["kind"], seconds: number) => void;
  heartbeatSeconds: number;
  features: readonly Readonly<{ name: string; stage: string; isOn: boolean }>[];
}>;

export class Metrics {
  readonly calls: CallMetrics = new CallMetrics();
  readonly requests: RequestMetrics;
  readonly store: StoreMetrics = new StoreMetrics();
  readonly peers: PeerMetrics = new PeerMetrics();
  readonly disk: DiskMetrics = new DiskMetrics();
  readonly health: HealthMetrics = new HealthMetrics();
  readonly #options: MetricsOptions;
  readonly #process = new ProcessMetrics();
  #leaderChanges = 0;
  #promotions = 0;
  #slowSteps = 0;
  #lateTicks = 0;
  #tickedAtMs: number | null = null;
  readonly #steps = new Histogram(
    "detcd_step_duration_seconds",
    "How long nothing else is done, for one input.",
  ).withZero();
  readonly #longestSteps = new Map<Input["kind"], number>();

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.requests = new RequestMetrics(options.extensive);
  }

  countTrace(event: TraceEvent): void {
    if (event.kind === "become_leader") this.#leaderChanges += 1;
    if (event.kind === "become_follower" && event.leader !== null) this.#leaderChanges += 1;
    if (event.kind === "member_changed" && event.change.kind === "member_promote") {
      this.#promotions += 1;
    }
    this.store.countTrace(event);
  }

  /** One step of the node, with all that it asked for; `input` is what it was about. */
  observeStep(input: Input["kind"], seconds: number, leads: boolean): void {
    this.#steps.observe(seconds);
    if (seconds > (this.#longestSteps.get(input) ?? 0)) this.#longestSteps.set(input, seconds);
    if (input === "tick") this.#observeTick(leads);
    else if (seconds > this.#options.slowStepSeconds) {
      this.#slowSteps += 1;
      this.#options.onSlowStep(input, seconds);
    }
  }

  text(state: NodeState, kv: KvReader): string {
    const all = [
      ...this.#counted(),
      ...raftMetrics(state),
      ...this.store.metrics(state, kv),
      ...this.peers.metrics(state),
      ...this.disk.metrics(),
      ...this.health.metrics(),
      ...this.requests.metrics(),
      ...this.calls.metrics(),
      ...this.#process.metrics(),
    ];
    const histograms = [
      ...this.requests.histograms(),
      ...this.store.histograms(),
      ...this.peers.histograms(),
      ...this.disk.histograms(),
      this.#steps,
    ];
    return all.map(inWords).join("") + histograms.map((each) => each.text()).join("");
  }

  /** A leader whose clock stood still for longer than two heartbeats has sent one too late. */
  #observeTick(leads: boolean): void {
    const nowMs = performance.now();
    const sinceMs = nowMs - (this.#tickedAtMs ?? nowMs);
    this.#tickedAtMs = nowMs;
    if (leads && sinceMs > 2000 * this.#options.heartbeatSeconds) this.#lateTicks += 1;
  }

  #counted(): readonly Metric[] {
    const counter = "counter";
    return [
      one(
        "etcd_server_leader_changes_seen_total",
        counter,
        "The number of leader changes seen.",
        this.#leaderChanges,
      ),
      one(
        "etcd_server_learner_promote_successes",
        counter,
        "The total number of learner promotions that this member has seen.",
        this.#promotions,
      ),
      one(
        "etcd_server_slow_apply_total",
        counter,
        "The total number of slow apply requests (likely overloaded from slow disk).",
        this.#slowSteps,
      ),
      one(
        "etcd_server_heartbeat_send_failures_total",
        counter,
        "The total number of leader heartbeat send failures (likely overloaded from slow disk).",
        this.#lateTicks,
      ),
      [
        "etcd_server_feature_enabled",
        "gauge",
        "Whether or not a feature is enabled. 1 is enabled, 0 is not.",
        this.#options.features.map(({ name, stage, isOn }) => {
          return [labelled({ name, stage }), Number(isOn)];
        }),
      ],
      [
        "detcd_step_duration_seconds_max",
        "gauge",
        "The longest step so far, by what it was about.",
        [...this.#longestSteps].map(([input, seconds]) => [labelled({ input }), seconds]),
      ],
    ];
  }
}
