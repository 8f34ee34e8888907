// The way to one peer, when the peer is a raw socket that behaves badly.

import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ClusterId, NodeId, Term } from "../../../core/contract.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import type { Message } from "../../../core/raft/message.ts";
import { decodePeerMessage } from "../../wire/peers/peer-frames.ts";
import { encodeAnswer } from "../../wire/peers/peer-hello.ts";
import { createFrameParser, frameOf, framesFrom } from "./frame-stream.ts";
import { createDial, STRANGERS } from "../dial.ts";
import { PEER_LIMITS, PeerSender } from "./peer-sender.ts";
import type { PeerSenderOptions } from "./peer-sender.ts";
import { NO_METER } from "./testing.ts";

const PEER = 2n as NodeId;
const TERM = 1 as Term;
const WELCOME = frameOf(encodeAnswer(null));
const FAST = { pingMs: 20, silenceMs: 100, retryMsMin: 5, retryMsMax: 10, queueBytes: 1 << 20 };

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

describe("a sender", () => {
  it("gives up a connection on which nothing comes back, and dials again", async () => {
    let wasSilent = false;
    const again = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.write(WELCOME); // and never a sign of life
      if (wasSilent) again.resolve();
    });
    const log = (line: string): void => {
      if (line.includes("silent for 100 ms")) wasSilent = true;
    };
    const { unreachable } = send(url, { limits: FAST, log });
    await again.promise;
    expect(unreachable).toContain(PEER);
  });

  it("gives up a connection on which nobody answers the hello", async () => {
    const refused = Promise.withResolvers<void>();
    const url = await serve(() => {});
    const log = (line: string): void => {
      if (line.includes("no answer within 100 ms")) refused.resolve();
    };
    send(url, { limits: FAST, log });
    await refused.promise;
  });

  it("tries the peer's URLs in turn", async () => {
    const reached = Promise.withResolvers<void>();
    const url = await serve(() => reached.resolve());
    send("http://127.0.0.1:1", { limits: FAST, urls: ["http://127.0.0.1:1", url] });
    await reached.promise;
  });

  it("keeps a bounded part of what a peer does not read, and reports the loss", async () => {
    const stalled = Promise.withResolvers<Socket>();
    const url = await serve((socket) => {
      socket.pause();
      socket.write(WELCOME);
      stalled.resolve(socket);
    });
    const { sender, unreachable, opened } = send(url, {
      limits: { ...PEER_LIMITS, queueBytes: 16 << 20 },
    });
    await opened;
    const data = new Uint8Array(1 << 20);
    const count = 60;
    for (let sequence = 0; sequence < count; sequence++) {
      sender.send({ kind: "propose", term: TERM, sequence, data });
      await new Promise(setImmediate);
    }
    expect(unreachable).toEqual([PEER]);
    sender.send({ kind: "timeout_now", term: TERM });
    const kinds = await kindsUntil("timeout_now", await stalled.promise);
    expect(kinds.length).toBeGreaterThan(5);
    expect(kinds.length).toBeLessThan(count - 20);
  });

  it("has room again for what the peer has read", async () => {
    const arrived = Promise.withResolvers<Socket>();
    const url = await serve((socket) => {
      socket.write(WELCOME);
      arrived.resolve(socket);
    });
    const { sender, opened } = send(url, { limits: { ...PEER_LIMITS, queueBytes: 250_000 } });
    const data = new Uint8Array(100_000);
    const read: string[] = [];
    const all = arrived.promise.then((socket) => kindsUntil("timeout_now", socket, read));
    await opened;
    for (let sequence = 0; sequence < 20; sequence += 2) {
      sender.send({ kind: "propose", term: TERM, sequence, data });
      sender.send({ kind: "propose", term: TERM, sequence: sequence + 1, data });
      while (read.length < sequence + 2) await new Promise(setImmediate);
    }
    sender.send({ kind: "timeout_now", term: TERM });
    expect(await all).toHaveLength(21);
  });

  it("drops a message that no peer would take, and says so", async () => {
    const url = await serve((socket) => void socket.write(WELCOME));
    const { sender, lines } = send(url);
    const data = new Uint8Array(MESSAGE_BYTES_MAX);
    sender.send({ kind: "propose", term: TERM, sequence: 1, data });
    expect(lines).toEqual([expect.stringContaining("dropped a propose message of 671088")]);
  });

  it("says the same trouble once, however often it tries", async () => {
    let dials = 0;
    const often = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      dials += 1;
      socket.end(frameOf(encodeAnswer("not you")));
      if (dials === 5) often.resolve();
    });
    const { lines } = send(url, { limits: { ...FAST, silenceMs: 60_000 } });
    await often.promise;
    expect(lines).toEqual([`no connection to member 2, trying again: refused: not you (${url})`]);
  });
});

async function serve(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What arrives from now on, up to a message of this kind. */
async function kindsUntil(
  last: Message["kind"],
  socket: Socket,
  kinds: string[] = [],
): Promise<string[]> {
  for await (const frames of framesFrom(socket, createFrameParser(MESSAGE_BYTES_MAX))) {
    for (const frame of frames) {
      const message = decodePeerMessage(frame); // the hello and the pings are none
      if (message.ok) kinds.push(message.value.kind);
    }
    if (kinds.includes(last)) break;
  }
  return kinds;
}

function send(url: string, options: Partial<PeerSenderOptions> = {}) {
  const lines: string[] = [];
  const unreachable: NodeId[] = [];
  const opened = Promise.withResolvers<void>();
  const sender = new PeerSender({
    cluster: 1n as ClusterId,
    self: 1n as NodeId,
    peer: PEER,
    urls: [url],
    dial: createDial(STRANGERS),
    onMessage: () => undefined,
    onLink: () => undefined,
    onRemoved: () => undefined,
    onUnreachable: (peer) => unreachable.push(peer),
    log: (line) => {
      lines.push(line);
      if (line.startsWith("connected")) opened.resolve();
    },
    meter: NO_METER,
    limits: PEER_LIMITS,
    ...options,
  });
  cleanups.push(() => sender.close());
  return { sender, lines, unreachable, opened: opened.promise };
}
