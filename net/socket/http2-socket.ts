// One client's socket: its bytes go through gRPC over HTTP/2 and back. What is answered in one turn
// of the event loop is written at once, and a client that does not read is not read from.

import type { Socket } from "node:net";
import { GrpcConnection, lengthOf } from "../http2/grpc.ts";
import type { AnyEvent, GrpcCall, GrpcEvent, GrpcOptions } from "../http2/grpc.ts";
import type { Refusal } from "../http2/grpc-status.ts";
import type { PlainFields, PlainRequest } from "../http2/plain.ts";
import { GREETING_MS } from "./first-words.ts";

export type GrpcSocketOptions = GrpcOptions &
  Readonly<{
    onEvent: (event: GrpcEvent, from: GrpcSocket) => void;
    onSent: (path: string, bytes: number) => void; // a message of an answer
    onPlain: (request: PlainRequest, from: GrpcSocket) => PlainTaker; // no gRPC
  }>;

/** Whoever serves a request of plain HTTP is told what becomes of it. */
export interface PlainTaker {
  readonly body: (bytes: Uint8Array | null) => void; // null: that was all
  readonly room: () => void;
  readonly gone: () => void;
}

/** What waits to be written before reading stops. Reading goes on when all of it is written. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const FAREWELL_MS = 1_000; // to read the last words
const PROBE_MS = 30_000; // a client that has silently gone is found out by TCP

export class GrpcSocket {
  readonly #socket: Socket;
  readonly #grpc: GrpcConnection;
  readonly #options: GrpcSocketOptions;
  readonly #unwritten = new Set<GrpcCall>(); // their users wait for the socket to drain
  readonly #plain = new Map<PlainRequest, PlainTaker>();
  #scheduled = false;
  #leaving = false;

  constructor(socket: Socket, options: GrpcSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#grpc = new GrpcConnection(options);
    socket.setKeepAlive(true, PROBE_MS);
    socket.setTimeout(GREETING_MS, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => {
      socket.resume();
      const calls = [...this.#unwritten];
      this.#unwritten.clear();
      for (const call of calls) options.onEvent({ kind: "room", call }, this);
      for (const taker of this.#plain.values()) taker.room();
    });
    socket.once("close", () => {
      for (const request of this.#grpc.plain.abandon()) this.#onGone(request);
      for (const call of this.#grpc.abandon()) options.onEvent({ kind: "cancel", call }, this);
    });
    socket.resume();
  }

  /** One message of the answer, in pieces that must not change afterwards. */
  send(call: GrpcCall, pieces: readonly Uint8Array[]): void {
    this.#grpc.send(call, pieces);
    this.#options.onSent(call.path, lengthOf(pieces));
    this.#flushSoon();
  }

  /** Whether what was sent has left for the client, or is about to. If not, "room" tells when. */
  hasRoom(call: GrpcCall): boolean {
    if (this.#socket.writableNeedDrain) this.#unwritten.add(call);
    return !this.#socket.writableNeedDrain && this.#grpc.hasRoom(call);
  }

  /** An answer to a request of plain HTTP begins. */
  begin(request: PlainRequest, status: number, fields: PlainFields): void {
    this.#grpc.plain.begin(request, status, fields);
    this.#flushSoon();
  }

  /** The bytes must not change afterwards. Whether there is room for more. */
  write(request: PlainRequest, bytes: Uint8Array): boolean {
    this.#grpc.plain.send(request, bytes);
    this.#flushSoon();
    return !this.#socket.writableNeedDrain && this.#grpc.hasRoom(request);
  }

  end(request: PlainRequest): void {
    this.#plain.delete(request);
    this.#grpc.plain.end(request);
    this.#flushSoon();
  }

  holdBody(request: PlainRequest, held: boolean): void {
    this.#grpc.plain.hold(request, held);
    if (this.#grpc.hasOutput) this.#flushSoon();
  }

  /** While it is held, the client of a call cannot send much more. */
  hold(call: GrpcCall, held: boolean): void {
    this.#grpc.hold(call, held);
    if (this.#grpc.hasOutput) this.#flushSoon();
  }

  /** The end of the answer: null when all went well. */
  finish(call: GrpcCall, refusal: Refusal | null): void {
    this.#grpc.finish(call, refusal);
    this.#flushSoon();
  }

  /** Whether the call has not ended yet. */
  awaits(call: GrpcCall): boolean {
    return this.#grpc.awaits(call);
  }

  /** Takes no more calls, and ends when those under way are answered. */
  leave(): void {
    this.#leaving = true;
    this.#grpc.goAway();
    this.#flush();
  }

  #receive(chunk: Buffer): void {
    if (this.#socket.writableEnded) return; // our last words are on their way
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const events = this.#grpc.receive(bytes, performance.now());
    if (this.#socket.timeout !== 0 && this.#grpc.spoke) this.#socket.setTimeout(0);
    for (const event of events) {
      if (event.kind === "failed") return this.#hangUp();
      this.#tell(event);
    }
    if (!this.#scheduled && this.#grpc.hasOutput) {
      this.#scheduled = true;
      setImmediate(() => this.#flush()); // after the answers that come in this turn
    }
  }

  #tell(event: AnyEvent): void {
    switch (event.kind) {
      case "request":
        return this.#onRequest(event.request);
      case "body":
        return this.#plain.get(event.request)?.body(event.bytes);
      case "body end":
        return this.#plain.get(event.request)?.body(null);
      case "request room":
        return this.#plain.get(event.request)?.room();
      case "request gone":
        return this.#onGone(event.request);
      default:
        this.#options.onEvent(event, this);
    }
  }

  /** Its answer may be through at once. */
  #onRequest(request: PlainRequest): void {
    const taker = this.#options.onPlain(request, this);
    if (this.#grpc.plain.awaits(request)) this.#plain.set(request, taker);
  }

  #onGone(request: PlainRequest): void {
    const taker = this.#plain.get(request);
    this.#plain.delete(request);
    taker?.gone();
  }

  /** Called from where answers are made: when that is through, all of them are written. */
  #flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    const runs = this.#grpc.takeOutput();
    if (runs.length > 1) socket.cork();
    const last = runs.pop();
    for (const run of runs) socket.write(run);
    if (last !== undefined) this.#writeLast(last);
    if (runs.length > 0) socket.uncork();
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.pause();
    if (this.#leaving && this.#grpc.isIdle) this.#end();
  }

  /** Until all is written there is no room for more, if a large answer took it up. */
  #writeLast(run: Uint8Array): void {
    if (!this.#grpc.isHeldBack) {
      this.#socket.write(run);
      for (const event of this.#grpc.written()) this.#tell(event);
      return;
    }
    this.#socket.write(run, (error) => {
      if (error) return;
      for (const event of this.#grpc.written()) this.#tell(event);
      if (this.#grpc.hasOutput) this.#flushSoon();
    });
  }

  /** The client broke the protocol. */
  #hangUp(): void {
    this.#flush();
    this.#end();
  }

  /** What the client still sends is read and dropped: else the last words might not arrive. */
  #end(): void {
    const socket = this.#socket;
    if (socket.writableEnded) return;
    socket.end();
    socket.resume();
    const cut = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once("close", () => clearTimeout(cut));
  }
}
