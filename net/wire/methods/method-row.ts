// One served method: bytes → Request, Response → bytes, and for clients the other way round. Others
// than protobuf's bytes are made of the same messages, by their names.

import { ERRORS, malformed, malformedItem, unknownMethod } from "../../../core/api/errors.ts";
import type { ApiError } from "../../../core/api/errors.ts";
import type { Request, Response } from "../../../core/api/request.ts";
import type { Result } from "../../../core/contract.ts";
import type { ResponseOf } from "../convert/convert-response.ts";
import { CODEC } from "../messages/etcd-messages.ts";
import type { MessageName, ToWire, Wire } from "../messages/etcd-messages.ts";
import { TOO_MANY_ITEMS } from "../protobuf/protobuf.ts";

/** In all lists of a request together, nested ones too: far more operations than a client puts into
 *  a transaction, and all of them, as objects, take some tens of MB. */
export const REQUEST_ITEMS_MAX: number = 2 ** 17;

/** Who may say more than one thing on a call: nobody, the server, both. */
export type Streaming = "none" | "server" | "both";

type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;
/** Fields by name: what they are is in the table of the messages. */
export type AnyMessage = Readonly<Record<string, unknown>>;
export type Row<K extends Request["kind"]> = Readonly<{
  path: string;
  http: readonly string[]; // where plain HTTP finds it
  kind: K;
  stream: Streaming;
  requestName: MessageName;
  responseName: MessageName;
  /** Of a decoded message of that name, and to one to encode. */
  requestOf: (wire: AnyMessage) => Result<Request>;
  wireOf: (response: ResponseOf<K>) => AnyMessage;
  decodeRequest: (message: Uint8Array) => Result<Request>;
  encodeRequest: (request: RequestOf<K>) => Uint8Array;
  decodeResponse: (message: Uint8Array) => Result<Response>;
  encodeResponse: (response: ResponseOf<K>) => Uint8Array;
}>;
export type AnyRow = Row<Request["kind"]>;
/** Those of one service. */
export type Rows<K extends Request["kind"]> = { readonly [Kind in K]: Row<Kind> };

/** A row in terms of its two messages. Null: there is no such request here, or no such answer. */
type Definition<
  K extends Request["kind"],
  Q extends MessageName,
  A extends MessageName,
> = Readonly<{
  path: string;
  http?: readonly string[]; // nowhere
  kind: K;
  stream?: Streaming; // "none"
  request: Q;
  response: A;
  fromRequest: (request: RequestOf<K>) => ToWire<Q>;
  toRequest: (wire: Wire<Q>) => RequestOf<K> | null;
  fromResponse: (response: ResponseOf<K>) => ToWire<A>;
  toResponse: (wire: Wire<A>) => ResponseOf<K> | null;
}>;

export function createRow<K extends Request["kind"], Q extends MessageName, A extends MessageName>(
  row: Definition<K, Q, A>,
): Row<K> {
  const misread = row.stream === undefined ? malformed : malformedItem;
  const requestOf = (wire: AnyMessage): Result<Request> => {
    const value = row.toRequest(wire as Wire<Q>);
    return value ? { ok: true, value } : { ok: false, error: unknownPath(row.path) };
  };
  return {
    path: row.path,
    http: row.http ?? [],
    kind: row.kind,
    stream: row.stream ?? "none",
    requestName: row.request,
    responseName: row.response,
    requestOf,
    wireOf: row.fromResponse,
    decodeRequest: (message) => {
      const wire = CODEC.decode(row.request, message, REQUEST_ITEMS_MAX);
      if (!wire.ok) return { ok: false, error: refusalOf(wire.error, misread) };
      return requestOf(wire.value);
    },
    encodeRequest: (request) => CODEC.encode(row.request, row.fromRequest(request)),
    decodeResponse: (message) => {
      const wire = CODEC.decode(row.response, message);
      if (!wire.ok) return unreadable(wire.error);
      const value = row.toResponse(wire.value);
      return value ? { ok: true, value } : unreadable("an operation without an answer");
    },
    encodeResponse: (response) => CODEC.encode(row.response, row.fromResponse(response)),
  };
}

/** Only transactions have long lists. */
function refusalOf(reason: string, misread: (reason: string) => ApiError): ApiError {
  return reason === TOO_MANY_ITEMS ? ERRORS.TooManyOps : misread(reason);
}

/** The server did answer: whether the call happened is not known. */
function unreadable(reason: string): Result<Response> {
  return { ok: false, error: { ...malformedItem(reason), definite: false } };
}

/** grpc-go's words for a path that nobody serves. */
export function unknownPath(path: string): ApiError {
  const [, service, method] = /^\/(.*)\/([^/]*)$/.exec(path) ?? [];
  if (service === undefined || method === undefined) {
    const words = `malformed method name: ${JSON.stringify(path)}`;
    return { ...unknownMethod("", ""), message: words };
  }
  if (SERVICES.includes(service)) return unknownMethod(method, service);
  return { ...unknownMethod(method, service), message: `unknown service ${service}` };
}

/** What etcd serves on the client port, whether or not a row below does yet. */
const SERVICES: readonly string[] = [
  "etcdserverpb.KV",
  "etcdserverpb.Watch",
  "etcdserverpb.Lease",
  "etcdserverpb.Cluster",
  "etcdserverpb.Maintenance",
  "etcdserverpb.Auth",
  "v3lockpb.Lock",
  "v3electionpb.Election",
  "grpc.health.v1.Health",
];
