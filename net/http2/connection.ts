// The server's side of an HTTP/2 connection (RFC 9113) as a state machine: bytes and the time in,
// events and bytes out. It knows no sockets and no clock. Whatever a client sends, it answers as
// the protocol says, and holds no more than: a frame, a header block, and what waits to be sent.
//
// Two rules keep it simple. A stream that is over is forgotten at once: what still arrives for it
// is read and dropped. And an error of the client's connection ends with GOAWAY: after "failed"
// nothing is read any more.

import { CODE, FLAG, FRAME, FrameReader, PREFACE, uint32 } from "./frames.ts";
import { WINDOW_INITIAL, WINDOW_MAX } from "./frames.ts";
import type { Code, Frame } from "./frames.ts";
import { HeaderBlock } from "./hpack/header-block.ts";
import type { Field } from "./hpack/header-field.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import type { OutgoingFields } from "./hpack/encoder.ts";
import { Output } from "./output.ts";
import { Patience } from "./patience.ts";
import { PingPolicy } from "./ping-policy.ts";
import { isRequest, isTrailers } from "./request-fields.ts";
import { Sender } from "./sender.ts";
import type { Outgoing } from "./sender.ts";
import { applySettings, HEADER_LIST_BYTES_MAX, ownSettings } from "./settings.ts";
import { StreamTable } from "./stream-table.ts";

/** The bytes of `data` are a view, good until the next call of `receive`. */
export type ConnectionEvent = Readonly<
  | { kind: "request"; stream: number; fields: readonly Field[]; ended: boolean }
  | { kind: "data"; stream: number; bytes: Uint8Array; ended: boolean }
  | { kind: "room"; stream: number } // what had to wait for a window has left
  | { kind: "reset"; stream: number } // by the client, or because of what it sent
  | { kind: "full" } // there are as many streams as there may be
  | { kind: "refused" } // one too many was
  | { kind: "failed"; reason: string } // the whole connection: every stream is gone
>;

export type Http2Options = Readonly<{
  leastPingMs: number; // between two pings of a client
  streamsMax: number; // that it may have open at a time
}>;

/** What the streams of a connection together may have on their way to us. */
export const CONNECTION_WINDOW: number = 1024 * 1024;

/** A change of all windows is as much work as there are streams. */
const STREAMS_PER_SETTINGS = 100;

type Stream = {
  readonly out: Outgoing;
  window: number; // what the client may still send
  ended: boolean; // the client sends no more
};

const NOTHING = new Uint8Array(0);
const NO_EVENTS: readonly ConnectionEvent[] = [];

export class Http2Connection {
  readonly #streamsMax: number;
  readonly #output = new Output();
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder(HEADER_LIST_BYTES_MAX);
  readonly #sender: Sender;
  readonly #streams = new StreamTable<Stream>();
  readonly #patience = new Patience();
  readonly #pings: PingPolicy;
  #events: ConnectionEvent[] = [];
  #prefaceAt = 0;
  #greeted = false; // the client's settings have come
  #nowMs = 0;
  #window = CONNECTION_WINDOW;
  #lastStream = 0;
  #lastServed = WINDOW_MAX; // streams above came after our GOAWAY
  #block: HeaderBlock | null = null;
  #failed = false;

  constructor({ leastPingMs, streamsMax }: Http2Options) {
    this.#streamsMax = streamsMax;
    this.#pings = new PingPolicy(leastPingMs);
    this.#sender = new Sender(
      this.#output,
      ({ id }) => this.#onSent(id),
      ({ id }) => this.#events.push({ kind: "room", stream: id }),
    );
  }

  /** Whether the client has said that it speaks HTTP/2. */
  get spoke(): boolean {
    return this.#prefaceAt === PREFACE.length;
  }

  /** How many streams are not over yet. */
  get streams(): number {
    return this.#streams.size;
  }

  get hasOutput(): boolean {
    return !this.#output.isEmpty;
  }

  takeOutput(): Uint8Array[] {
    return this.#output.take();
  }

  /** There is more, once the socket has written what was taken. */
  get isHeldBack(): boolean {
    return this.#sender.isHeldBack;
  }

  /** The socket has written everything that was taken. */
  written(): readonly ConnectionEvent[] {
    this.#events = [];
    this.#sender.makeRoom();
    return this.#events;
  }

  receive(bytes: Uint8Array, nowMs: number): readonly ConnectionEvent[] {
    if (this.#failed) return NO_EVENTS;
    this.#events = [];
    this.#nowMs = nowMs;
    this.#reader.feed(bytes, this.spoke ? 0 : this.#readPreface(bytes));
    while (!this.#failed && this.#reader.next()) this.#onFrame(this.#reader.frame);
    if (this.#reader.oversize) this.#fail(CODE.FRAME_SIZE_ERROR, "a frame above 16384 bytes");
    return this.#events;
  }

  // Of streams that are over, the following say nothing.

  respond(stream: number, fields: OutgoingFields): void {
    const found = this.#streams.get(stream);
    if (found !== null) this.#sender.headers(found.out, fields);
  }

  /** The pieces must not change afterwards. */
  send(stream: number, pieces: readonly Uint8Array[]): void {
    const found = this.#streams.get(stream);
    if (found !== null) this.#sender.data(found.out, pieces);
  }

  /** Nothing of this stream waits for a window. */
  hasRoom(stream: number): boolean {
    return this.#streams.get(stream)?.out.waiting === false;
  }

  /** The last that is said on a stream: its trailers, or headers alone. */
  end(stream: number, fields: OutgoingFields): void {
    const found = this.#streams.get(stream);
    if (found !== null) this.#sender.end(found.out, fields);
  }

  /** Lets the client send so much more on this stream. */
  widen(stream: number, increment: number): void {
    const found = this.#streams.get(stream);
    if (found === null || found.ended) return;
    found.window += increment;
    this.#output.windowUpdate(stream, increment);
  }

  /** How much more the client may send on this stream. */
  windowOf(stream: number): number {
    return this.#streams.get(stream)?.window ?? 0;
  }

  /** Tells the client that no new streams are served; those that are open are. */
  goAway(): void {
    if (this.#failed || !this.spoke) return;
    this.#lastServed = this.#lastStream;
    this.#output.goAway(this.#lastStream, CODE.NO_ERROR, "");
  }

  #readPreface(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.spoke) {
      if (bytes[at++] !== PREFACE.charCodeAt(this.#prefaceAt)) {
        this.#failed = true; // it speaks something else, and would not understand GOAWAY
        this.#events.push({ kind: "failed", reason: "no HTTP/2" });
        return bytes.length;
      }
      this.#prefaceAt++;
    }
    if (this.spoke) {
      this.#output.settings(ownSettings(this.#streamsMax));
      this.#output.windowUpdate(0, CONNECTION_WINDOW - WINDOW_INITIAL);
    }
    return at;
  }

  #onFrame(frame: Frame): void {
    if (!this.#greeted && frame.type !== FRAME.SETTINGS) {
      return this.#fail(CODE.PROTOCOL_ERROR, "the first frame is no SETTINGS");
    }
    if (this.#block !== null && frame.type !== FRAME.CONTINUATION) {
      return this.#fail(CODE.PROTOCOL_ERROR, "a header block is interrupted");
    }
    switch (frame.type) {
      case FRAME.DATA:
        return this.#onData(frame);
      case FRAME.HEADERS:
        return this.#onHeaders(frame);
      case FRAME.CONTINUATION:
        return this.#onContinuation(frame);
      case FRAME.RST_STREAM:
        return this.#onReset(frame);
      case FRAME.SETTINGS:
        return this.#onSettings(frame);
      case FRAME.PING:
        return this.#onPing(frame);
      case FRAME.WINDOW_UPDATE:
        return this.#onWindowUpdate(frame);
      case FRAME.PUSH_PROMISE:
        return this.#fail(CODE.PROTOCOL_ERROR, "a client pushes");
      case FRAME.GOAWAY: // it opens no more streams: nothing to do
      case FRAME.PRIORITY: // we have none
      default: // extensions are for those who know them
    }
  }

  #onData(frame: Frame): void {
    const stream = this.#streamOf(frame);
    if (this.#failed || !this.#unpad(frame, frame.end - frame.at)) return;
    if (stream === null) return;
    const size = frame.end - frame.at;
    const ended = (frame.flags & FLAG.END_STREAM) !== 0;
    if (stream.ended) return this.#reset(stream, CODE.STREAM_CLOSED);
    if (stream.window < 0) return this.#reset(stream, CODE.FLOW_CONTROL_ERROR);
    if (size === 0 && !ended) return this.#spend("too_many_empty_frames");
    stream.ended = ended;
    const bytes = frame.bytes.subarray(frame.at, frame.end);
    this.#events.push({ kind: "data", stream: frame.stream, bytes, ended });
  }

  /** The stream that a frame is for; null where it is over. The windows count every byte. */
  #streamOf(frame: Frame): Stream | null {
    if (!this.#isKnown(frame.stream)) {
      this.#fail(CODE.PROTOCOL_ERROR, "a frame on a stream that is not open");
      return null;
    }
    const stream = this.#streams.get(frame.stream);
    if (frame.type !== FRAME.DATA) return stream;
    const size = frame.end - frame.at;
    this.#window -= size; // and no single frame can use up the half that is always there
    if (this.#window < CONNECTION_WINDOW / 2) {
      this.#output.windowUpdate(0, CONNECTION_WINDOW - this.#window);
      this.#window = CONNECTION_WINDOW;
    }
    if (stream !== null) stream.window -= size;
    return stream;
  }

  /** A client's stream that was opened, whether or not it is over. */
  #isKnown(stream: number): boolean {
    return (stream & 1) === 1 && stream <= this.#lastStream;
  }

  /** Takes the padding off a payload. */
  #unpad(frame: Frame, size: number): boolean {
    if ((frame.flags & FLAG.PADDED) === 0) return true;
    const padding = size > 0 ? (frame.bytes[frame.at] as number) : 0;
    if (padding >= size) {
      this.#fail(CODE.PROTOCOL_ERROR, "more padding than payload");
      return false;
    }
    frame.at += 1;
    frame.end -= padding;
    return true;
  }

  #onHeaders(frame: Frame): void {
    if ((frame.stream & 1) === 0) return this.#fail(CODE.PROTOCOL_ERROR, "HEADERS on no stream");
    if (!this.#unpad(frame, frame.end - frame.at)) return;
    if ((frame.flags & FLAG.PRIORITY) !== 0) frame.at += 5;
    if (frame.at > frame.end) return this.#fail(CODE.FRAME_SIZE_ERROR, "HEADERS too short");
    const ended = (frame.flags & FLAG.END_STREAM) !== 0;
    if ((frame.flags & FLAG.END_HEADERS) !== 0) {
      return this.#onBlock(frame.stream, ended, frame.bytes, frame.at, frame.end);
    }
    this.#block = new HeaderBlock(frame.stream, ended, HEADER_LIST_BYTES_MAX);
    this.#block.add(frame);
  }

  #onContinuation(frame: Frame): void {
    const block = this.#block;
    if (block === null || block.stream !== frame.stream) {
      return this.#fail(CODE.PROTOCOL_ERROR, "CONTINUATION of nothing");
    }
    if (!block.add(frame)) {
      return this.#fail(CODE.ENHANCE_YOUR_CALM, "a header block without an end");
    }
    if ((frame.flags & FLAG.END_HEADERS) === 0) return;
    this.#block = null;
    const bytes = block.bytes();
    this.#onBlock(block.stream, block.ended, bytes, 0, bytes.length);
  }

  #onBlock(id: number, ended: boolean, bytes: Uint8Array, from: number, to: number): void {
    const fields = this.#decoder.decode(bytes, from, to);
    if (fields === "malformed") {
      return this.#fail(CODE.COMPRESSION_ERROR, "a header block makes no sense");
    }
    if (id > this.#lastStream) return this.#onRequest(id, ended, fields);
    const stream = this.#streams.get(id);
    if (stream === null) return;
    if (stream.ended) return this.#reset(stream, CODE.STREAM_CLOSED);
    if (!ended || fields === "too large" || !isTrailers(fields)) {
      return this.#reset(stream, CODE.PROTOCOL_ERROR);
    }
    stream.ended = true;
    this.#events.push({ kind: "data", stream: id, bytes: NOTHING, ended });
  }

  #onRequest(id: number, ended: boolean, fields: readonly Field[] | "too large"): void {
    this.#lastStream = id;
    if (id > this.#lastServed) return this.#refuse(id, CODE.REFUSED_STREAM);
    if (this.#streams.size >= this.#streamsMax) return this.#turnAway(id);
    if (fields === "too large") return this.#refuse(id, CODE.FRAME_SIZE_ERROR);
    if (!isRequest(fields)) return this.#refuse(id, CODE.PROTOCOL_ERROR);
    this.#streams.add(id, { out: this.#sender.open(id), window: WINDOW_INITIAL, ended });
    this.#events.push({ kind: "request", stream: id, fields, ended });
    if (this.#streams.size === this.#streamsMax) this.#events.push({ kind: "full" });
  }

  /** It does not cost the client's patience: its other calls are to go on. */
  #turnAway(id: number): void {
    this.#output.reset(id, CODE.REFUSED_STREAM);
    this.#events.push({ kind: "refused" });
  }

  #onReset(frame: Frame): void {
    if (frame.end - frame.at !== 4) return this.#fail(CODE.FRAME_SIZE_ERROR, "RST_STREAM");
    const stream = this.#streamOf(frame);
    if (stream === null) return;
    this.#spend("too_many_resets"); // CVE-2023-44487
    if (this.#failed) return;
    this.#forget(stream);
    this.#events.push({ kind: "reset", stream: frame.stream });
  }

  #onSettings(frame: Frame): void {
    const size = frame.end - frame.at;
    const ack = (frame.flags & FLAG.ACK) !== 0;
    if (frame.stream !== 0) return this.#fail(CODE.PROTOCOL_ERROR, "SETTINGS on a stream");
    if (size % 6 !== 0 || (ack && size > 0)) return this.#fail(CODE.FRAME_SIZE_ERROR, "SETTINGS");
    if (!this.#greeted && ack) return this.#fail(CODE.PROTOCOL_ERROR, "ACK before SETTINGS");
    this.#greeted = true;
    if (ack) return;
    this.#spend("too_many_settings", 1 + Math.floor(this.streams / STREAMS_PER_SETTINGS));
    if (this.#failed) return;
    const open = (): Outgoing[] => this.#streams.values().map(({ out }) => out);
    const fault = applySettings(frame, this.#sender, open);
    if (fault !== null) return this.#fail(fault[0], fault[1]);
    this.#output.settingsAck();
  }

  #onPing(frame: Frame): void {
    if (frame.stream !== 0) return this.#fail(CODE.PROTOCOL_ERROR, "PING on a stream");
    if (frame.end - frame.at !== 8) return this.#fail(CODE.FRAME_SIZE_ERROR, "PING");
    if ((frame.flags & FLAG.ACK) !== 0) return;
    this.#output.pingAck(frame.bytes, frame.at);
    if (this.#pings.allows(this.#nowMs, this.#sender.framesSent, this.streams)) return;
    this.#fail(CODE.ENHANCE_YOUR_CALM, "too_many_pings");
  }

  #onWindowUpdate(frame: Frame): void {
    if (frame.end - frame.at !== 4) return this.#fail(CODE.FRAME_SIZE_ERROR, "WINDOW_UPDATE");
    const increment = uint32(frame.bytes, frame.at) & WINDOW_MAX;
    if (frame.stream === 0) {
      if (increment === 0) return this.#fail(CODE.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing");
      if (this.#sender.widenConnection(increment)) return;
      return this.#fail(CODE.FLOW_CONTROL_ERROR, "a window above 2^31-1");
    }
    const stream = this.#streamOf(frame);
    if (stream === null) return;
    if (increment === 0) return this.#reset(stream, CODE.PROTOCOL_ERROR);
    if (!this.#sender.widen(stream.out, increment)) this.#reset(stream, CODE.FLOW_CONTROL_ERROR);
  }

  /** Everything that we have to say on a stream is said. */
  #onSent(id: number): void {
    const stream = this.#streams.get(id) as Stream;
    this.#streams.delete(id);
    if (!stream.ended) this.#output.reset(id, CODE.NO_ERROR); // it need not send the rest
  }

  /** Because of what the client sent on it. */
  #reset(stream: Stream, code: Code): void {
    this.#forget(stream);
    this.#events.push({ kind: "reset", stream: stream.out.id });
    this.#refuse(stream.out.id, code);
  }

  #refuse(id: number, code: Code): void {
    this.#output.reset(id, code);
    this.#spend("too_many_resets");
  }

  #forget(stream: Stream): void {
    this.#sender.forget(stream.out);
    this.#streams.delete(stream.out.id);
  }

  #spend(reason: string, cost = 1): void {
    if (!this.#patience.spend(this.#nowMs, cost)) this.#fail(CODE.ENHANCE_YOUR_CALM, reason);
  }

  #fail(code: Code, reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#output.goAway(this.#lastStream, code, reason);
    for (const stream of this.#streams.values()) this.#sender.forget(stream.out);
    this.#streams.clear();
    this.#events.push({ kind: "failed", reason });
  }
}
