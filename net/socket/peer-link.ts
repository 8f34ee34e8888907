// The members of a cluster talking to each other over plain TCP. Each member dials every other one
// and sends on the connection that it dialled, so that two members share two connections, one per
// direction; a snapshot takes a third. What is sent may be lost, doubled by a reconnect, or late:
// Raft knows that.

import type { Socket } from "node:net";
import type { Member } from "../../core/apply/membership.ts";
import type { ClusterId, NodeId, Term } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import type { ClusterDescription } from "../wire/peer-members.ts";
import { isAddress, listen } from "./listen.ts";
import type { Listener, Log } from "./listen.ts";
import { receiveFrom } from "./peer-receiver.ts";
import { PEER_LIMITS, PeerSender } from "./peer-sender.ts";
import type { PeerLimits } from "./peer-sender.ts";
import { shipSnapshot } from "./peer-snapshot.ts";
import type { Chunks, SnapshotHandler } from "./peer-snapshot.ts";

export type PeerLinksOptions = Readonly<{
  cluster: ClusterId;
  self: NodeId;
  listenUrls: readonly string[];
  /** Where the others reach this member, as long as they do not know it from the members. */
  ownUrls: readonly string[];
  onMessage: (from: NodeId, message: Message) => void;
  /** Messages to this peer may have been lost just now, or its connection cannot be had. */
  onUnreachable: (peer: NodeId) => void;
  onLink: (peer: NodeId, up: boolean) => void;
  onSnapshot: SnapshotHandler;
  /** The others say that this member is one no more. */
  onRemoved: () => void;
  describe: () => ClusterDescription | null;
  log: Log;
}>;

export interface PeerLinks {
  /** Where it listens, with the ports that the system chose; rejects with one line if it cannot. */
  readonly listen: () => Promise<readonly string[]>;
  /** Who the members are now, this one among them, and where they listen; and who is none any
   *  more, and is told so when it comes. */
  readonly setPeers: (members: readonly Member[], removed: readonly NodeId[]) => void;
  /** Sends at the end of this turn of the event loop. To a stranger: nothing happens. */
  readonly send: (to: NodeId, message: Message) => void;
  /** True once the peer has staged the image, durably. */
  readonly sendSnapshot: (to: NodeId, term: Term, chunks: Chunks) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

type Peer = Pick<Member, "id" | "peerUrls">;

const LINES_REMEMBERED_MAX = 100;
/** What a removed member has to say for itself until it is hung up on: it may lead still. */
const FAREWELL_MS = 1000;

export function createPeerLinks(
  options: PeerLinksOptions,
  limits: PeerLimits = PEER_LIMITS,
): PeerLinks {
  const { cluster, self, log } = options;
  const senders = new Map<NodeId, PeerSender>();
  const shipments = new Set<Socket>();
  const inbound = new Map<NodeId, Socket>(); // the last one of each
  const guests = new Map<NodeId, Peer>(); // who came without being known as a member
  let members: readonly Peer[] = [];
  let removed: readonly NodeId[] = [];
  let listener: Listener | null = null;
  const dial = (): void => {
    const known = new Set(members.map(({ id }) => id));
    for (const id of [...known, ...removed]) guests.delete(id);
    setPeers(senders, [...members, ...guests.values()], options, limits);
  };
  const receiver = {
    ...options,
    silenceMs: 2 * limits.silenceMs, // the sender notices first, and dials again
    logOnce: createOnceLog(log),
    isRemoved: (id: NodeId) => removed.includes(id),
    onGuest: (from: NodeId, urls: readonly string[], socket: Socket) => {
      inbound.set(from, socket);
      socket.once("close", () => inbound.get(from) === socket && inbound.delete(from));
      if (members.some(({ id }) => id === from)) return;
      guests.set(from, { id: from, peerUrls: urls });
      dial();
    },
  };
  return {
    listen: async () => {
      listener = await listen(options.listenUrls, (socket) => void receiveFrom(socket, receiver));
      return listener.urls;
    },
    setPeers: (now, gone) => {
      for (const id of gone.filter((each) => !removed.includes(each))) {
        const socket = inbound.get(id);
        setTimeout(() => socket?.destroy(), FAREWELL_MS).unref();
      }
      [members, removed] = [now, gone];
      dial();
    },
    send: (to, message) => senders.get(to)?.send(message),
    sendSnapshot: async (to, term, chunks) => {
      const url = senders.get(to)?.url;
      if (url === undefined) return false;
      const shipment = { cluster, from: self, to, term, url, chunks };
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

/** A member whose URLs changed is dialled anew. */
function setPeers(
  senders: Map<NodeId, PeerSender>,
  peers: readonly Peer[],
  options: PeerLinksOptions,
  limits: PeerLimits,
): void {
  const { cluster, self, ownUrls, onUnreachable, onLink, onRemoved, log } = options;
  const wanted = new Map<NodeId, readonly string[]>();
  for (const { id, peerUrls } of peers) {
    const urls = peerUrls.filter((url) => isAddress(url));
    if (id !== self && urls.length > 0) wanted.set(id, urls);
  }
  for (const [id, sender] of senders) {
    if (wanted.get(id)?.join() === sender.urls.join()) continue;
    sender.closeSoon();
    senders.delete(id);
  }
  const common = { cluster, self, ownUrls, onUnreachable, onLink, onRemoved, log, limits };
  for (const [peer, urls] of wanted) {
    if (!senders.has(peer)) senders.set(peer, new PeerSender({ ...common, peer, urls }));
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
