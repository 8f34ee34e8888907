// The client port: gRPC calls become requests, results become answers. Plumbing only: what a call
// means is decided in core/, what its bytes mean in net/wire/, and grpc-js speaks HTTP/2.

import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from "@grpc/grpc-js";
import { messageTooLarge } from "../../core/api/errors.ts";
import type { ApiError } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import { decodeRequest, encodeResponse, findMethod } from "../wire/methods.ts";
import { listen } from "./listen.ts";
import type { Listener, Log } from "./listen.ts";

/** Takes the calls. `reply` is for the one answer of a call; the returned function tells that
 *  nobody waits for it any more. */
export interface CallSink {
  readonly open: (
    request: Request,
    timeoutMs: number | null, // what is left of the client's deadline; null: it set none
    reply: (result: Result<Response>) => void,
  ) => () => void;
}

export interface EtcdListener {
  /** Where it listens, with the ports that the system chose where a port was 0. */
  readonly urls: readonly string[];
  /** Takes no more calls, lets the running ones end for a moment, then cuts them. */
  readonly close: (graceMs?: number) => Promise<void>;
}

export type EtcdServiceOptions = Readonly<{
  urls: readonly string[];
  maxRequestBytes: number;
  sink: CallSink;
  log: Log;
}>;

/** What gRPC itself accepts above the largest request, as in etcd. */
const OVERHEAD_BYTES = 512 * 1024;
const GRACE_MS = 500;

/** Rejects with one line when an address cannot be listened on. */
export async function serveEtcd(options: EtcdServiceOptions): Promise<EtcdListener> {
  const { sink, log } = options;
  const limitBytes = options.maxRequestBytes + OVERHEAD_BYTES;
  const server = new Server({
    // grpc-js would refuse in words of its own: it only guards against the absurd.
    "grpc.max_receive_message_length": 2 * limitBytes,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
    "grpc.keepalive_time_ms": 2 * 60 * 60 * 1000, // etcd's own pings to silent clients
    "grpc.keepalive_timeout_ms": 20 * 1000,
  });
  takeEveryPath(server, (path) => createHandler(path, limitBytes, sink));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listen(options.urls, (socket) => injector.injectConnection(socket));
  for (const url of listener.urls) log(`serving client traffic on ${url}`);
  return {
    urls: listener.urls,
    close: (graceMs = GRACE_MS) => shutDown(server, listener, graceMs),
  };
}

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type Handler = Readonly<{
  path: string;
  serialize: (message: Buffer) => Buffer;
  deserialize: (message: Buffer) => Buffer;
}> &
  Readonly<
    | { type: "unary"; func: (call: UnaryCall, callback: sendUnaryData<Buffer>) => void }
    | { type: "bidi"; func: (call: ServerDuplexStream<Buffer, Buffer>) => void }
  >;

/** grpc-js looks a path up in a map and refuses unknown ones in words of its own. Given a map that
 *  finds a handler for every path, it leaves the words to net/wire. */
function takeEveryPath(server: Server, handlerOf: (path: string) => Handler): void {
  Object.assign(server, { handlers: { get: handlerOf } });
}

function createHandler(path: string, limitBytes: number, sink: CallSink): Handler {
  const bytes = { path, serialize: asItIs, deserialize: asItIs };
  if (findMethod(path) === null) {
    return { ...bytes, type: "bidi", func: (call) => refuse(call, path) };
  }
  return {
    ...bytes,
    type: "unary",
    // grpc-js would catch what this throws; a broken invariant must reach nobody but the process.
    func: (call, callback) => queueMicrotask(() => serve(call, callback, limitBytes, sink)),
  };
}

function asItIs(message: Buffer): Buffer {
  return message;
}

/** As a stream, so that the refusal does not wait for a client that streams without an end. */
function refuse(call: ServerDuplexStream<Buffer, Buffer>, path: string): void {
  const request = decodeRequest(path, Buffer.alloc(0));
  if (!request.ok) call.emit("error", statusOf(request.error));
}

function serve(
  call: UnaryCall,
  callback: sendUnaryData<Buffer>,
  limitBytes: number,
  sink: CallSink,
): void {
  let open = true;
  const reply = (result: Result<Response>): void => {
    if (!open) return;
    open = false;
    if (result.ok) callback(null, bufferOf(encodeResponse(result.value)));
    else callback(statusOf(result.error));
  };
  const size = call.request.length;
  if (size > limitBytes) return reply({ ok: false, error: messageTooLarge(size, limitBytes) });
  const request = decodeRequest(call.getPath(), call.request);
  if (!request.ok) return reply(request);
  const cancel = sink.open(request.value, timeoutMsOf(call), reply);
  call.once("cancelled", () => {
    if (!open) return;
    open = false;
    cancel();
  });
}

function timeoutMsOf(call: UnaryCall): number | null {
  const deadline = Number(call.getDeadline());
  return deadline === Infinity ? null : Math.max(0, deadline - Date.now());
}

function statusOf(error: ApiError): Readonly<{ code: number; details: string }> {
  return { code: error.code, details: error.message };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function shutDown(server: Server, listener: Listener, graceMs: number): Promise<void> {
  const ended = listener.close();
  server.tryShutdown(() => {}); // tells the clients, and lets running calls end
  const force = setTimeout(() => {
    server.forceShutdown();
    listener.cut();
  }, graceMs);
  await ended;
  clearTimeout(force);
}
