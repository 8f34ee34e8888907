// The other end of the peers' connections: greets them, then hands on what they say. Whoever sends
// something that is not understood is cut off, with one line in the log.

import type { Socket } from "node:net";
import type { ClusterId, NodeId } from "../../../core/contract.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import type { Message } from "../../../core/raft/message.ts";
import { decodePeerMessage } from "../../wire/peers/peer-frames.ts";
import {
  decodeHello,
  encodeAnswer,
  HELLO_BYTES_MAX,
  REMOVED,
} from "../../wire/peers/peer-hello.ts";
import { encodeDescription } from "../../wire/peers/peer-members.ts";
import type { ClusterDescription } from "../../wire/peers/peer-members.ts";
import type { PeerHello } from "../../wire/peers/peer-hello.ts";
import { createFrameParser, frameOf, framesFrom } from "./frame-stream.ts";
import type { FrameParser } from "./frame-stream.ts";
import type { Log } from "../listen.ts";
import type { PeerMeter } from "./peer-meter.ts";
import { PING } from "./peer-sender.ts";
import { receiveSnapshot } from "./peer-snapshot.ts";
import type { SnapshotHandler } from "./peer-snapshot.ts";

export type PeerReceiverOptions = Readonly<{
  cluster: ClusterId;
  self: NodeId;
  onMessage: (from: NodeId, message: Message) => void;
  onSnapshot: SnapshotHandler;
  /** A connection of this member carries messages from now on. */
  onArrival: (from: NodeId, socket: Socket) => void;
  isRemoved: (id: NodeId) => boolean;
  describe: () => ClusterDescription | null; // null: this member is none of the cluster yet
  meter: PeerMeter;
  log: Log;
  logOnce: Log; // for what a stranger repeats every second
  silenceMs: number; // the sender pings more often: whoever is silent for so long has gone
}>;

type Frames = AsyncGenerator<readonly Buffer[], void, void>;

const ANSWERS_BYTES_MAX = 64 * 1024; // to a peer that asks for signs of life and takes none

/** Serves one connection until it ends. Rejects with nothing but a broken invariant. */
export async function receiveFrom(socket: Socket, options: PeerReceiverOptions): Promise<void> {
  const address = socket.remoteAddress ?? "an unknown address";
  socket.setTimeout(options.silenceMs, () => socket.destroy());
  const parser = createFrameParser(HELLO_BYTES_MAX);
  const frames = framesFrom(socket, parser);
  const hello = await greet(socket, parser, frames, options);
  if (typeof hello === "string") {
    if (hello !== "") options.logOnce(`refused a peer connection from ${address}: ${hello}`);
    socket.end();
    return;
  }
  parser.limitBytes = MESSAGE_BYTES_MAX;
  const name = `member ${hello.from.toString(16)} at ${address}`;
  let trouble: string | null = null;
  if (hello.purpose === "members") {
    const description = options.describe();
    if (description !== null) socket.end(frameOf(encodeDescription(description)));
    return;
  }
  if (hello.purpose === "messages") {
    options.onArrival(hello.from, socket);
    trouble = await receiveMessages(socket, hello.from, frames, options);
  } else {
    const { from, term } = hello;
    trouble = await receiveSnapshot({ socket, frames, from, term, onSnapshot: options.onSnapshot });
  }
  trouble ??= parser.failure();
  if (trouble !== null) options.log(`closed the connection from ${name}: ${trouble}`);
  socket.destroy();
}

/** The hello that was welcomed; or why it was refused, "" where nobody said anything. */
async function greet(
  socket: Socket,
  parser: FrameParser,
  frames: Frames,
  options: PeerReceiverOptions,
): Promise<PeerHello | string> {
  let first: readonly Buffer[] = [];
  while (first.length === 0) {
    const next = await frames.next();
    if (next.done) return parser.failure() === null ? "" : "it is no detcd member";
    first = next.value;
    if (parser.failure() !== null) return "it is no detcd member";
  }
  const hello = decodeHello(first[0] as Buffer);
  const refusal = hello.ok ? whyNot(hello.value, first.length, options) : hello.error;
  socket.write(frameOf(encodeAnswer(refusal)));
  return refusal ?? (hello.ok ? hello.value : "");
}

function whyNot(hello: PeerHello, frames: number, options: PeerReceiverOptions): string | null {
  const { cluster, self } = options;
  if (hello.purpose === "members") {
    return options.describe() === null ? "it is still joining its cluster" : null;
  }
  if (hello.cluster === cluster && options.isRemoved(hello.from)) return REMOVED;
  if (hello.cluster !== cluster) {
    const ids = `${hello.cluster.toString(16)}, this member to ${cluster.toString(16)}`;
    return (
      `member ${hello.from.toString(16)} belongs to cluster ${ids}: ` +
      "compare --initial-cluster and --initial-cluster-token of both"
    );
  }
  if (hello.to !== self) {
    const ids = `member ${hello.to.toString(16)}, this is ${self.toString(16)}`;
    return `member ${hello.from.toString(16)} looks for ${ids}: compare their peer URLs`;
  }
  return frames > 1 ? "it talks before it was welcomed" : null;
}

/** Null when the peer ended the connection, else what was wrong with what it said. */
async function receiveMessages(
  socket: Socket,
  from: NodeId,
  frames: Frames,
  options: PeerReceiverOptions,
): Promise<string | null> {
  for await (const batch of frames) {
    for (const frame of batch) {
      if (frame.length === 0) {
        if (socket.writableLength > ANSWERS_BYTES_MAX) return "it does not read our answers";
        socket.write(PING);
        continue;
      }
      const message = decodePeerMessage(frame);
      if (!message.ok) return message.error;
      options.meter.received(from, frame.length);
      options.onMessage(from, message.value);
    }
  }
  return null;
}
