// The sending half of a connection: answers wait here, stream by stream, until the client's two
// windows (its connection's and the stream's) have room for their bytes, and the socket has written
// what went before. Streams that wait for the connection take turns, a frame each.

import { FLAG, FRAME, FRAME_BYTES_MAX, WINDOW_INITIAL, WINDOW_MAX } from "./frames.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { OutgoingFields } from "./hpack/encoder.ts";
import type { Output } from "./output.ts";

/** What a stream has to send, and what its client lets it send. */
export type Outgoing = {
  readonly id: number;
  window: number; // negative when the client made the windows of all streams smaller
  pieces: Uint8Array[];
  first: number; // those before have left
  at: number; // in the first piece
  waiting: boolean;
  trailers: OutgoingFields | null; // what follows the last byte, and ends the stream
};

/** What is made into frames before the socket has written it: a client with a large window would
 *  else hold up everybody else by one large answer. */
export const ROOM_BYTES: number = 1024 * 1024;
/** Pieces that have left are kept until there are so many. */
const PIECES_KEPT_MAX = 64;

export class Sender {
  readonly #output: Output;
  readonly #onEnd: (stream: Outgoing) => void;
  readonly #onRoom: (stream: Outgoing) => void;
  readonly #encoder = new HpackEncoder();
  #window = WINDOW_INITIAL;
  #room = ROOM_BYTES; // for what the socket has not written
  #windowInitial = WINDOW_INITIAL;
  #frameBytesMax = FRAME_BYTES_MAX;
  #framesSent = 0;
  readonly #waiting = new Set<Outgoing>(); // for the connection, in their turns

  /** `onEnd` is told that everything of a stream is in the output, `onRoom` that all is that had to
   *  wait for a window. */
  constructor(
    output: Output,
    onEnd: (stream: Outgoing) => void,
    onRoom: (stream: Outgoing) => void,
  ) {
    this.#output = output;
    this.#onEnd = onEnd;
    this.#onRoom = onRoom;
  }

  /** Of headers and data. */
  get framesSent(): number {
    return this.#framesSent;
  }

  open(id: number): Outgoing {
    const window = this.#windowInitial;
    return { id, window, pieces: [], first: 0, at: 0, waiting: false, trailers: null };
  }

  headers(stream: Outgoing, fields: OutgoingFields): void {
    this.#writeHeaders(stream.id, fields, 0);
  }

  data(stream: Outgoing, pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) if (piece.length > 0) stream.pieces.push(piece);
    if (!stream.waiting) this.#pump(stream);
  }

  /** Nothing may be sent on the stream afterwards. No trailers end an answer that has begun. */
  end(stream: Outgoing, trailers: OutgoingFields): void {
    stream.trailers = trailers;
    if (!stream.waiting) this.#pump(stream);
  }

  /** The stream was reset: what waits is not sent any more. */
  forget(stream: Outgoing): void {
    this.#waiting.delete(stream);
  }

  /** False: more than a window can be. */
  widen(stream: Outgoing, increment: number): boolean {
    stream.window += increment;
    if (stream.window > WINDOW_MAX) return false;
    if (stream.waiting) this.#pump(stream);
    return true;
  }

  widenConnection(increment: number): boolean {
    this.#window += increment;
    if (this.#window > WINDOW_MAX) return false;
    this.#takeTurns();
    return true;
  }

  /** Something waits for the socket. */
  get isHeldBack(): boolean {
    return this.#room <= 0;
  }

  /** The socket has written everything. */
  makeRoom(): void {
    this.#room = ROOM_BYTES;
    this.#takeTurns();
  }

  #takeTurns(): void {
    for (const stream of this.#waiting) {
      if (this.#window <= 0 || this.#room <= 0) break;
      this.#pump(stream, 1); // and to the end of the queue, if it has more
    }
  }

  /** The client's setting, for the streams there are and those that come. */
  setInitialWindow(bytes: number, streams: () => Iterable<Outgoing>): boolean {
    const difference = bytes - this.#windowInitial;
    this.#windowInitial = bytes;
    if (difference === 0) return true;
    for (const stream of streams()) if (!this.widen(stream, difference)) return false;
    return true;
  }

  setFrameBytesMax(bytes: number): void {
    this.#frameBytesMax = bytes;
  }

  limitTable(bytesMax: number): void {
    this.#encoder.limitTable(bytesMax);
  }

  #pump(stream: Outgoing, framesMax = Infinity): void {
    const waited = stream.waiting;
    if (waited) {
      stream.waiting = false;
      this.#waiting.delete(stream);
    }
    for (let frames = 0; stream.pieces.length > 0; frames++) {
      const isFull = this.#window <= 0 || this.#room <= 0;
      if (stream.window <= 0 || isFull || frames === framesMax) {
        stream.waiting = true;
        if (stream.window > 0) this.#waiting.add(stream);
        return;
      }
      this.#writeData(stream, Math.min(stream.window, this.#window, this.#frameBytesMax));
    }
    if (stream.trailers === null) {
      if (waited) this.#onRoom(stream);
      return;
    }
    if (stream.trailers.length > 0) this.#writeHeaders(stream.id, stream.trailers, FLAG.END_STREAM);
    else this.#output.head(0, FRAME.DATA, FLAG.END_STREAM, stream.id);
    this.#onEnd(stream);
  }

  /** One frame of what comes next. Pieces that have left are given up a batch at a time: to move
   *  the others up for each frame would cost the square of their number. */
  #writeData(stream: Outgoing, bytesMax: number): void {
    const { pieces } = stream;
    let length = -stream.at;
    for (let next = stream.first; next < pieces.length && length < bytesMax; next++) {
      length += (pieces[next] as Uint8Array).length;
    }
    length = Math.min(length, bytesMax);
    this.#output.head(length, FRAME.DATA, 0, stream.id);
    this.#framesSent++;
    stream.window -= length;
    this.#window -= length;
    this.#room -= length;
    while (length > 0) {
      const piece = pieces[stream.first] as Uint8Array;
      const end = Math.min(piece.length, stream.at + length);
      this.#output.bytes(piece, stream.at, end);
      length -= end - stream.at;
      stream.at = end;
      if (end < piece.length) break;
      stream.at = 0;
      stream.first++;
    }
    if (stream.first < pieces.length && stream.first < PIECES_KEPT_MAX) return;
    pieces.splice(0, stream.first);
    stream.first = 0;
  }

  #writeHeaders(id: number, fields: OutgoingFields, flags: number): void {
    const block = this.#encoder.encode(fields);
    this.#framesSent++;
    let type: number = FRAME.HEADERS;
    let at = 0;
    do {
      const end = Math.min(block.length, at + this.#frameBytesMax);
      const endHeaders = end === block.length ? FLAG.END_HEADERS : 0;
      const own = type === FRAME.HEADERS ? flags | endHeaders : endHeaders;
      this.#output.head(end - at, type, own, id);
      this.#output.bytes(block, at, end);
      type = FRAME.CONTINUATION;
      at = end;
    } while (at < block.length);
  }
}
