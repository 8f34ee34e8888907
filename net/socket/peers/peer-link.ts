// The members of a cluster talking to each other over TCP. Each member dials every other one
// and sends on the connection that it dialled, so that two members share two connections, one per
// direction; a snapshot takes a third. Only members are dialled, where the members say that they
// listen. What is sent may be lost, doubled by a reconnect, or late: Raft knows that.

import type { Socket } from "node:net";
import type { Member } from "../../../core/membership/membership.ts";
import type { ClusterId, NodeId, Term } from "../../../core/contract.ts";
import type { Message } from "../../../core/raft/message.ts";
import { encodeAnswer } from "../../wire/peers/peer-hello.ts";
import type { ClusterDescription } from "../../wire/peers/peer-members.ts";
import { isAddress } from "../address.ts";
import type { Dial } from "../dial.ts";
import { listen } from "../listen.ts";
import type { Listener, Log } from "../listen.ts";
import { connectionsFor, createBound } from "../open-files.ts";
import type { DoorTerms } from "../tls/secure-door.ts";
import { frameOf } from "./frame-stream.ts";
import { PeerArrivals } from "./peer-arrivals.ts";
import type { PeerMeter } from "./peer-meter.ts";
import { receiveFrom } from "./peer-receiver.ts";
import { PeerSender } from "./peer-sender.ts";
import type { PeerLimits } from "./peer-sender.ts";
import { shipSnapshot } from "./peer-snapshot.ts";
import type { Chunks, SnapshotHandler } from "./peer-snapshot.ts";

export type PeerLinksOptions = Readonly<{
  cluster: ClusterId;
  self: NodeId;
  listenUrls: readonly string[];
  reusePort: boolean; // let others listen there, too
  terms: Omit<DoorTerms, "farewell"> | null; // of secure URLs
  dial: Dial;
  onMessage: (from: NodeId, message: Message) => void;
  /** Messages to this peer may have been lost just now, or its connection cannot be had. */
  onUnreachable: (peer: NodeId) => void;
  onLink: (peer: NodeId, up: boolean) => void;
  onSnapshot: SnapshotHandler;
  /** The others say that this member is one no more. */
  onRemoved: () => void;
  describe: () => ClusterDescription | null;
  meter: PeerMeter;
  log: Log;
  limits: PeerLimits;
}>;

export interface PeerLinks {
  /** Where it listens, with the ports that the system chose; rejects with one line if it cannot. */
  readonly listen: () => Promise<readonly string[]>;
  /** Who the members are now, this one among them, and where they listen; and who is none any
   *  more, and is told so when it comes. */
  readonly setPeers: (members: readonly Member[], removed: readonly NodeId[]) => void;
  /** Sends at the end of this turn of the event loop. To one that is no member yet: on the
   *  connection that it opened, if it did. */
  readonly send: (to: NodeId, message: Message) => void;
  /** True once the peer has staged the image, durably. */
  readonly sendSnapshot: (to: NodeId, term: Term, chunks: Chunks) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

const LINES_REMEMBERED_MAX = 100;
/** What a removed member has to say for itself until it is hung up on: it may lead still. */
const FAREWELL_MS = 1000;

export function createPeerLinks(options: PeerLinksOptions): PeerLinks {
  const { cluster, self, dial, log, limits } = options;
  const senders = new Map<NodeId, PeerSender>();
  const shipments = new Set<Socket>();
  const arrivals = new PeerArrivals();
  let removed: readonly NodeId[] = [];
  let listener: Listener | null = null;
  const receiver = {
    ...options,
    silenceMs: 2 * limits.silenceMs, // the sender notices first, and dials again
    logOnce: createOnceLog(log),
    isRemoved: (id: NodeId) => removed.includes(id),
    onArrival: (from: NodeId, socket: Socket) => {
      arrivals.arrive(from, socket);
      senders.get(from)?.hurry();
    },
  };
  const terms = options.terms === null ? null : { ...options.terms, farewell };
  const receive = (socket: Socket): void => void receiveFrom(socket, receiver);
  const bound = createBound(connectionsFor(1 / 4), log, () => performance.now());
  return {
    listen: async () => {
      const { listenUrls, reusePort } = options;
      listener = await listen(listenUrls, receive, terms, { bound, reusePort });
      return listener.urls;
    },
    setPeers: (members, gone) => {
      for (const id of gone.filter((each) => !removed.includes(each))) {
        setTimeout(() => arrivals.hangUp(id), FAREWELL_MS).unref();
      }
      removed = gone;
      arrivals.setMembers(members.map(({ id }) => id));
      setPeers(senders, members, options);
    },
    send: (to, message) => {
      const sender = senders.get(to);
      if (sender !== undefined) sender.send(message);
      else if (!removed.includes(to)) arrivals.answer(to, message);
    },
    sendSnapshot: async (to, term, chunks) => {
      const url = senders.get(to)?.url;
      if (url === undefined) return false;
      const shipment = { cluster, from: self, to, term, url, dial, chunks };
      const trouble = await shipSnapshot(shipment, shipments);
      if (trouble !== null) {
        log(`the snapshot for member ${to.toString(16)} did not arrive: ${trouble} (${url})`);
      }
      return trouble === null;
    },
    close: async () => {
      for (const sender of senders.values()) sender.close();
      senders.clear();
      for (const socket of shipments) socket.destroy();
      const ended = listener?.close();
      listener?.cut();
      await ended;
    },
  };
}

/** In the words that etcd's members hear from each other, and why. */
function farewell(reason: string): Uint8Array {
  return frameOf(encodeAnswer(`remote error: tls: bad certificate: ${reason}`));
}

/** A member whose URLs changed is dialled anew. */
function setPeers(
  senders: Map<NodeId, PeerSender>,
  peers: readonly Member[],
  options: PeerLinksOptions,
): void {
  const wanted = new Map<NodeId, readonly string[]>();
  for (const { id, peerUrls } of peers) {
    const urls = peerUrls.filter((url) => isAddress(url));
    if (id !== options.self && urls.length > 0) wanted.set(id, urls);
  }
  for (const [id, sender] of senders) {
    if (wanted.get(id)?.join() === sender.urls.join()) continue;
    sender.closeSoon();
    senders.delete(id);
  }
  for (const [peer, urls] of wanted) {
    if (!senders.has(peer)) senders.set(peer, new PeerSender({ ...options, peer, urls }));
  }
}

/** Says each line once, or again after many others: a stranger that keeps on must fill no disk. */
function createOnceLog(log: Log): Log {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    if (said.size >= LINES_REMEMBERED_MAX) said.clear();
    said.add(line);
    log(line);
  };
}
