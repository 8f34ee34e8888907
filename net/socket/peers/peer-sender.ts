// The way to one peer: a connection to send on, kept up for ever. Messages may be lost, so that
// nothing here waits or grows without a bound: when there is no room, the oldest go. A peer that
// does not know this member yet answers on the same connection; any other dials it.

import type { Socket } from "node:net";
import type { Limits } from "../../../core/config.ts";
import type { ClusterId, NodeId } from "../../../core/contract.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import type { Message } from "../../../core/raft/message.ts";
import { decodePeerMessage, encodePeerMessage } from "../../wire/peers/peer-frames.ts";
import {
  decodeAnswer,
  encodeHello,
  HELLO_BYTES_MAX,
  REMOVED,
} from "../../wire/peers/peer-hello.ts";
import type { PeerMeter } from "./peer-meter.ts";
import { createFrameParser, frameOf, framesFrom, joinFrames } from "./frame-stream.ts";
import type { Dial } from "../dial.ts";
import { reasonOf } from "../listen.ts";
import type { Log } from "../listen.ts";

/** Asks for a sign of life, and is one. */
export const PING: Buffer = frameOf(Buffer.alloc(0));

export type PeerLimits = Readonly<{
  pingMs: number; // between two signs of life
  silenceMs: number; // a connection that is silent for so long is taken for dead
  retryMsMin: number; // after the first failure, then twice as long each time
  retryMsMax: number;
  queueBytes: number; // messages that wait for the connection
}>;

export const PEER_LIMITS: PeerLimits = {
  pingMs: 1000,
  silenceMs: 5000,
  retryMsMin: 25,
  retryMsMax: 1000,
  queueBytes: 80 * 1024 * 1024, // with the usual limits ten times what may be in flight
};

/** A queue that has room for all that a leader may have in flight to one follower. */
export function peerLimits({ appendsInFlight, appendBytes, requestBytes }: Limits): PeerLimits {
  const flightBytes = (appendsInFlight + 1) * Math.max(appendBytes, requestBytes);
  return { ...PEER_LIMITS, queueBytes: Math.max(PEER_LIMITS.queueBytes, flightBytes) };
}

const QUEUE_MESSAGES_MAX = 4096;
const QUEUE_MESSAGES_MAX_UNCONNECTED = 64; // older ones would be news of yesterday
const FAREWELL_MS = 1000;
const SOCKET_BYTES_MAX = 1024 * 1024; // written and not yet taken by the system

export type PeerSenderOptions = Readonly<{
  cluster: ClusterId;
  self: NodeId;
  peer: NodeId;
  urls: readonly string[]; // tried in turn
  dial: Dial;
  onMessage: (from: NodeId, message: Message) => void;
  onLink: (peer: NodeId, up: boolean) => void;
  onRemoved: () => void; // the peer says that this member is one no more
  onUnreachable: (peer: NodeId) => void;
  meter: PeerMeter;
  log: Log;
  limits: PeerLimits;
}>;

export class PeerSender {
  readonly urls: readonly string[];
  #url: string; // the one in use, or tried last
  readonly #options: PeerSenderOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #socket: Socket | null = null;
  #isOpen = false; // the peer has welcomed us
  #isClosed = false;
  #isFlushDue = false;
  #isOverflowing = false;
  #failures = 0; // since it was last open
  #lastTrouble: string | null = null; // said once, not at every attempt
  #heardAtMs = 0;
  #askedAtMs: number | null = null; // for the sign of life that has not come yet
  #hurriedAtMs = -Infinity;
  #retry: NodeJS.Timeout | null = null;
  #pulse: NodeJS.Timeout | null = null;

  constructor(options: PeerSenderOptions) {
    this.urls = options.urls;
    this.#url = options.urls[0] as string;
    this.#options = options;
    this.#connect();
  }

  /** Where the peer was met last. */
  get url(): string {
    return this.#url;
  }

  send(message: Message): void {
    const frame = encodePeerMessage(message);
    if (frame.length > MESSAGE_BYTES_MAX) {
      this.#options.log(
        `dropped a ${message.kind} message of ${frame.length} bytes to member ` +
          `${this.#name()}: the limit is ${MESSAGE_BYTES_MAX}`,
      );
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#dropOldest();
    if (this.#isFlushDue || !this.#isOpen) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush(); // all that this turn of the event loop had to say
    });
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  /** What was said last still arrives, if the peer takes it. */
  closeSoon(): void {
    this.#flush();
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const socket = this.#socket;
    socket?.end();
    setTimeout(() => socket?.destroy(), FAREWELL_MS);
  }

  /** The peer has dialled this member, so it is there: the pause before the next attempt is cut
   *  short. Not often, for anybody can say that it is the peer. */
  hurry(): void {
    const isSoon = performance.now() - this.#hurriedAtMs < this.#options.limits.retryMsMax;
    if (this.#retry === null || this.#isClosed || isSoon) return;
    this.#hurriedAtMs = performance.now();
    clearTimeout(this.#retry);
    this.#connect();
  }

  #dropOldest(): void {
    const messagesMax = this.#isOpen ? QUEUE_MESSAGES_MAX : QUEUE_MESSAGES_MAX_UNCONNECTED;
    let isDropping = false;
    while (
      this.#queue.length > messagesMax ||
      (this.#queuedBytes > this.#options.limits.queueBytes && this.#queue.length > 1)
    ) {
      this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
      isDropping = true;
    }
    if (!isDropping || this.#isOverflowing) return;
    this.#isOverflowing = true; // until a flush makes room
    if (!this.#isOpen) return;
    this.#options.meter.sendFailed(this.#options.peer);
    this.#options.onUnreachable(this.#options.peer);
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === null || !this.#isOpen) return;
    while (this.#queue.length > 0 && socket.writableLength < SOCKET_BYTES_MAX) {
      const bytes = joinFrames(this.#takeOldest(SOCKET_BYTES_MAX));
      this.#options.meter.sent(this.#options.peer, bytes.length);
      socket.write(bytes);
      this.#isOverflowing = false;
    }
  }

  /** As many as fit into so many bytes, but at least one. */
  #takeOldest(bytesMax: number): readonly Uint8Array[] {
    let bytes = 0;
    let count = 0;
    for (const frame of this.#queue) {
      if (count > 0 && bytes + frame.length > bytesMax) break;
      bytes += frame.length;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #connect(): void {
    this.#retry = null;
    const url = this.urls[this.#failures % this.urls.length] as string;
    this.#url = url;
    const socket = this.#options.dial(url);
    this.#socket = socket;
    let trouble = "the connection was closed";
    const { silenceMs } = this.#options.limits;
    socket.setTimeout(silenceMs, () => {
      socket.destroy(new Error(`no answer within ${silenceMs} ms`));
    });
    socket.on("error", (error) => (trouble = reasonOf(error)));
    socket.on("drain", () => this.#flush());
    socket.on("close", () => this.#onClose(`${trouble} (${url})`));
    const { cluster, self, peer } = this.#options;
    const hello = { cluster, from: self, to: peer, purpose: "messages" } as const;
    socket.write(frameOf(encodeHello(hello)));
    void this.#listenTo(socket, url);
  }

  /** The answer to our hello, then signs of life, and what the peer says if it does not dial us. */
  async #listenTo(socket: Socket, url: string): Promise<void> {
    const parser = createFrameParser(HELLO_BYTES_MAX);
    for await (const frames of framesFrom(socket, parser)) {
      if (socket.destroyed) return;
      this.#heardAtMs = performance.now();
      for (const frame of frames) {
        if (this.#isOpen) {
          const trouble = this.#hear(frame);
          if (trouble !== null) return void socket.destroy(new Error(trouble));
          continue;
        }
        const refusal = decodeAnswer(frame);
        if (refusal === REMOVED) this.#options.onRemoved();
        if (refusal !== null) return void socket.destroy(new Error(`refused: ${refusal}`));
        parser.limitBytes = MESSAGE_BYTES_MAX;
        this.#onWelcome(socket, url);
      }
    }
    socket.destroy(parser.failure() === null ? undefined : new Error(`sent ${parser.failure()}`));
  }

  /** Null, or what was wrong. */
  #hear(frame: Buffer): string | null {
    if (frame.length === 0) {
      this.#noteAnswer();
      return null; // a sign of life
    }
    this.#options.meter.received(this.#options.peer, frame.length);
    const message = decodePeerMessage(frame);
    if (!message.ok) return message.error;
    this.#options.onMessage(this.#options.peer, message.value);
    return null;
  }

  #onWelcome(socket: Socket, url: string): void {
    this.#isOpen = true;
    this.#failures = 0;
    this.#lastTrouble = null;
    socket.setTimeout(0);
    this.#pulse = setInterval(() => this.#checkPulse(socket), this.#options.limits.pingMs);
    this.#options.onLink(this.#options.peer, true);
    this.#options.log(`connected to member ${this.#name()} at ${url}`);
    this.#flush();
  }

  #checkPulse(socket: Socket): void {
    const { silenceMs } = this.#options.limits;
    const isSilent = performance.now() - this.#heardAtMs > silenceMs;
    if (isSilent) socket.destroy(new Error(`silent for ${silenceMs} ms`));
    else {
      this.#askedAtMs ??= performance.now();
      socket.write(PING);
    }
  }

  #noteAnswer(): void {
    if (this.#askedAtMs === null) return;
    const seconds = (performance.now() - this.#askedAtMs) / 1000;
    this.#options.meter.answered(this.#options.peer, seconds);
    this.#askedAtMs = null;
  }

  #onClose(trouble: string): void {
    if (this.#pulse !== null) clearInterval(this.#pulse);
    this.#pulse = null;
    this.#askedAtMs = null;
    this.#socket = null;
    if (this.#isOpen) this.#options.onLink(this.#options.peer, false);
    this.#isOpen = false;
    if (this.#isClosed) return;
    this.#dropOldest();
    if (trouble !== this.#lastTrouble) {
      this.#options.log(`no connection to member ${this.#name()}, trying again: ${trouble}`);
    }
    this.#lastTrouble = trouble;
    this.#options.meter.sendFailed(this.#options.peer);
    this.#options.onUnreachable(this.#options.peer);
    const { retryMsMin, retryMsMax } = this.#options.limits;
    const waitMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  #name(): string {
    return this.#options.peer.toString(16);
  }
}
