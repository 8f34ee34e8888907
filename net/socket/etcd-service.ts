// The client port: gRPC calls become requests, results become answers. Plumbing only: what a call
// means is decided in core/, what its bytes mean in net/wire/, and net/http2/ speaks HTTP/2.

import type { Socket } from "node:net";
import { ERRORS } from "../../core/api/errors.ts";
import type { ApiError } from "../../core/api/errors.ts";
import type { Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import type { GrpcCall, GrpcEvent } from "../http2/grpc.ts";
import type { AnswerParts } from "../wire/methods/answer-parts.ts";
import { encodeInParts, NO_PARTS } from "../wire/methods/answer-parts.ts";
import { decodeRequest, findMethod } from "../wire/methods/methods.ts";
import type { Method } from "../wire/methods/methods.ts";
import type { CallSink } from "./call-sink.ts";
import { createCrowdLog } from "./crowd-log.ts";
import { createStreamService } from "./etcd-streams.ts";
import { hearFirstWords } from "./first-words.ts";
import { HttpPages } from "./http-pages.ts";
import type { Pages } from "./http-pages.ts";
import { GrpcSocket } from "./http2-socket.ts";
import type { GrpcSocketOptions } from "./http2-socket.ts";
import { listen } from "./listen.ts";
import type { Log } from "./listen.ts";
import type { DoorTerms } from "./tls/secure-door.ts";

export interface EtcdListener {
  /** Where it listens, with the ports that the system chose where a port was 0. */
  readonly urls: readonly string[];
  /** Takes no more calls, lets the running ones end for a moment, then cuts them. */
  readonly close: (graceMs?: number) => Promise<void>;
}

export type EtcdServiceOptions = Readonly<{
  urls: readonly string[];
  terms: DoorTerms | null; // of secure URLs
  maxRequestBytes: number;
  leastPingMs: number; // between two pings of a client
  streamsMax: number; // calls that one connection may have under way
  sink: CallSink;
  meter: CallMeter;
  pages: Pages; // for those who speak plain HTTP
  log: Log;
}>;

/** What gRPC itself accepts above the largest request, as in etcd. */
const OVERHEAD_BYTES = 512 * 1024;
const GRACE_MS = 500;

const NOTHING = new Uint8Array(0);

/** Counts what goes over the client port. */
export interface CallMeter {
  readonly started: (method: Method) => void;
  readonly received: (method: Method, bytes: number) => void; // a message
  readonly sent: (method: Method, bytes: number) => void;
  readonly handled: (method: Method, code: number) => void; // a call is over, by its gRPC status
  readonly refused: () => void; // a call that its connection had no stream left for
}

/** Rejects with one line when an address cannot be listened on. */
export async function serveEtcd(options: EtcdServiceOptions): Promise<EtcdListener> {
  const clients = new Set<GrpcSocket>();
  const { meter } = options;
  const onEvent = metered(createService(options.sink), meter);
  const messageBytesMax = options.maxRequestBytes + OVERHEAD_BYTES;
  const { leastPingMs, streamsMax } = options;
  const limits = { messageBytesMax, leastPingMs, streamsMax };
  const crowd = createCrowdLog(streamsMax, options.log, () => performance.now());
  const hooks = hooksOf(meter);
  const pages = new HttpPages(options.pages);
  let connections = 0;
  const speakGrpc = (socket: Socket): void => {
    const connection = ++connections;
    const onCrowded = (refused: boolean): void => {
      if (refused) meter.refused();
      crowd(nameOf(socket), refused);
    };
    const told = { ...hooks, onEvent, onCrowded };
    const client = new GrpcSocket(socket, { ...limits, ...told, takesOne, connection });
    clients.add(client);
    socket.once("close", () => clients.delete(client));
  };
  const speakers = { http1: (socket: Socket) => pages.take(socket), http2: speakGrpc };
  const listener = await listen(
    options.urls,
    (socket) => hearFirstWords(socket, speakers),
    options.terms,
  );
  for (const url of listener.urls) options.log(`serving client traffic on ${url}`);
  return {
    urls: listener.urls,
    close: async (graceMs = GRACE_MS) => {
      const ended = listener.close();
      for (const client of clients) client.leave();
      const force = setTimeout(() => listener.cut(), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? "a client that has gone"}:${remotePort ?? 0}`;
}

type Hooks = Pick<GrpcSocketOptions, "refusalOf" | "onSent" | "onHandled">;

function hooksOf(meter: CallMeter): Hooks {
  return {
    refusalOf: (path) => {
      const method = findMethod(path);
      if (method !== null) meter.started(method);
      return refusalOf(path);
    },
    onSent: (path, bytes) => {
      const method = findMethod(path);
      if (method !== null) meter.sent(method, bytes);
    },
    onHandled: (path, code) => {
      const method = findMethod(path);
      if (method !== null) meter.handled(method, code);
    },
  };
}

function metered(onEvent: OnEvent, meter: CallMeter): OnEvent {
  return (event, client) => {
    const method = event.kind === "message" ? findMethod(event.call.path) : null;
    if (event.kind === "message" && method !== null) meter.received(method, event.message.length);
    onEvent(event, client);
  };
}

/** In etcd's words, where nobody serves a path. */
function refusalOf(path: string): ApiError | null {
  if (findMethod(path) !== null) return null;
  const refused = decodeRequest(path, NOTHING);
  return refused.ok ? null : refused.error;
}

function takesOne(path: string): boolean {
  return findMethod(path)?.stream === "none";
}

type OnEvent = (event: GrpcEvent, from: GrpcSocket) => void;

/** Sorts the calls: those with one answer, and streams. */
function createService(sink: CallSink): OnEvent {
  const onUnary = createUnaryService(sink);
  const onStream = createStreamService(sink);
  return (event, client) => {
    if (event.kind === "failed") return; // its calls were cancelled
    (takesOne(event.call.path) ? onUnary : onStream)(event, client);
  };
}

/** One message, one answer. */
function createUnaryService(sink: CallSink): OnEvent {
  return (event, client) => {
    switch (event.kind) {
      case "message":
        if (!client.awaits(event.call)) return;
        return serve(sink, event.call, event.message, client);
      case "end":
        if (event.call.onCancel !== null) return;
        return client.finish(event.call, ERRORS.NoUnaryMessage);
      case "cancel":
        event.call.onCancel?.();
        return;
      case "open": // it asks for nothing yet
      case "room": // one answer needs none
      case "failed":
    }
  };
}

function serve(sink: CallSink, call: GrpcCall, message: Uint8Array, client: GrpcSocket): void {
  let open = true;
  const reply = (result: Result<Response>, parts: AnswerParts): void => {
    if (!open) return;
    open = false;
    call.onCancel = null;
    if (!result.ok) return client.finish(call, result.error);
    client.send(call, encodeInParts(result.value, parts));
    client.finish(call, null);
  };
  const request = decodeRequest(call.path, message);
  if (!request.ok) return reply(request, NO_PARTS);
  const cancel = sink.open(request.value, call, reply);
  if (!open) return;
  call.onCancel = () => {
    open = false;
    cancel();
  };
}
