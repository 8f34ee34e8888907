// What a connection has to write, as few runs of bytes as possible: small things share a slab,
// large ones go as they are.

import { FLAG, FRAME, FRAME_HEAD_BYTES } from "./frames.ts";
import type { Code } from "./frames.ts";

const SLAB_BYTES = 16 * 1024;
/** Above this a run of its own is cheaper than a copy. */
const COPY_BYTES_MAX = 4 * 1024;

export class Output {
  #slab = new Uint8Array(SLAB_BYTES);
  #from = 0; // what is before was taken, and belongs to whoever writes it
  #at = 0;
  #runs: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.#at === this.#from && this.#runs.length === 0;
  }

  /** Everything since the last call, in order. Nobody changes these bytes any more. */
  take(): Uint8Array[] {
    this.#cut();
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }

  head(length: number, type: number, flags: number, stream: number): void {
    this.#reserve(FRAME_HEAD_BYTES);
    this.#slab[this.#at++] = length >>> 16;
    this.#slab[this.#at++] = length >>> 8;
    this.#slab[this.#at++] = length;
    this.#slab[this.#at++] = type;
    this.#slab[this.#at++] = flags;
    this.uint32(stream);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#slab[this.#at++] = value >>> 24;
    this.#slab[this.#at++] = value >>> 16;
    this.#slab[this.#at++] = value >>> 8;
    this.#slab[this.#at++] = value;
  }

  /** The bytes must not change afterwards: large ones are not copied. */
  bytes(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > COPY_BYTES_MAX) {
      this.#cut();
      this.#runs.push(bytes.subarray(from, to));
      return;
    }
    this.#reserve(length);
    const slab = this.#slab;
    if (length < 32) for (let at = from; at < to; at++) slab[this.#at++] = bytes[at] as number;
    else {
      slab.set(bytes.subarray(from, to), this.#at);
      this.#at += length;
    }
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.head(6 * values.length, FRAME.SETTINGS, 0, 0);
    for (const [id, value] of values) {
      this.#reserve(2);
      this.#slab[this.#at++] = id >>> 8;
      this.#slab[this.#at++] = id;
      this.uint32(value);
    }
  }

  settingsAck(): void {
    this.head(0, FRAME.SETTINGS, FLAG.ACK, 0);
  }

  pingAck(bytes: Uint8Array, at: number): void {
    this.head(8, FRAME.PING, FLAG.ACK, 0);
    this.bytes(bytes, at, at + 8);
  }

  windowUpdate(stream: number, increment: number): void {
    this.head(4, FRAME.WINDOW_UPDATE, 0, stream);
    this.uint32(increment);
  }

  reset(stream: number, code: Code): void {
    this.head(4, FRAME.RST_STREAM, 0, stream);
    this.uint32(code);
  }

  goAway(lastStream: number, code: Code, reason: string): void {
    this.head(8 + reason.length, FRAME.GOAWAY, 0, 0);
    this.uint32(lastStream);
    this.uint32(code);
    const words = Uint8Array.from(reason, (char) => char.charCodeAt(0));
    this.bytes(words, 0, words.length);
  }

  #cut(): void {
    if (this.#at === this.#from) return;
    this.#runs.push(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }

  #reserve(length: number): void {
    if (this.#at + length <= SLAB_BYTES) return;
    this.#cut();
    this.#slab = new Uint8Array(SLAB_BYTES);
    this.#from = 0;
    this.#at = 0;
  }
}
