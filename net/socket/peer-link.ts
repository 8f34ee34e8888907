// The members of a cluster talking to each other over plain TCP. Each member dials every other one
// and sends on the connection that it dialled, so that two members share two connections, one per
// direction; a snapshot takes a third. What is sent may be lost, doubled by a reconnect, or late:
// Raft knows that.

import type { Socket } from "node:net";
import type { Member } from "../../core/apply/membership.ts";
import type { ClusterId, NodeId, Term } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import { listen } from "./listen.ts";
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
  onMessage: (from: NodeId, message: Message) => void;
  /** Messages to this peer may have been lost just now, or its connection cannot be had. */
  onUnreachable: (peer: NodeId) => void;
  onSnapshot: SnapshotHandler;
  log: Log;
}>;

export interface PeerLinks {
  /** Where it listens, with the ports that the system chose; rejects with one line if it cannot. */
  readonly listen: () => Promise<readonly string[]>;
  /** Who the members are now, this one among them, and where they listen. */
  readonly setPeers: (members: readonly Member[]) => void;
  /** Sends at the end of this turn of the event loop. To a stranger: nothing happens. */
  readonly send: (to: NodeId, message: Message) => void;
  /** True once the peer has staged the image, durably. */
  readonly sendSnapshot: (to: NodeId, term: Term, chunks: Chunks) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

const LINES_REMEMBERED_MAX = 100;

export function createPeerLinks(
  options: PeerLinksOptions,
  limits: PeerLimits = PEER_LIMITS,
): PeerLinks {
  const { cluster, self, log } = options;
  const senders = new Map<NodeId, PeerSender>();
  const shipments = new Set<Socket>();
  const silenceMs = 2 * limits.silenceMs; // the sender notices first, and dials again
  const receiver = { ...options, silenceMs, logOnce: createOnceLog(log) };
  let listener: Listener | null = null;
  return {
    listen: async () => {
      listener = await listen(options.listenUrls, (socket) => void receiveFrom(socket, receiver));
      return listener.urls;
    },
    setPeers: (members) => setPeers(senders, members, options, limits),
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
      setPeers(senders, [], options, limits);
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
  members: readonly Member[],
  options: PeerLinksOptions,
  limits: PeerLimits,
): void {
  const peers = members.filter(({ id, peerUrls }) => id !== options.self && peerUrls.length > 0);
  for (const [id, sender] of senders) {
    const member = peers.find((each) => each.id === id);
    if (member?.peerUrls.join() === sender.urls.join()) continue;
    sender.close();
    senders.delete(id);
  }
  const { cluster, self, onUnreachable, log } = options;
  for (const { id, peerUrls } of peers) {
    if (senders.has(id)) continue;
    const sender = { cluster, self, peer: id, urls: peerUrls, onUnreachable, log, limits };
    senders.set(id, new PeerSender(sender));
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
