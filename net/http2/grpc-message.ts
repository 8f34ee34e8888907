// gRPC's framing (a byte of flags, four of length, the message): cuts the DATA of one stream into
// messages. What a message may be is decided from its first five bytes, before any of it is kept.

import { createWriter, reserve, writeRaw } from "../../core/lib/binary.ts";
import type { Writer } from "../../core/lib/binary.ts";

export const PREFIX_BYTES = 5;
/** Of a message whose bytes are not yet allowed to come all, so much room at first. */
const ROOM_BYTES = 4096;

/** `message` is a view where the message came in one piece, good as long as what was fed. */
export type Taken =
  | Readonly<{ kind: "message"; message: Uint8Array }>
  | Readonly<{ kind: "more" }>
  | Readonly<{ kind: "refused"; why: "compressed" | "format" | "too large"; size: number }>;

const MORE: Taken = { kind: "more" };

export class MessageReader {
  readonly #bytesMax: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #prefixLength = 0;
  #flag = 0;
  #size = 0;
  #body: Writer | null = null;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What arrived. All of what arrived before must have been taken. */
  feed(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  /** The next message. After "more" feed more; after "refused" the stream is of no use. */
  take(): Taken {
    while (this.#prefixLength < PREFIX_BYTES) {
      if (this.#at === this.#bytes.length) return MORE;
      this.#readPrefix(this.#bytes[this.#at++] as number);
      if (this.#prefixLength < PREFIX_BYTES) continue;
      const { size } = this;
      if (this.#flag > 1) return { kind: "refused", why: "format", size: this.#flag };
      if (size > this.#bytesMax) return { kind: "refused", why: "too large", size };
      if (this.#flag === 1) return { kind: "refused", why: "compressed", size };
    }
    const end = this.#at + this.missing;
    if (end > this.#bytes.length) return this.#keep();
    const rest = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    this.#prefixLength = 0;
    if (this.#body === null) return { kind: "message", message: rest };
    writeRaw(this.#body, rest);
    const message = this.#body.bytes.subarray(0, this.#body.length);
    this.#body = null;
    return { kind: "message", message };
  }

  /** In the middle of a message. */
  get isPartial(): boolean {
    return this.#prefixLength > 0;
  }

  /** Of the message that has begun. */
  get size(): number {
    return this.#size;
  }

  /** How many bytes the message that has begun still lacks. */
  get missing(): number {
    return this.#size - (this.#body?.length ?? 0);
  }

  /** All of the message that has begun will come: room for it at once. */
  expectAll(): void {
    if (this.#body !== null) reserve(this.#body, this.missing);
  }

  #readPrefix(byte: number): void {
    if (this.#prefixLength === 0) {
      this.#flag = byte;
      this.#size = 0;
    } else this.#size = this.#size * 256 + byte;
    this.#prefixLength++;
  }

  #keep(): Taken {
    this.#body ??= createWriter(Math.min(this.#size, ROOM_BYTES));
    writeRaw(this.#body, this.#bytes.subarray(this.#at));
    this.#at = this.#bytes.length;
    return MORE;
  }
}
