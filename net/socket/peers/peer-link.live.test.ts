// Members talking over loopback: what arrives, what is refused, and what happens when one leaves.

import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ClusterId, Index, NodeId, Term } from "../../../core/contract.ts";
import type { Message } from "../../../core/raft/message.ts";
import { encodeHello } from "../../wire/peers/peer-hello.ts";
import { frameOf } from "./frame-stream.ts";
import { hostAndPort } from "../address.ts";
import { createDial, STRANGERS } from "../dial.ts";
import { askForMembers } from "./peer-members.ts";
import { createPeerLinks } from "./peer-link.ts";
import type { PeerLinks, PeerLinksOptions } from "./peer-link.ts";
import { PEER_LIMITS } from "./peer-sender.ts";
import { NO_METER } from "./testing.ts";

const CLUSTER = 0xc1n as ClusterId;
const ONE = 1n as NodeId;
const TWO = 0xf000_0000_0000_0002n as NodeId;
const TERM = 7 as Term;
const PATIENCE_MS = 60_000;
const dial = createDial(STRANGERS);

type Heard = Readonly<{ from: NodeId; message: Message }>;
type Node = Readonly<{
  links: PeerLinks;
  url: string;
  heard: Heard[];
  unreachable: NodeId[];
  lines: string[];
  /** Resolves once `check` holds; looked at whenever something happens to this node. */
  until: (check: () => boolean) => Promise<void>;
}>;

const nodes: PeerLinks[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((links) => links.close()));
});

describe("peers", () => {
  it("hear each other's messages, in order", async () => {
    const [one, two] = await startTwo();
    const rounds = Array.from({ length: 300 }, (_, round) => heartbeat(round));
    await connected(one, two);
    for (const message of rounds) one.links.send(TWO, message);
    two.links.send(ONE, heartbeat(1000));
    await two.until(() => two.heard.length === 300);
    await one.until(() => one.heard.length === 1);
    expect(two.heard).toEqual(rounds.map((message) => ({ from: ONE, message })));
    expect(one.heard).toEqual([{ from: TWO, message: heartbeat(1000) }]);
  });

  it("carry large messages whole", async () => {
    const [one, two] = await startTwo();
    await connected(one, two);
    const data = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31) % 251);
    one.links.send(TWO, { kind: "propose", term: TERM, sequence: 1, data });
    await two.until(() => two.heard.length === 1);
    const message = two.heard[0]?.message;
    expect(message?.kind === "propose" && Buffer.compare(message.data, data)).toBe(0);
  });

  it("keep only the newest messages for a peer that cannot be reached", async () => {
    const one = await start(ONE);
    const two = await start(TWO);
    const url = two.url;
    await two.links.close();
    one.links.setPeers([member(TWO, url)], []);
    await one.until(() => one.unreachable.includes(TWO));
    for (let round = 0; round < 1000; round++) one.links.send(TWO, heartbeat(round));
    const again = await start(TWO, { listenUrls: [url] });
    await again.until(() => again.heard.some(({ message }) => roundOf(message) === 999));
    expect(again.heard.length).toBeLessThan(100);
  });

  it("find a peer again that restarts", async () => {
    const [one, two] = await startTwo();
    await connected(one, two);
    await two.links.close();
    await one.until(() => one.unreachable.includes(TWO));
    const again = await start(TWO, { listenUrls: [two.url] });
    await one.until(() => one.lines.filter((line) => line.startsWith("connected")).length === 2);
    one.links.send(TWO, heartbeat(2));
    await again.until(() => again.heard.length === 1);
  });

  it("dial a peer at once that dials them, however long they meant to wait", async () => {
    const two = await start(TWO);
    const { url } = two;
    await two.links.close();
    const limits = { ...PEER_LIMITS, retryMsMin: 2 * PATIENCE_MS, retryMsMax: 2 * PATIENCE_MS };
    const one = await start(ONE, { limits });
    one.links.setPeers([member(TWO, url)], []);
    await one.until(() => one.unreachable.includes(TWO));
    one.links.send(TWO, heartbeat(1));
    const again = await start(TWO, { listenUrls: [url] });
    again.links.setPeers([member(ONE, one.url)], []);
    await again.until(() => again.heard.length === 1);
  });

  it("stop sending to a member that was removed", async () => {
    const [one, two] = await startTwo();
    await connected(one, two);
    one.links.setPeers([member(ONE, one.url)], [TWO]);
    one.links.send(TWO, heartbeat(1));
    expect(await one.links.sendSnapshot(TWO, TERM, [])).toBe(false);
    one.links.setPeers([member(TWO, two.url)], []);
    one.links.send(TWO, heartbeat(2));
    await two.until(() => two.heard.length > 0);
    expect(two.heard.map(({ message }) => roundOf(message))).toEqual([2]);
  });

  it("tell one that was removed, whenever it comes", async () => {
    const told = Promise.withResolvers<void>();
    const one = await start(ONE, { onRemoved: () => told.resolve() });
    const two = await start(TWO);
    two.links.setPeers([member(TWO, two.url)], [ONE]);
    one.links.setPeers([member(TWO, two.url)], []);
    await told.promise;
    one.links.send(TWO, heartbeat(1));
    expect(two.heard).toEqual([]);
  });

  it("answer one that they do not know as a member yet, where it called from", async () => {
    const two = await start(TWO);
    const guest = await start(3n as NodeId);
    guest.links.setPeers([member(TWO, two.url)], []);
    guest.links.send(TWO, heartbeat(1));
    await two.until(() => two.heard.length === 1);
    two.links.send(3n as NodeId, heartbeat(2));
    await guest.until(() => guest.heard.length === 1);
    expect(guest.heard).toEqual([{ from: TWO, message: heartbeat(2) }]);
  });

  it("have few guests, and let the oldest go", async () => {
    const two = await start(TWO);
    const calls: Call[] = [];
    for (let id = 100n; id < 120n; id++) calls.push(await callAs(two.url, id as NodeId));
    await Promise.all(calls.slice(0, 12).map(({ ended }) => ended));
    two.links.send(119n as NodeId, heartbeat(2));
    two.links.send(100n as NodeId, heartbeat(3)); // who has gone
    expect(await calls[19]?.said).toBeGreaterThan(0);
    for (const { end } of calls) end();
  });

  it("keep few connections of one, and let the oldest go", async () => {
    const two = await start(TWO);
    const calls: Call[] = [];
    for (let nth = 0; nth < 5; nth++) calls.push(await callAs(two.url, ONE));
    await Promise.all(calls.slice(0, 2).map(({ ended }) => ended));
    two.links.send(ONE, heartbeat(2));
    expect(await calls[4]?.said).toBeGreaterThan(0);
    for (const { end } of calls) end();
  });

  it("tell whoever wants to join who they are, once they are members themselves", async () => {
    const members = [member(ONE, "http://a:1"), member(TWO, "http://b:2")];
    const description = { cluster: CLUSTER, genesis: members.slice(1), members };
    const one = await start(ONE, { describe: () => description });
    expect(await askForMembers(one.url, PATIENCE_MS, dial)).toEqual({
      ok: true,
      value: description,
    });
    const two = await start(TWO);
    expect(await askForMembers(two.url, PATIENCE_MS, dial)).toMatchObject({
      error: "it is still joining its cluster",
    });
    await two.links.close();
    expect(await askForMembers(two.url, PATIENCE_MS, dial)).toMatchObject({
      error: "nobody listens there",
    });
  });

  it("refuse a member of another cluster, and both say so", async () => {
    const one = await start(ONE);
    const two = await start(TWO, { cluster: 0xc2n as ClusterId });
    one.links.setPeers([member(TWO, two.url)], []);
    one.links.send(TWO, heartbeat(1));
    await one.until(() => one.lines.some((line) => line.includes("refused")));
    const words = "member 1 belongs to cluster c1, this member to c2";
    expect(one.lines[0]).toContain(words);
    expect(two.lines).toEqual([expect.stringContaining(words)]);
    expect(two.heard).toEqual([]);
  });

  it("refuse a member that means somebody else", async () => {
    const one = await start(ONE);
    const two = await start(TWO);
    one.links.setPeers([member(3n as NodeId, two.url)], []);
    await one.until(() => one.lines.length > 0);
    expect(one.lines[0]).toContain("looks for member 3, this is f000000000000002");
  });

  it("cut off whoever sends garbage, with one line, and go on", async () => {
    const [one, two] = await startTwo();
    const hello = { cluster: CLUSTER, from: ONE, to: TWO, purpose: "messages" } as const;
    await sendRaw(two.url, Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await sendRaw(two.url, frameOf(Buffer.from("hello")));
    await sendRaw(two.url, frameOf(encodeHello(hello)), frameOf(Buffer.from("garbage")));
    const oversized = Buffer.from([0xff, 0xff, 0xff, 0xff]);
    await sendRaw(two.url, frameOf(encodeHello(hello)), oversized);
    expect(two.lines.filter((line) => /^(refused|closed)/.test(line))).toEqual([
      "refused a peer connection from 127.0.0.1: it is no detcd member",
      expect.stringMatching(
        /^closed the connection from member 1 at 127.0.0.1: peer frame version/,
      ),
      expect.stringMatching(/a frame of 4294967295 bytes, the limit is 67108864$/),
    ]);
    await connected(one, two);
    one.links.send(TWO, heartbeat(1));
    await two.until(() => two.heard.length === 1);
  });

  it("rejects in one line when the address is taken", async () => {
    const one = await start(ONE);
    await expect(start(TWO, { listenUrls: [one.url] })).rejects.toThrow(
      `cannot listen on ${one.url}: another process uses this port`,
    );
  });
});

describe("a snapshot", () => {
  it("arrives chunk by chunk, and the receiver's word comes back", async () => {
    const received: Uint8Array[] = [];
    const [one] = await startTwo({
      onSnapshot: async (from, term, chunks) => {
        expect([from, term]).toEqual([ONE, TERM]);
        for await (const chunk of chunks) received.push(Uint8Array.from(chunk));
        return received.length === 3;
      },
    });
    const chunks = [1, 200_000, 70].map((size) => new Uint8Array(size).fill(size));
    expect(await one.links.sendSnapshot(TWO, TERM, chunks)).toBe(true);
    expect(received).toEqual(chunks);
    expect(await one.links.sendSnapshot(TWO, TERM, chunks)).toBe(false); // six by now
  });

  it("is read no faster than the receiver stores it", async () => {
    const count = 64;
    let produced = 0;
    let stored = 0;
    let leadMax = 0;
    const [one] = await startTwo({
      onSnapshot: async (_from, _term, chunks) => {
        for await (const chunk of chunks) {
          expect(chunk.length).toBe(1 << 20);
          await new Promise((resolve) => setTimeout(resolve, 5)); // a slow disk
          stored += 1;
        }
        return true;
      },
    });
    function* image(): Generator<Uint8Array> {
      for (; produced < count; produced++) {
        leadMax = Math.max(leadMax, produced - stored);
        yield new Uint8Array(1 << 20);
      }
    }
    expect(await one.links.sendSnapshot(TWO, TERM, image())).toBe(true);
    expect(stored).toBe(count);
    expect(leadMax).toBeLessThan(40); // what the system's own buffers hold
  });

  it("fails on both sides when the sender goes away", async () => {
    const ended = Promise.withResolvers<unknown>();
    const [one, two] = await startTwo({
      onSnapshot: async (_from, _term, chunks) => {
        try {
          let isFirst = true;
          for await (const chunk of chunks) {
            if (isFirst && chunk.length > 0) void one.links.close();
            isFirst = false;
          }
        } catch (error) {
          ended.resolve(error);
          throw error;
        }
        return true;
      },
    });
    expect(await one.links.sendSnapshot(TWO, TERM, endless())).toBe(false);
    expect(await ended.promise).toMatchObject({ message: "the snapshot ended early" });
    await two.until(() => two.lines.some((line) => line.includes("its snapshot ended early")));
  });

  it("fails when the receiver refuses it or cannot be reached", async () => {
    const [one, two] = await startTwo({ onSnapshot: () => Promise.resolve(false) });
    expect(await one.links.sendSnapshot(TWO, TERM, [new Uint8Array(10)])).toBe(false);
    await two.links.close();
    expect(await one.links.sendSnapshot(TWO, TERM, [new Uint8Array(10)])).toBe(false);
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield await Promise.resolve(new Uint8Array(1000));
}

async function startTwo(
  options: Partial<PeerLinksOptions> = {},
): Promise<readonly [one: Node, two: Node]> {
  const one = await start(ONE);
  const two = await start(TWO, options);
  for (const { links } of [one, two])
    links.setPeers([member(ONE, one.url), member(TWO, two.url)], []);
  return [one, two];
}

async function start(self: NodeId, options: Partial<PeerLinksOptions> = {}): Promise<Node> {
  const heard: Heard[] = [];
  const unreachable: NodeId[] = [];
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const look = (): void => watchers.forEach((watcher) => watcher());
  const note = <T>(list: T[], item: T): void => {
    list.push(item);
    look();
  };
  const links = createPeerLinks({
    cluster: CLUSTER,
    self,
    listenUrls: ["http://127.0.0.1:0"],
    reusePort: false,
    terms: null,
    dial,
    onMessage: (from, message) => note(heard, { from, message }),
    onUnreachable: (peer) => note(unreachable, peer),
    meter: NO_METER,
    limits: PEER_LIMITS,
    onLink: () => undefined,
    onSnapshot: () => Promise.resolve(false),
    onRemoved: () => undefined,
    describe: () => null,
    log: (line) => note(lines, line),
    ...options,
  });
  const [url] = await links.listen();
  nodes.push(links);
  const until = (check: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watcher = (): void => {
        if (!check()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  return { links, url: url as string, heard, unreachable, lines, until };
}

async function connected(...pair: Node[]): Promise<void> {
  const isConnected = ({ lines }: Node): boolean =>
    lines.some((line) => line.startsWith("connected"));
  await Promise.all(pair.map((node) => node.until(() => isConnected(node))));
}

function member(id: NodeId, url: string) {
  return { id, name: "", peerUrls: [url], clientUrls: [], isLearner: false };
}

function heartbeat(round: number): Message {
  return { kind: "heartbeat", term: TERM, commit: 3 as Index, round };
}

function roundOf(message: Message): number {
  return message.kind === "heartbeat" ? message.round : -1;
}

type Call = Readonly<{
  said: Promise<number>; // bytes, after the welcome
  ended: Promise<void>;
  end: () => void;
}>;

/** A connection of whoever says that it is `from`, once it was welcomed. */
async function callAs(url: string, from: NodeId): Promise<Call> {
  const { host, port } = hostAndPort(url);
  const hello = { cluster: CLUSTER, from, to: TWO, purpose: "messages" } as const;
  const socket = connect(port, host, () => socket.write(frameOf(encodeHello(hello))));
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  await nextBytes(socket);
  return { said: nextBytes(socket), ended, end: () => void socket.destroy() };
}

function nextBytes(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    socket.once("data", (bytes: Buffer) => resolve(bytes.length));
  });
}

/** Writes one piece after another, each after an answer to the last, until it is hung up on. */
function sendRaw(url: string, ...pieces: Buffer[]): Promise<void> {
  const { host, port } = hostAndPort(url);
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(pieces.shift() as Buffer));
    socket.on("data", () => {
      const piece = pieces.shift();
      if (piece) socket.write(piece);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}
