// The calls of clients, counted under the names of go-grpc-prometheus, which etcd shows them by:
// dashboards take rates of these, and how many streams are open from started and handled.

import type { CallMeter } from "../../../net/socket/call-meter.ts";
import type { Method } from "../../../net/wire/methods/methods.ts";
import type { Metric, Sample } from "./metric.ts";
import { labelled } from "./metric.ts";

type Traffic = {
  started: number;
  received: number;
  sent: number;
  readonly handled: Map<number, number>; // by code
};

const VERSIONS_MAX = 100;

/** As grpc-go writes them, by number. */
const CODES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

export class CallMetrics implements CallMeter {
  readonly #traffic = new Map<Method, Traffic>();
  #receivedBytes = 0;
  #sentBytes = 0;
  #refused = 0;
  readonly #clients = new Map<string, { unary: number; stream: number }>(); // by their version

  readonly opened = (method: Method, version: string): void => {
    const shown = this.#clients.get(version) ?? this.#newClient(version);
    shown[method.stream === "none" ? "unary" : "stream"] += 1;
  };

  readonly started = (method: Method): void => {
    this.#of(method).started += 1;
  };

  readonly received = (method: Method, bytes: number): void => {
    this.#of(method).received += 1;
    this.#receivedBytes += bytes;
  };

  readonly sent = (method: Method, bytes: number): void => {
    this.#of(method).sent += 1;
    this.#sentBytes += bytes;
  };

  readonly handled = (method: Method, code: number): void => {
    const { handled } = this.#of(method);
    handled.set(code, (handled.get(code) ?? 0) + 1);
  };

  readonly refused = (): void => {
    this.#refused += 1;
  };

  metrics(): readonly Metric[] {
    const all = [...this.#traffic];
    const each = (count: (traffic: Traffic) => number): readonly Sample[] =>
      all.map(([method, traffic]) => [`{${labelsOf(method)}}`, count(traffic)]);
    const handled = all.flatMap(([method, traffic]) =>
      Array.from(traffic.handled, ([code, count]): Sample => {
        return [`{grpc_code="${CODES[code] ?? "Unknown"}",${labelsOf(method)}}`, count];
      }),
    );
    const counter = "counter";
    return [
      [
        "grpc_server_started_total",
        counter,
        "Total number of RPCs started on the server.",
        each(({ started }) => started),
      ],
      [
        "grpc_server_handled_total",
        counter,
        "Total number of RPCs completed on the server, regardless of success or failure.",
        handled,
      ],
      [
        "grpc_server_msg_received_total",
        counter,
        "Total number of RPC stream messages received on the server.",
        each(({ received }) => received),
      ],
      [
        "grpc_server_msg_sent_total",
        counter,
        "Total number of gRPC stream messages sent by the server.",
        each(({ sent }) => sent),
      ],
      [
        "etcd_network_client_grpc_received_bytes_total",
        counter,
        "The total number of bytes received from grpc clients.",
        [["", this.#receivedBytes]],
      ],
      [
        "etcd_network_client_grpc_sent_bytes_total",
        counter,
        "The total number of bytes sent to grpc clients.",
        [["", this.#sentBytes]],
      ],
      [
        "etcd_server_client_requests_total",
        counter,
        "The total number of client requests per client version.",
        [...this.#clients].flatMap(([version, calls]) => samplesOf(version, calls)),
      ],
      [
        "detcd_client_streams_refused_total",
        counter,
        "Calls above --max-concurrent-streams.",
        [["", this.#refused]],
      ],
    ];
  }

  /** Clients say what they like: of too many versions the rest is one. */
  #newClient(version: string): { unary: number; stream: number } {
    const name = this.#clients.size < VERSIONS_MAX ? version : "others";
    const fresh = this.#clients.get(name) ?? { unary: 0, stream: 0 };
    this.#clients.set(name, fresh);
    return fresh;
  }

  #of(method: Method): Traffic {
    const known = this.#traffic.get(method);
    if (known !== undefined) return known;
    const fresh: Traffic = { started: 0, received: 0, sent: 0, handled: new Map() };
    this.#traffic.set(method, fresh);
    return fresh;
  }
}

/** Without braces. */
export function labelsOf({ path, stream }: Method): string {
  const [, service = "", name = ""] = path.split("/");
  const type = { none: "unary", server: "server_stream", both: "bidi_stream" }[stream];
  return `grpc_method="${name}",grpc_service="${service}",grpc_type="${type}"`;
}

function samplesOf(
  version: string,
  calls: Readonly<Record<"unary" | "stream", number>>,
): readonly Sample[] {
  const client = version === "" ? "unknown" : version;
  return (["unary", "stream"] as const)
    .filter((type) => calls[type] > 0)
    .map((type) => [labelled({ client_api_version: client, type }), calls[type]]);
}
