// The client port: gRPC calls become requests, results become answers. Plumbing only: what a call
// means is decided in core/, what its bytes mean in net/wire/, and net/http2/ speaks HTTP/2.

import type { Socket } from "node:net";
import { ERRORS, GRPC } from "../../core/api/errors.ts";
import type { ApiError } from "../../core/api/errors.ts";
import type { Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import type { Refusal } from "../http2/grpc-status.ts";
import type { GrpcCall, GrpcEvent } from "../http2/grpc.ts";
import type { AnswerParts } from "../wire/methods/answer-parts.ts";
import { encodeInParts, NO_PARTS } from "../wire/methods/answer-parts.ts";
import { decodeRequest, findMethod } from "../wire/methods/methods.ts";
import type { CallMeter } from "./call-meter.ts";
import type { CallSink } from "./call-sink.ts";
import { createCrowdLog } from "./crowd-log.ts";
import { createStreamService } from "./etcd-streams.ts";
import { hearFirstWords } from "./first-words.ts";
import type { Speakers } from "./first-words.ts";
import type { Access } from "./http/access.ts";
import { createHttpHandler, createMetricsHandler, createSignpost } from "./http/handler.ts";
import type { HttpHandler } from "./http/exchange.ts";
import { Http1Server } from "./http/http1.ts";
import { serveHttp2 } from "./http/http2.ts";
import type { Pages } from "./http/pages.ts";
import { GrpcSocket } from "./http2-socket.ts";
import type { GrpcSocketOptions } from "./http2-socket.ts";
import { listen } from "./listen.ts";
import type { Listener, Log } from "./listen.ts";
import { createBound } from "./open-files.ts";
import type { DoorTerms } from "./tls/secure-door.ts";
import { certifiedName } from "./tls/who.ts";

export interface EtcdService {
  /** The URLs with the ports that the system chose where a port was 0. Rejects with one line when
   *  an address cannot be listened on. */
  readonly listen: (urls: readonly string[], serves: Serves) => Promise<readonly string[]>;
  /** Takes no more calls, lets the running ones end for a moment, then cuts them. */
  readonly close: (graceMs?: number) => Promise<void>;
}

/** What is to be had at an address. */
export type Serves = "all" | "grpc" | "http" | "metrics";

export type EtcdServiceOptions = Readonly<{
  httpUrls: readonly string[]; // where clients are sent that look for it where only gRPC is
  terms: Omit<DoorTerms, "farewell"> | null; // of secure URLs
  connectionsMax: number; // on all ports
  reusePort: boolean; // let others listen there, too
  namesCallers: boolean; // by the certificates that they show
  access: Access; // over plain HTTP
  hasGateway: boolean;
  namesCount: () => boolean; // where users are asked for who they are
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

export function createEtcdService(options: EtcdServiceOptions): EtcdService {
  const clients = createClients(options);
  const terms = options.terms === null ? null : { ...options.terms, farewell: null };
  const bound = createBound(options.connectionsMax, options.log, () => performance.now());
  const listeners: Listener[] = [];
  return {
    listen: async (urls, serves) => {
      const speakers = clients.speakersOf(serves);
      const hear = (socket: Socket): void => hearFirstWords(socket, speakers);
      const { reusePort } = options;
      const listener = await listen(urls, hear, terms, { bound, reusePort });
      listeners.push(listener);
      for (const url of listener.urls) options.log(`serving ${TRAFFIC[serves]} on ${url}`);
      return listener.urls;
    },
    close: async (graceMs = GRACE_MS) => {
      const ended = Promise.all(listeners.map((listener) => listener.close()));
      clients.leave();
      const force = setTimeout(() => {
        for (const listener of listeners) listener.cut();
      }, graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

const TRAFFIC: Readonly<Record<Serves, string>> = {
  all: "client traffic",
  grpc: "client traffic over gRPC",
  http: "client traffic over HTTP",
  metrics: "metrics",
};

type Clients = Readonly<{
  speakersOf: (serves: Serves) => Speakers;
  leave: () => void; // take no more calls
}>;

function createClients(options: EtcdServiceOptions): Clients {
  const http2Clients = new Set<GrpcSocket>();
  const http1 = new Http1Server();
  const { meter } = options;
  const onEvent = metered(createService(options.sink), meter);
  const messageBytesMax = options.maxRequestBytes + OVERHEAD_BYTES;
  const { leastPingMs, streamsMax } = options;
  const limits = { messageBytesMax, leastPingMs, streamsMax };
  const crowd = createCrowdLog(streamsMax, options.log, () => performance.now());
  const handlers = handlersOf(options, messageBytesMax);
  const hooks = hooksOf(meter);
  let connections = 0;
  const speakHttp2 = (socket: Socket, serves: Serves): void => {
    const connection = ++connections;
    const isSecure = "encrypted" in socket;
    const nameOfCaller = (): string => certifiedName(socket);
    const commonName = options.namesCallers ? certifiedName(socket) : "";
    const onCrowded = (refused: boolean): void => {
      if (refused) meter.refused();
      crowd(nameOf(socket), refused);
    };
    const client: GrpcSocket = new GrpcSocket(socket, {
      ...limits,
      ...hooks,
      refusalOf: serves === "http" || serves === "metrics" ? noGrpc : hooks.refusalOf,
      onEvent,
      onPlain: (request) => serveHttp2(handlers[serves], request, client, isSecure, nameOfCaller),
      onCrowded,
      takesOne,
      connection,
      commonName,
    });
    http2Clients.add(client);
    socket.once("close", () => http2Clients.delete(client));
  };
  return {
    speakersOf: (serves) => ({
      http1: (socket) => http1.take(socket, ++connections, handlers[serves]),
      http2: (socket) => speakHttp2(socket, serves),
    }),
    leave: () => {
      for (const client of http2Clients) client.leave();
      http1.leave();
    },
  };
}

/** Of plain HTTP, by what a port serves. */
function handlersOf(
  options: EtcdServiceOptions,
  messageBytesMax: number,
): Readonly<Record<Serves, HttpHandler>> {
  const http = createHttpHandler({ ...options, messageBytesMax });
  return {
    all: http,
    http,
    grpc: createSignpost(options.httpUrls),
    metrics: createMetricsHandler(options.pages),
  };
}

function noGrpc(): Refusal {
  const message = "this address serves plain HTTP only: use one of --listen-client-urls";
  return { code: GRPC.UNIMPLEMENTED, message };
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? "a client that has gone"}:${remotePort ?? 0}`;
}

type Hooks = Pick<GrpcSocketOptions, "refusalOf" | "onSent" | "onHandled">;

function hooksOf(meter: CallMeter): Hooks {
  return {
    refusalOf: (path, version) => {
      const method = findMethod(path);
      if (method !== null) meter.started(method);
      if (method !== null) meter.opened(method, version);
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
