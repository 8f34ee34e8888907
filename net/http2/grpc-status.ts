// What gRPC says in headers: of a call its path, deadline and encoding; of an answer its status.
// Refusals are in grpc-go's words, as clients of etcd know them.

import type { Bytes } from "../../core/contract.ts";
import { fromText, toBytes } from "../../core/lib/bytes.ts";
import { decodeUtf8 } from "../../core/lib/utf8.ts";
import { createField } from "./hpack/header-field.ts";
import type { Field } from "./hpack/header-field.ts";
import type { OutgoingField, OutgoingFields } from "./hpack/encoder.ts";

export type Refusal = Readonly<{ code: number; message: string }>;
/** `http` is what a client goes by that speaks no gRPC. */
export type HeadRefusal = Refusal & Readonly<{ http: number }>;

/** `timeoutMs` null: the client sets no deadline. The rest is what etcd's clients say in metadata:
 *  who they are, and that a member without a leader shall not serve them. */
export type CallHead = Readonly<{
  path: string;
  timeoutMs: number | null;
  token: string; // "": none
  requireLeader: boolean;
  isForwarded: boolean; // by a gateway: whose certificate it is says nothing of who asks
  version: string; // of the client's library, "": it does not say
}>;

/** Before the messages of an answer. */
export const ANSWER_HEADERS: OutgoingFields = [
  repeated(":status", "200"),
  repeated("content-type", "application/grpc"),
];
/** After them, where all went well. */
export const OK_TRAILERS: OutgoingFields = [repeated("grpc-status", "0")];

const INVALID_ARGUMENT = 3;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;

/** Whether it is meant for gRPC at all, well or badly said. */
export function isGrpc(fields: readonly Field[]): boolean {
  for (const { name, value } of fields) {
    if (name === "content-type") return /^application\/grpc/i.test(value);
  }
  return false;
}

/** Of the fields of a well-formed request. */
export function readCallHead(fields: readonly Field[]): CallHead | HeadRefusal {
  let method = "";
  let path = "";
  let type = "";
  let encoding = "identity";
  let timeoutMs: number | null = null;
  let malformed: string | null = null; // the last of what is
  let token: string | null = null;
  let authorization = "";
  let requireLeader: string | null = null;
  let version = "";
  let isForwarded = false;
  for (const { name, value } of fields) {
    if (name === ":method") method = value;
    else if (name === ":path") path = value;
    else if (name === "content-type") type = value;
    else if (name === "grpc-encoding") encoding = value;
    else if (name === "grpc-timeout") {
      const read = readTimeoutMs(value);
      if (typeof read === "number") timeoutMs = read;
      else malformed = `malformed grpc-timeout: ${read}`;
    } else if (name.endsWith("-bin")) malformed = faultOfBinary(name, value) ?? malformed;
    else if (name === "token") token ??= value;
    else if (name === "authorization") authorization = value;
    else if (name === "hasleader") requireLeader ??= value;
    else if (name === "client-api-version") version = value;
    else if (name === "grpcgateway-accept") isForwarded = true;
  }
  if (type !== "application/grpc" && !/^application\/grpc[+;]/i.test(type)) {
    const message = `invalid gRPC request content-type ${JSON.stringify(type)}`;
    return { code: INVALID_ARGUMENT, message, http: 415 };
  }
  if (malformed !== null) return { code: INTERNAL, message: malformed, http: 400 };
  if (method !== "POST") {
    const words = "Received a HEADERS frame with :method";
    const message = `${words} ${JSON.stringify(method)} which should be POST`;
    return { code: INTERNAL, message, http: 405 };
  }
  if (encoding !== "identity" && encoding !== "") {
    const words = "grpc: Decompressor is not installed for grpc-encoding";
    return { code: UNIMPLEMENTED, message: `${words} ${JSON.stringify(encoding)}`, http: 200 };
  }
  if (decodeUtf8(toBytes(version as Bytes)) === null) {
    return { code: INVALID_ARGUMENT, message: "etcdserver: invalid client api version", http: 200 };
  }
  return {
    path,
    timeoutMs,
    token: (token ?? authorization).replace(/^Bearer /, ""),
    requireLeader: requireLeader === "true",
    isForwarded,
    version,
  };
}

/** A field of this name is in base64, padded or not: where it is not, in Go's words. */
function faultOfBinary(name: string, value: string): string | null {
  const body = value.length % 4 === 0 ? value.replace(/={1,2}$/, "") : value;
  const strange = body.search(/[^A-Za-z0-9+/]/);
  if (strange < 0 && body.length % 4 !== 1) return null;
  const quoted = `${JSON.stringify(value)} in header ${JSON.stringify(name)}`;
  const at = strange < 0 ? body.length - 1 : strange;
  return `malformed binary metadata ${quoted}: illegal base64 data at input byte ${at}`;
}

/** One to eight digits and a unit; milliseconds are rounded up. A text says why it is none. */
export function readTimeoutMs(text: string): number | string {
  const quoted = JSON.stringify(text);
  if (text.length < 2) return `transport: timeout string is too short: ${quoted}`;
  if (text.length > 9) return `transport: timeout string is too long: ${quoted}`;
  const perUnit = MS_PER_UNIT.get(text.charAt(text.length - 1));
  if (perUnit === undefined) return `transport: timeout unit is not recognized: ${quoted}`;
  const digits = text.slice(0, -1);
  if (!/^[0-9]+$/.test(digits)) {
    return `strconv.ParseUint: parsing ${JSON.stringify(digits)}: invalid syntax`;
  }
  const [times, by] = perUnit;
  return Math.ceil((Number(digits) * times) / by);
}

const MS_PER_UNIT: ReadonlyMap<string, readonly [times: number, by: number]> = new Map([
  ["H", [3_600_000, 1]],
  ["M", [60_000, 1]],
  ["S", [1000, 1]],
  ["m", [1, 1]],
  ["u", [1, 1000]],
  ["n", [1, 1_000_000]],
]);

/** The last of an answer; with the status of HTTP where nothing was sent before. */
export function trailersOf({ code, message }: Refusal, http: number | null): OutgoingFields {
  const status = [once("grpc-status", String(code)), once("grpc-message", percentEncode(message))];
  if (http === null) return status;
  return [once(":status", String(http)), ...ANSWER_HEADERS.slice(1), ...status];
}

/** UTF-8, and everything but printable ASCII as %XX. */
function percentEncode(message: string): string {
  return fromText(message).replace(/[^ -$&-~]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

function repeated(name: string, value: string): OutgoingField {
  return { ...createField(name, value), repeats: true };
}

function once(name: string, value: string): OutgoingField {
  return { ...createField(name, value), repeats: false };
}
