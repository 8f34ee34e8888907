// What clients asked for and how long it took, whichever way they came: seen at the one seam that
// all calls go through. grpc_server_handling_seconds is for who asks for it: --metrics=extensive.

import type { ApiError } from "../../../core/api/errors.ts";
import { ERRORS } from "../../../core/api/errors.ts";
import type { Request, StreamRequest, StreamResponse } from "../../../core/api/request.ts";
import type { CallSink } from "../../../net/socket/call-sink.ts";
import { madeFor } from "../../../core/lib/lists.ts";
import { findMethod, pathOf } from "../../../net/wire/methods/methods.ts";
import { labelsOf } from "./call-metrics.ts";
import { doubled, Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";
import { one } from "./metric.ts";

/** Prometheus' own, which go-grpc-prometheus takes. */
const HANDLING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const HASH_SECONDS = doubled(0.01, 15);
/** etcd asks the leader again after so long, and counts it. */
const SLOW_READ_SECONDS = 0.5;

/** Of a write that nobody may ever have decided. */
const FAILED_PROPOSALS: readonly string[] = [
  ERRORS.Timeout.name,
  ERRORS.TimeoutDueToLeaderFail.name,
  ERRORS.TimeoutDueToConnectionLost.name,
  ERRORS.NoLeader.name,
  ERRORS.Stopped.name,
];

export class RequestMetrics {
  #events = 0;
  #renewed = 0;
  #ranges = 0;
  #failedProposals = 0;
  #failedReads = 0;
  #slowReads = 0;
  readonly #durations = new Histogram(
    "etcd_server_request_duration_seconds",
    "Response latency distribution in seconds for each type.",
  );
  readonly #hashes = new Histogram(
    "etcd_mvcc_hash_duration_seconds",
    "The latency distribution of storage hash operation.",
    HASH_SECONDS,
  ).withZero();
  readonly #revisionHashes = new Histogram(
    "etcd_mvcc_hash_rev_duration_seconds",
    "The latency distribution of storage hash by revision operation.",
    HASH_SECONDS,
  ).withZero();
  readonly #handling: Histogram | null;

  constructor(extensive: boolean) {
    this.#handling = !extensive
      ? null
      : new Histogram(
          "grpc_server_handling_seconds",
          "Histogram of response latency (seconds) of gRPC that had been application-level " +
            "handled by the server.",
          HANDLING_SECONDS,
        );
  }

  /** The same sink, watched. */
  watch(sink: CallSink): CallSink {
    return {
      open: (request, caller, reply) => {
        const begunMs = performance.now();
        return sink.open(request, caller, (result, parts) => {
          const seconds = (performance.now() - begunMs) / 1000;
          this.#answered(request, result.ok ? null : result.error, seconds);
          reply(result, parts);
        });
      },
      openStream: (request, caller, client) => {
        const begunMs = performance.now();
        return sink.openStream(request, caller, {
          push: (response) => {
            this.#pushed(response);
            client.push(response);
          },
          end: (error) => {
            this.#handled(request, (performance.now() - begunMs) / 1000);
            client.end(error);
          },
        });
      },
    };
  }

  metrics(): readonly Metric[] {
    const counter = "counter";
    return [
      one(
        "etcd_debugging_mvcc_events_total",
        counter,
        "Total number of events sent by this member.",
        this.#events,
      ),
      one(
        "etcd_debugging_lease_renewed_total",
        counter,
        "The number of renewals that clients of this member were granted.",
        this.#renewed,
      ),
      one(
        "etcd_mvcc_range_total",
        counter,
        "Total number of ranges seen by this member.",
        this.#ranges,
      ),
      one(
        "etcd_server_proposals_failed_total",
        counter,
        "The total number of failed proposals seen.",
        this.#failedProposals,
      ),
      one(
        "etcd_server_read_indexes_failed_total",
        counter,
        "The total number of failed read indexes seen.",
        this.#failedReads,
      ),
      one(
        "etcd_server_slow_read_indexes_total",
        counter,
        "The total number of pending read indexes not in sync with leader's or timed out read " +
          "index requests.",
        this.#slowReads,
      ),
    ];
  }

  histograms(): readonly Histogram[] {
    const all = [this.#durations, this.#hashes, this.#revisionHashes];
    return this.#handling === null ? all : [...all, this.#handling];
  }

  #answered(request: Request, error: ApiError | null, seconds: number): void {
    const { kind } = request;
    this.#durations.observe(seconds, labelsFor(kind)[error === null ? "done" : "failed"]);
    this.#handled(request, seconds);
    if (kind === "range") this.#ranges += 1;
    if (kind === "hash") this.#hashes.observe(seconds);
    if (kind === "hash_kv") this.#revisionHashes.observe(seconds);
    if (kind === "range" && !request.serializable) {
      if (seconds > SLOW_READ_SECONDS) this.#slowReads += 1;
      if (error !== null && FAILED_PROPOSALS.includes(error.name)) this.#failedReads += 1;
    } else if (error !== null && FAILED_PROPOSALS.includes(error.name)) this.#failedProposals += 1;
  }

  #pushed(response: StreamResponse): void {
    if (response.kind === "watch") this.#events += response.events.length;
    if (response.kind === "lease_keep_alive" && response.ttlSeconds > 0) this.#renewed += 1;
  }

  #handled(request: Request | StreamRequest, seconds: number): void {
    if (this.#handling === null) return;
    const method = findMethod(pathOf(request));
    if (method !== null) this.#handling.observe(seconds, labelsOf(method));
  }
}

type Labels = Readonly<{ done: string; failed: string }>;
const LABELS = new Map<Request["kind"], Labels>(); // made once for each kind: calls are many

function labelsFor(kind: Request["kind"]): Labels {
  return madeFor(LABELS, kind, () => {
    const type = `type="${typeOf(kind)}"`;
    return { done: `${type},success="true"`, failed: `${type},success="false"` };
  });
}

const ADMINISTRATION = /^(user|role)_/;

/** As etcd names what goes through Raft: LeaseGrant, AuthUserAdd. */
function typeOf(kind: Request["kind"]): string {
  if (kind === "compact") return "Compaction";
  const words = (ADMINISTRATION.test(kind) ? `auth_${kind}` : kind).split("_");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
