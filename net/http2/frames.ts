// HTTP/2 frames (RFC 9113 §4, §6): their numbers, and a reader that cuts a stream of bytes, in
// whatever pieces it arrives, into whole frames.

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;
export type Code = (typeof CODE)[keyof typeof CODE];

/** What a client says first. The 24 bytes of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n". */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export const FRAME_HEAD_BYTES = 9;
/** The largest payload that both sides take before they agree on more; ours stays there. */
export const FRAME_BYTES_MAX = 16_384;
export const WINDOW_INITIAL = 65_535;
export const WINDOW_MAX = 0x7fffffff;

/** One object for all frames of a reader: good until the next one is read. */
export type Frame = {
  type: number;
  flags: number;
  stream: number;
  bytes: Uint8Array; // the payload is [at, end)
  at: number;
  end: number;
};

const NOTHING = new Uint8Array(0);

/** Holds one incomplete frame at most. */
export class FrameReader {
  readonly frame: Frame = { type: 0, flags: 0, stream: 0, bytes: NOTHING, at: 0, end: 0 };
  /** A frame said to be longer than allowed: nothing after it can be read. */
  oversize = false;
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headLength = 0;
  #partial: Uint8Array | null = null; // the payload of a frame whose head was read
  #filled = 0;

  /** What arrived. All of what arrived before must have been read. */
  feed(chunk: Uint8Array, from: number): void {
    this.#chunk = chunk;
    this.#at = from;
  }

  /** True: `frame` is the next one. False: more bytes are needed, or the frame is oversize. */
  next(): boolean {
    if (this.#partial !== null) return this.#fill(this.#partial);
    const chunk = this.#chunk;
    if (this.#headLength > 0 || chunk.length - this.#at < FRAME_HEAD_BYTES) {
      if (!this.#fillHead()) return false;
      return this.#begin(this.#readHead(this.#head, 0));
    }
    const length = this.#readHead(chunk, this.#at);
    const at = this.#at + FRAME_HEAD_BYTES;
    this.#at = at;
    if (length > FRAME_BYTES_MAX || chunk.length - at < length) return this.#begin(length);
    this.#at = at + length;
    this.#complete(chunk, at, at + length);
    return true;
  }

  #fillHead(): boolean {
    const { length } = this.#chunk;
    while (this.#headLength < FRAME_HEAD_BYTES && this.#at < length) {
      this.#head[this.#headLength++] = this.#chunk[this.#at++] as number;
    }
    if (this.#headLength < FRAME_HEAD_BYTES) return false;
    this.#headLength = 0;
    return true;
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const { frame } = this;
    frame.type = bytes[at + 3] as number;
    frame.flags = bytes[at + 4] as number;
    frame.stream = uint32(bytes, at + 5) & 0x7fffffff;
    return uint24(bytes, at);
  }

  #begin(length: number): boolean {
    if (length > FRAME_BYTES_MAX) {
      this.oversize = true;
      return false;
    }
    this.#partial = new Uint8Array(length); // its own: what was read before may still be in use
    this.#filled = 0;
    return this.#fill(this.#partial);
  }

  #fill(partial: Uint8Array): boolean {
    const end = Math.min(this.#chunk.length, this.#at + partial.length - this.#filled);
    partial.set(this.#chunk.subarray(this.#at, end), this.#filled);
    this.#filled += end - this.#at;
    this.#at = end;
    if (this.#filled < partial.length) return false;
    this.#partial = null;
    this.#complete(partial, 0, partial.length);
    return true;
  }

  #complete(bytes: Uint8Array, at: number, end: number): void {
    const { frame } = this;
    frame.bytes = bytes;
    frame.at = at;
    frame.end = end;
  }
}

export function uint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | uint24(bytes, at + 1)) >>> 0;
}

function uint24(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8);
  return high | (bytes[at + 2] as number);
}
