// The calls by their gRPC path: bytes → Request, Response → bytes, and for clients the other way
// round. Everything above this seam is plain data, everything below it is bytes and a path. To
// serve another call, add a row to its service's table.

import { ERRORS, GRPC, malformed, malformedItem } from "../../../core/api/errors.ts";
import type { ApiError, GrpcCode } from "../../../core/api/errors.ts";
import type { Request, Response } from "../../../core/api/request.ts";
import type { Result } from "../../../core/contract.ts";
import { unknownPath } from "./method-row.ts";
import type { AnyRow, Rows, Streaming } from "./method-row.ts";
import { AUTH_METHODS } from "./methods-auth.ts";
import { KV_METHODS } from "./methods-kv.ts";
import { LEASE_METHODS } from "./methods-lease.ts";
import { CLUSTER_METHODS } from "./methods-cluster.ts";
import { CONCURRENCY_METHODS } from "./methods-concurrency.ts";
import { HEALTH_METHODS } from "./methods-health.ts";
import { MAINTENANCE_METHODS } from "./methods-maintenance.ts";
import { WATCH_METHODS } from "./methods-watch.ts";
import { encodeWatchPieces } from "./watch-pieces.ts";

export type Method = Readonly<{ path: string; kind: Request["kind"]; stream: Streaming }>;

/** The method that serves this path, or null. */
export function findMethod(path: string): Method | null {
  return ROW_BY_PATH.get(path) ?? null;
}

/** The row that serves this path of plain HTTP, or null. */
export function findHttpRow(path: string): AnyRow | null {
  return ROW_BY_HTTP.get(path) ?? null;
}

export function pathOf(request: Request): string {
  return METHODS[request.kind].path;
}

/** What the client asks; or, in etcd's words, that nobody serves the path or reads the bytes. */
export function decodeRequest(path: string, message: Uint8Array): Result<Request> {
  const row = ROW_BY_PATH.get(path);
  return row ? row.decodeRequest(message) : { ok: false, error: unknownPath(path) };
}

export function encodeRequest(request: Request): Uint8Array {
  return (METHODS[request.kind] as AnyRow).encodeRequest(request);
}

export function decodeResponse(path: string, message: Uint8Array): Result<Response> {
  const row = ROW_BY_PATH.get(path);
  return row ? row.decodeResponse(message) : { ok: false, error: unknownPath(path) };
}

export function encodeResponse(response: Response): Uint8Array {
  return (METHODS[response.kind] as AnyRow).encodeResponse(response);
}

/** The same in pieces, some of which may be shared with other responses. */
export function encodePieces(response: Response): readonly Uint8Array[] {
  return response.kind === "watch" ? encodeWatchPieces(response) : [encodeResponse(response)];
}

/** A gRPC status as a client sees it. The words find the row of the table, and with it whether the
 *  call certainly did not happen. Of unknown words only the codes of a refusal say that. */
export function errorFromStatus(code: number, message: string): ApiError {
  const row = ROW_BY_WORDS.get(message);
  if (row !== undefined) return row;
  for (const [name, words, refusalCode] of REFUSALS) {
    if (code === refusalCode && message.startsWith(words)) {
      return { name, code: refusalCode, message, definite: true };
    }
  }
  const [name, known] = CODES.find(([, each]) => each === code) ?? ["UNKNOWN", GRPC.UNKNOWN];
  return { name, code: known, message, definite: REFUSAL_CODES.includes(known) };
}

const METHODS: Rows<Request["kind"]> = {
  ...AUTH_METHODS,
  ...KV_METHODS,
  ...LEASE_METHODS,
  ...CLUSTER_METHODS,
  ...MAINTENANCE_METHODS,
  ...WATCH_METHODS,
  ...CONCURRENCY_METHODS,
  ...HEALTH_METHODS,
};

const ROW_BY_PATH: ReadonlyMap<string, AnyRow> = new Map(
  Object.values(METHODS).map((row) => [row.path, row as AnyRow]),
);

const ROW_BY_HTTP: ReadonlyMap<string, AnyRow> = new Map(
  Object.values(METHODS).flatMap((row) => row.http.map((path) => [path, row as AnyRow])),
);

const ROW_BY_WORDS: ReadonlyMap<string, ApiError> = new Map(
  Object.values(ERRORS).map((error) => [error.message, error]),
);

/** Refusals whose words carry numbers or names, so that only their beginning is known. */
const REFUSALS: readonly (readonly [name: string, words: string, code: GrpcCode])[] = [
  refusal(malformed("")),
  refusal(malformedItem("")),
  ["MessageTooLarge", "grpc: received message larger than max", GRPC.RESOURCE_EXHAUSTED],
  ["UnknownMethod", "", GRPC.UNIMPLEMENTED],
];

const CODES = Object.entries(GRPC);
const REFUSAL_CODES: readonly GrpcCode[] = [
  GRPC.INVALID_ARGUMENT,
  GRPC.NOT_FOUND,
  GRPC.FAILED_PRECONDITION,
  GRPC.OUT_OF_RANGE,
  GRPC.UNIMPLEMENTED,
];

function refusal(error: ApiError): readonly [string, string, GrpcCode] {
  return [error.name, error.message, error.code];
}
