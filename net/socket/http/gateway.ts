// etcd's calls as JSON over plain HTTP: a POST to a call's path, answered as etcd's gateway does.
// Plumbing only: what a call means is core's, and what is wrong with its JSON net/json says.

import { GRPC, messageTooLarge } from "../../../core/api/errors.ts";
import type { Result } from "../../../core/contract.ts";
import { readTimeoutMs } from "../../http2/grpc-status.ts";
import { noJson } from "../../json/json-methods.ts";
import { JsonValues } from "../../json/json-values.ts";
import type { Cut } from "../../json/json-values.ts";
import { findHttpRow } from "../../wire/methods/methods.ts";
import type { Caller } from "../call-sink.ts";
import type { HttpExchange } from "./exchange.ts";
import { refuse } from "./gateway-answer.ts";
import type { GatewayOptions, Taker } from "./gateway-answer.ts";
import { UnaryCall } from "./gateway-call.ts";
import { StreamCall } from "./gateway-stream.ts";

/** JSON is longer than what it says: names, base64, numbers as text. */
const JSON_FACTOR = 4;

/** `path` is that of the exchange, of the newest version of the gateway. */
export function serveGateway(options: GatewayOptions, exchange: HttpExchange, path: string): void {
  const row = findHttpRow(path);
  if (row === null) return refuse(exchange, { code: GRPC.NOT_FOUND, message: "Not Found" });
  if (exchange.method !== "POST") {
    return refuse(exchange, { code: GRPC.UNIMPLEMENTED, message: "Method Not Allowed" });
  }
  const caller = callerOf(exchange);
  if (!caller.ok) return refuse(exchange, caller.error);
  options.meter.started(row);
  const values = new JsonValues(JSON_FACTOR * options.messageBytesMax);
  const call = { options, exchange, row, caller: caller.value };
  const taker: Taker = row.stream === "none" ? new UnaryCall(call) : new StreamCall(call);
  exchange.onClose(() => taker.cancel());
  exchange.read((bytes) => {
    if (bytes !== null) {
      for (const cut of values.feed(bytes)) taker.take(textOf(cut, options));
      return;
    }
    const last = values.end();
    if (last !== null) taker.take(textOf(last, options));
    taker.close();
  });
}

function textOf(cut: Cut, { messageBytesMax }: GatewayOptions): Result<string> {
  if (cut.kind === "value") return { ok: true, value: cut.text };
  const error =
    cut.kind === "wrong" ? noJson(cut.fault) : messageTooLarge(cut.bytes, messageBytesMax);
  return { ok: false, error };
}

/** What the client says of itself, in headers of HTTP or as metadata of gRPC. */
function callerOf(exchange: HttpExchange): Result<Caller> {
  const timeout = exchange.header("grpc-timeout");
  const timeoutMs = timeout === "" ? null : readTimeoutMs(timeout);
  if (typeof timeoutMs === "string") {
    return { ok: false, error: noJson(`invalid grpc-timeout: ${timeout}`) };
  }
  const shown = exchange.header("grpc-metadata-token") || exchange.header("authorization");
  const token = shown.replace(/^Bearer /, "");
  const requireLeader = exchange.header("grpc-metadata-hasleader") === "true";
  const { connection } = exchange;
  const commonName = ""; // a certificate says nothing of who asks through a gateway, as in etcd
  return { ok: true, value: { timeoutMs, token, commonName, requireLeader, connection } };
}
