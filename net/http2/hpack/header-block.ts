// A header block that comes in several frames (RFC 9113 §4.3): kept until the last one.

import type { Frame } from "../frames.ts";

const FRAMES_MAX = 64; // frames may be empty, and go on for ever: CVE-2024-27316

export class HeaderBlock {
  readonly stream: number;
  readonly ended: boolean;
  readonly #bytesMax: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  /** `ended`: the stream ends with this block. */
  constructor(stream: number, ended: boolean, bytesMax: number) {
    this.stream = stream;
    this.ended = ended;
    this.#bytesMax = bytesMax;
  }

  /** False: that is too much. */
  add(frame: Frame): boolean {
    this.#size += frame.end - frame.at;
    if (this.#pieces.length === FRAMES_MAX || this.#size > this.#bytesMax) return false;
    this.#pieces.push(frame.bytes.slice(frame.at, frame.end));
    return true;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}
