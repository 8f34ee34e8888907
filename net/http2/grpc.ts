// gRPC over one HTTP/2 connection: calls in, answers out. Unary calls, server streams and streams
// both ways look the same from here: messages come, messages go, and a status ends it.
//
// A client may send 64 KiB of a message without being asked. Larger ones are let in whole, one
// WINDOW_UPDATE each, as long as all that were let in and are not answered stay within a budget;
// the others wait for their turn. A client whose answers wait for it to read them, or whose call is
// held back, is asked for nothing: what it has sent already is all that it can make us keep.

import { messageTooLarge } from "../../core/api/errors.ts";
import { Http2Connection } from "./connection.ts";
import type { ConnectionEvent } from "./connection.ts";
import { FRAME_BYTES_MAX, WINDOW_INITIAL } from "./frames.ts";
import { MessageReader, PREFIX_BYTES } from "./grpc-message.ts";
import type { Taken } from "./grpc-message.ts";
import { ANSWER_HEADERS, isGrpc, OK_TRAILERS, readCallHead, trailersOf } from "./grpc-status.ts";
import type { CallHead, Refusal } from "./grpc-status.ts";
import { PlainRequests } from "./plain.ts";
import type { PlainEvent } from "./plain.ts";
import type { Field } from "./hpack/header-field.ts";
import { StreamTable } from "./stream-table.ts";

/** The same object from the first event of a call to its last. */
export interface GrpcCall extends CallHead {
  readonly stream: number;
  readonly connection: number;
  readonly commonName: string; // in the certificate of who asks
  /** For its user, who may want to know what to do at "cancel". */
  onCancel: (() => void) | null;
}

export type GrpcEvent = Readonly<
  | { kind: "open"; call: GrpcCall } // who sends more wants a leader, and may hear of none at once
  | { kind: "message"; call: GrpcCall; message: Uint8Array } // a view: good until `receive`
  | { kind: "room"; call: GrpcCall } // messages that waited for the client have left
  | { kind: "end"; call: GrpcCall } // the client sends no more
  | { kind: "cancel"; call: GrpcCall } // the client does not want the answer any more
  | { kind: "failed"; reason: string } // every call is cancelled
>;

/** What becomes of calls, and of other requests. */
export type AnyEvent = GrpcEvent | PlainEvent;

export type GrpcOptions = Readonly<{
  connection: number; // what its calls name it by
  commonName: string; // in the client's certificate; "": that says nothing of who asks
  messageBytesMax: number;
  leastPingMs: number; // between two pings of a client
  streamsMax: number; // calls that it may have under way at a time
  /** Says at once why a path is not served, without waiting for what the client sends. */
  refusalOf: (path: string, version: string) => Refusal | null;
  /** Whether a call of this path is one message. As in grpc-go, no more is read of it. */
  takesOne: (path: string) => boolean;
  /** A call is over: 0, or why it failed. */
  onHandled: (path: string, code: number) => void;
  /** There are as many calls under way as may be, or one was refused for that. */
  onCrowded: (refused: boolean) => void;
}>;

type Call = GrpcCall & {
  readonly reader: MessageReader;
  answered: boolean; // headers were sent
  admitted: number; // what of the budget it holds
  held: boolean; // its user has enough for now
  readonly takesOne: boolean;
  hasAll: boolean; // it takes one, and that came
};

/** A frame's padding counts, too. */
const PADDING_BYTES = 256;
const ADMITTED_BYTES_MAX = 64 * 1024 * 1024;
const CANCELED = 1;
const UNKNOWN = 2;
const INTERNAL = 13;

export class GrpcConnection {
  /** What is asked here that is no call of gRPC. */
  readonly plain: PlainRequests;
  readonly #connection: Http2Connection;
  readonly #options: GrpcOptions;
  readonly #calls = new StreamTable<Call>();
  readonly #waiting = new Set<Call>(); // for the budget, in the order of their turns
  #admitted = 0;
  #events: AnyEvent[] = [];

  constructor(options: GrpcOptions) {
    this.#options = options;
    this.#connection = new Http2Connection(options);
    this.plain = new PlainRequests(this.#connection, options.connection);
  }

  /** Whether the client has said that it speaks HTTP/2. */
  get spoke(): boolean {
    return this.#connection.spoke;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#connection.streams === 0;
  }

  get hasOutput(): boolean {
    return this.#connection.hasOutput;
  }

  takeOutput(): Uint8Array[] {
    return this.#connection.takeOutput();
  }

  /** There is more, once the socket has written what was taken. */
  get isHeldBack(): boolean {
    return this.#connection.isHeldBack;
  }

  /** The socket has written everything that was taken. */
  written(): readonly AnyEvent[] {
    this.#events = [];
    for (const event of this.#connection.written()) this.#on(event);
    return this.#events;
  }

  receive(bytes: Uint8Array, nowMs: number): readonly AnyEvent[] {
    this.#events = [];
    for (const event of this.#connection.receive(bytes, nowMs)) this.#on(event);
    return this.#events;
  }

  /** Whether the call has not ended yet. Of one that has, `send` and `finish` say nothing. */
  awaits(call: GrpcCall): boolean {
    return this.#calls.get(call.stream) === call;
  }

  /** One message of the answer, in pieces that must not change afterwards. */
  send(call: GrpcCall, pieces: readonly Uint8Array[]): void {
    const own = this.#calls.get(call.stream);
    if (own !== call) return; // it is over
    this.#begin(own);
    this.#connection.send(call.stream, [prefixOf(lengthOf(pieces)), ...pieces]);
  }

  /** Nothing of the answer waits for the client to make room. */
  hasRoom({ stream }: Readonly<{ stream: number }>): boolean {
    return this.#connection.hasRoom(stream);
  }

  /** While it is held, a call gets no window for more messages. */
  hold(call: GrpcCall, held: boolean): void {
    const own = this.#calls.get(call.stream);
    if (own !== call) return;
    own.held = held;
    if (!held) this.#admit(own);
  }

  /** The end of the answer: null when all went well. */
  finish(call: GrpcCall, refusal: Refusal | null): void {
    const own = this.#calls.get(call.stream);
    if (own !== call) return;
    if (refusal === null) {
      this.#begin(own);
      this.#connection.end(call.stream, OK_TRAILERS);
    } else this.#connection.end(call.stream, trailersOf(refusal, own.answered ? null : 200));
    this.#options.onHandled(call.path, refusal?.code ?? 0);
    this.#forget(own);
  }

  /** Tells the client that new calls are not served. */
  goAway(): void {
    this.#connection.goAway();
  }

  /** The client has gone. */
  abandon(): readonly GrpcCall[] {
    const calls = this.#calls.values();
    this.#calls.clear();
    for (const { path } of calls) this.#options.onHandled(path, CANCELED);
    return calls;
  }

  #on(event: ConnectionEvent): void {
    if (this.plain.isBusy) for (const each of this.plain.on(event)) this.#events.push(each);
    switch (event.kind) {
      case "request":
        return this.#open(event.stream, event.fields, event.ended);
      case "data": {
        const call = this.#calls.get(event.stream);
        if (call !== null) this.#onData(call, event.bytes, event.ended);
        return;
      }
      case "room": {
        const call = this.#calls.get(event.stream);
        if (call === null) return;
        this.#events.push({ kind: "room", call });
        return this.#admit(call);
      }
      case "reset": {
        const call = this.#calls.get(event.stream);
        if (call === null) return;
        this.#options.onHandled(call.path, CANCELED);
        this.#forget(call);
        this.#events.push({ kind: "cancel", call });
        return;
      }
      case "full":
      case "refused":
        return this.#options.onCrowded(event.kind === "refused");
      case "failed":
        for (const call of this.abandon()) this.#events.push({ kind: "cancel", call });
        this.#events.push(event);
    }
  }

  #open(stream: number, fields: readonly Field[], ended: boolean): void {
    if (!isGrpc(fields)) {
      for (const each of this.plain.open(stream, fields, ended)) this.#events.push(each);
      return;
    }
    const head = readCallHead(fields);
    if ("code" in head) return this.#connection.end(stream, trailersOf(head, head.http));
    const refusal = this.#options.refusalOf(head.path, head.version);
    if (refusal !== null) return this.#connection.end(stream, trailersOf(refusal, 200));
    const reader = new MessageReader(this.#options.messageBytesMax);
    const call = {
      ...head,
      stream,
      connection: this.#options.connection,
      commonName: head.isForwarded ? "" : this.#options.commonName,
      onCancel: null,
      reader,
      answered: false,
      admitted: 0,
      held: false,
      takesOne: this.#options.takesOne(head.path),
      hasAll: false,
    };
    this.#calls.add(stream, call);
    if (ended) this.#events.push({ kind: "end", call });
    else if (head.requireLeader) this.#events.push({ kind: "open", call });
  }

  #onData(call: Call, bytes: Uint8Array, ended: boolean): void {
    const { reader, takesOne } = call;
    if (!call.hasAll) {
      reader.feed(bytes);
      let taken = reader.take();
      for (; taken.kind === "message"; taken = reader.take()) {
        this.#events.push({ kind: "message", call, message: taken.message });
        call.hasAll = takesOne;
        if (takesOne) break;
      }
      if (taken.kind === "refused") return this.#refuse(call, refusalOf(taken, this.#options));
      if (!ended && !call.hasAll) return this.#admit(call);
    }
    if (!ended) return;
    if (!reader.isPartial) this.#events.push({ kind: "end", call });
    else this.#refuse(call, { code: takesOne ? UNKNOWN : INTERNAL, message: "unexpected EOF" });
  }

  /** A call whose messages went to the user before hears that it is cancelled. */
  #refuse(call: Call, refusal: Refusal): void {
    this.finish(call, refusal);
    this.#events.push({ kind: "cancel", call });
  }

  /** The window for what comes next: small messages always, a large one when its turn comes. */
  #admit(call: Call): void {
    const window = this.#connection.windowOf(call.stream);
    if (!call.reader.isPartial) {
      if (window >= WINDOW_INITIAL / 2 || call.held || !this.hasRoom(call)) return;
      return this.#connection.widen(call.stream, WINDOW_INITIAL - window);
    }
    if (call.reader.missing + PADDING_BYTES <= window || this.#waiting.has(call)) return;
    this.#release(call); // of its message before
    if (this.#waiting.size > 0 || !this.#letIn(call)) this.#waiting.add(call);
  }

  #letIn(call: Call): boolean {
    const { size, missing } = call.reader;
    if (this.#admitted > 0 && this.#admitted + size > ADMITTED_BYTES_MAX) return false;
    this.#admitted += size;
    call.admitted = size;
    call.reader.expectAll();
    const window = missing + FRAME_BYTES_MAX;
    this.#connection.widen(call.stream, window - this.#connection.windowOf(call.stream));
    return true;
  }

  #release(call: Call): void {
    if (call.admitted === 0) return;
    this.#admitted -= call.admitted;
    call.admitted = 0;
    for (const next of this.#waiting) {
      if (!this.#letIn(next)) return;
      this.#waiting.delete(next);
    }
  }

  #begin(call: Call): void {
    if (call.answered) return;
    call.answered = true;
    this.#connection.respond(call.stream, ANSWER_HEADERS);
  }

  #forget(call: Call): void {
    this.#calls.delete(call.stream);
    this.#waiting.delete(call);
    this.#release(call);
  }
}

function refusalOf(taken: Taken & { kind: "refused" }, options: GrpcOptions): Refusal {
  switch (taken.why) {
    case "too large":
      return messageTooLarge(taken.size, options.messageBytesMax);
    case "compressed":
      return {
        code: INTERNAL,
        message: "grpc: compressed flag set with identity or empty encoding",
      };
    case "format":
      return {
        code: INTERNAL,
        message: `grpc: received unexpected payload format ${taken.size}`,
      };
  }
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function prefixOf(length: number): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix[1] = length >>> 24;
  prefix[2] = length >>> 16;
  prefix[3] = length >>> 8;
  prefix[4] = length;
  return prefix;
}
