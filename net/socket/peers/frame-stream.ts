// Frames on a TCP stream: a length of four bytes (little-endian), then that many bytes.

import type { Socket } from "node:net";

export interface FrameParser {
  /** A longer frame is refused: what the other side can make this one keep. */
  limitBytes: number;
  /** Why nothing more can be read, once something was wrong. */
  readonly failure: () => string | null;
  /** The frames that these bytes complete. They are views: use or copy them at once. */
  readonly push: (data: Buffer) => readonly Buffer[];
}

const HEADER_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** The frame of these bytes. */
export function frameOf(payload: Uint8Array): Buffer {
  return joinFrames([payload]);
}

/** The frames of all these, one behind the other, to be written at once. */
export function joinFrames(payloads: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const payload of payloads) size += HEADER_BYTES + payload.length;
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const payload of payloads) {
    frames.writeUInt32LE(payload.length, at);
    frames.set(payload, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
  }
  return frames;
}

export function createFrameParser(limitBytes: number): FrameParser {
  let held: Buffer = NOTHING; // the beginning of a frame that is not complete, and some room
  let size = 0; // bytes in it
  let needed = HEADER_BYTES; // in all, before looking at them again makes sense
  let failure: string | null = null;

  const parser: FrameParser = {
    limitBytes,
    failure: () => failure,
    push: (data) => {
      if (failure !== null) return [];
      if (size > 0 || data.length < needed) {
        if (size + data.length > held.length) held = grown(held, size, size + data.length, needed);
        data.copy(held, size);
        size += data.length;
        if (size < needed) return [];
      }
      const bytes = size > 0 ? held.subarray(0, size) : data;
      const frames: Buffer[] = [];
      let at = 0;
      needed = HEADER_BYTES;
      while (bytes.length - at >= HEADER_BYTES) {
        const length = bytes.readUInt32LE(at);
        if (length > parser.limitBytes) {
          failure = `a frame of ${length} bytes, the limit is ${parser.limitBytes}`;
          break;
        }
        needed = HEADER_BYTES + length;
        if (bytes.length - at < needed) break;
        frames.push(bytes.subarray(at + HEADER_BYTES, at + needed));
        at += needed;
        needed = HEADER_BYTES;
      }
      const rest = failure === null ? bytes.subarray(at) : NOTHING;
      held = Buffer.from(rest); // the frames are views of what was there before
      size = rest.length;
      return frames;
    },
  };
  return parser;
}

/** Twice the room, but no more than is asked for in all: a frame that comes byte by byte costs no
 *  more than twice its bytes. */
function grown(held: Buffer, size: number, least: number, needed: number): Buffer {
  const room = Buffer.allocUnsafe(Math.max(least, Math.min(2 * held.length, needed)));
  held.copy(room, 0, 0, size);
  return room;
}

/** What arrives, until the other side ends the stream, it breaks, or the parser fails. Reading
 *  waits for the consumer, so that a slow one slows the sender down. */
export async function* framesFrom(
  socket: Socket,
  parser: FrameParser,
): AsyncGenerator<readonly Buffer[], void, void> {
  try {
    for await (const data of socket.iterator({ destroyOnReturn: false })) {
      yield parser.push(data as Buffer);
      if (parser.failure() !== null) return;
    }
  } catch {
    // A connection that breaks has ended: the caller sees that from what is missing.
  }
}
