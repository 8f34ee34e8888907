// The snapshot pump: one connection carries one KV image to a follower that is too far behind.
// Chunks move no faster than the receiver stores them, so that an image of any size needs little
// memory.
//
// hello ─► ◄─ welcome   chunk ─► chunk ─► … ─► an empty frame ─►   ◄─ one byte: 1 staged, 0 not

import type { Socket } from "node:net";
import type { ClusterId, NodeId, Term } from "../../../core/contract.ts";
import { assert } from "../../../core/lib/assert.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import { decodeAnswer, encodeHello, HELLO_BYTES_MAX } from "../../wire/peers/peer-hello.ts";
import { plainBytes } from "../../wire/protobuf/plain-bytes.ts";
import { createFrameParser, frameOf, framesFrom } from "./frame-stream.ts";
import type { Dial } from "../dial.ts";
import { reasonOf } from "../listen.ts";
import { PING } from "./peer-sender.ts";

/** Stores the image; true once it is staged, durably. Ends early, by an exception of the iteration,
 *  when the connection breaks. */
export type SnapshotHandler = (
  from: NodeId,
  term: Term,
  chunks: AsyncIterable<Uint8Array>,
) => Promise<boolean>;

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

type Frames = AsyncGenerator<readonly Buffer[], void, void>;

const END = PING; // an empty frame: no chunk is empty
const SILENCE_MS_MAX = 60_000; // the receiver may be writing to a slow disk

export type SnapshotShipment = Readonly<{
  cluster: ClusterId;
  from: NodeId;
  to: NodeId;
  term: Term;
  url: string;
  dial: Dial;
  chunks: Chunks;
}>;

/** Null when the receiver has staged the image, else why not. Rejects only if `chunks` does. While
 *  it runs, its socket is in `sockets`: destroying it cuts the shipment short. */
export async function shipSnapshot(
  shipment: SnapshotShipment,
  sockets: Set<Socket>,
): Promise<string | null> {
  const { cluster, from, to, term, url, dial } = shipment;
  const socket = dial(url);
  let trouble = "the connection broke";
  socket.on("error", (error) => (trouble = reasonOf(error)));
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy(new Error("the receiver is silent")));
  sockets.add(socket);
  try {
    const answers = framesFrom(socket, createFrameParser(HELLO_BYTES_MAX));
    socket.write(frameOf(encodeHello({ cluster, from, to, purpose: "snapshot", term })));
    const answer = await nextFrame(answers);
    const refusal = answer === null ? trouble : decodeAnswer(answer);
    if (refusal !== null) return refusal;
    for await (const chunk of shipment.chunks) {
      assert(chunk.length <= MESSAGE_BYTES_MAX, `a chunk of ${chunk.length} bytes`);
      if (chunk.length > 0 && !(await written(socket, frameOf(chunk)))) return trouble;
    }
    if (!(await written(socket, END))) return trouble;
    const verdict = await nextFrame(answers);
    if (verdict === null) return trouble;
    return verdict[0] === 1 ? null : "the receiver could not use it";
  } finally {
    sockets.delete(socket);
    socket.destroy();
  }
}

export type SnapshotArrival = Readonly<{
  socket: Socket;
  frames: Frames;
  from: NodeId;
  term: Term;
  onSnapshot: SnapshotHandler;
}>;

/** Null when all went well, else what to say to the operator. */
export async function receiveSnapshot(arrival: SnapshotArrival): Promise<string | null> {
  const { socket, frames, from, term } = arrival;
  socket.setTimeout(SILENCE_MS_MAX);
  let isBroken = false;
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    for await (const batch of frames) {
      for (const frame of batch) {
        if (frame.length === 0) return;
        yield plainBytes(frame);
      }
    }
    isBroken = true;
    throw new Error("the snapshot ended early");
  }
  const isStaged = await arrival.onSnapshot(from, term, chunks()).catch((error: unknown) => {
    if (isBroken) return false;
    throw error;
  });
  await new Promise<void>((resolve) => {
    socket.end(frameOf(Buffer.from([isStaged ? 1 : 0])), () => resolve());
    socket.once("close", resolve);
  });
  return isBroken ? "its snapshot ended early" : null;
}

async function nextFrame(frames: Frames): Promise<Buffer | null> {
  for (;;) {
    const next = await frames.next();
    if (next.done) return null;
    if (next.value[0] !== undefined) return next.value[0];
  }
}

/** Waits until the system has taken the bytes; false when the connection broke. */
function written(socket: Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    socket.write(bytes, (error) => resolve(!error));
  });
}
