// What the gateway's calls and streams share: what a request is made of, and what is said where it
// fails.

import { GRPC, messageTooLarge } from "../../../core/api/errors.ts";
import type { ApiError, GrpcCode } from "../../../core/api/errors.ts";
import type { Request } from "../../../core/api/request.ts";
import type { Result } from "../../../core/contract.ts";
import { decodeJson, messageSize } from "../../json/json-methods.ts";
import type { AnyRow } from "../../wire/methods/method-row.ts";
import type { CallMeter } from "../call-meter.ts";
import type { Caller, CallSink } from "../call-sink.ts";
import { answer } from "./exchange.ts";
import type { HttpExchange, HttpHead } from "./exchange.ts";

export type GatewayOptions = Readonly<{
  sink: CallSink;
  meter: CallMeter;
  messageBytesMax: number; // of a request as gRPC has it
}>;

export type GatewayCall = Readonly<{
  options: GatewayOptions;
  exchange: HttpExchange;
  row: AnyRow;
  caller: Caller;
}>;

/** Whoever takes what the client says, a value of JSON at a time, until it says no more or goes. */
export interface Taker {
  readonly take: (text: Result<string>) => void;
  readonly close: () => void;
  readonly cancel: () => void;
}

/** What a client says that says nothing. */
export const NOTHING_SAID: Result<string> = { ok: true, value: "{}" };

const JSON_HEAD = { "Content-Type": "application/json" } as const;
/** Of answers that came from a call. */
export const ANSWER_HEAD: HttpHead = {
  ...JSON_HEAD,
  "Grpc-Metadata-Content-Type": "application/grpc",
};

/** The request that a value is; or why it is none. */
export function requestOf({ row, options }: GatewayCall, text: Result<string>): Result<Request> {
  if (!text.ok) return text;
  const request = decodeJson(row, text.value);
  if (!request.ok || text.value.length <= options.messageBytesMax) return request;
  const size = messageSize(row, request.value);
  if (size <= options.messageBytesMax) return request;
  return { ok: false, error: messageTooLarge(size, options.messageBytesMax) };
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
}

export type Fault = Pick<ApiError, "code" | "message">;

export function refuse(exchange: HttpExchange, { code, message }: Fault): void {
  answer(exchange, HTTP_STATUS[code], JSON_HEAD, JSON.stringify({ code, message }));
}

/** The same of a stream: its line, and the status where nothing was said before. */
export function failLine({ code, message }: Fault): string {
  return `${JSON.stringify({ error: { code, message } })}\n`;
}

export function refuseStream(exchange: HttpExchange, fault: Fault): void {
  answer(exchange, HTTP_STATUS[fault.code], JSON_HEAD, failLine(fault));
}

const HTTP_STATUS: Readonly<Record<GrpcCode, number>> = {
  [GRPC.CANCELED]: 499,
  [GRPC.UNKNOWN]: 500,
  [GRPC.INVALID_ARGUMENT]: 400,
  [GRPC.DEADLINE_EXCEEDED]: 504,
  [GRPC.NOT_FOUND]: 404,
  [GRPC.PERMISSION_DENIED]: 403,
  [GRPC.RESOURCE_EXHAUSTED]: 429,
  [GRPC.FAILED_PRECONDITION]: 400,
  [GRPC.OUT_OF_RANGE]: 400,
  [GRPC.UNIMPLEMENTED]: 501,
  [GRPC.INTERNAL]: 500,
  [GRPC.UNAVAILABLE]: 503,
  [GRPC.DATA_LOSS]: 500,
  [GRPC.UNAUTHENTICATED]: 401,
};
