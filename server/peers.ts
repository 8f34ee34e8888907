// The links to the other members, wired: what comes from them goes into the queue, and is counted.

import type { Config } from "../core/config.ts";
import type { KvReader } from "../core/contract.ts";
import { findMember, readGenesis } from "../core/membership/membership.ts";
import type { NodeState } from "../core/node-state.ts";
import type { Dial } from "../net/socket/dial.ts";
import {
  createPeerLinks,
  type PeerLinks,
  type PeerLinksOptions,
} from "../net/socket/peers/peer-link.ts";
import { peerLimits } from "../net/socket/peers/peer-sender.ts";
import type { ClusterDescription } from "../net/wire/peers/peer-members.ts";
import type { Log } from "./observe/log.ts";
import type { Metrics } from "./observe/metrics/metrics.ts";
import type { Runtime } from "./runtime.ts";
import type { SnapshotFiles } from "./storage/snapshot-files.ts";
import type { Flags } from "./start/flags/table.ts";

export type LinkParts = Readonly<{
  config: Config;
  flags: Flags;
  terms: PeerLinksOptions["terms"];
  dial: Dial;
  submit: Runtime["submit"];
  snapshots: SnapshotFiles;
  onRemoved: () => void;
  state: () => NodeState;
  kv: KvReader;
  metrics: Metrics;
  log: Log;
}>;

export function linkPeers(parts: LinkParts): PeerLinks {
  const { config, flags, submit, snapshots, state, kv, metrics, log, ...same } = parts;
  return createPeerLinks({
    ...same,
    cluster: config.cluster,
    self: config.node,
    listenUrls: flags["listen-peer-urls"],
    reusePort: flags["socket-reuse-port"],
    onMessage: (from, message) => submit({ kind: "peer.message", from, message }),
    onUnreachable: (peer) => submit({ kind: "peer.unreachable", peer }),
    onLink: (peer, up) => {
      metrics.peers.linked(config.node, peer, up);
      submit({ kind: "peer.link", peer, up });
    },
    onSnapshot: snapshots.receive,
    describe: () => describeCluster(state(), kv),
    log: (line) => log("info", line),
    meter: metrics.peers,
    limits: peerLimits(config.limits),
  });
}

/** For those who join. Null: this one is joining itself. */
function describeCluster({ config, store }: NodeState, kv: KvReader): ClusterDescription | null {
  const { cluster, node } = config;
  if (findMember(store.members, node) === null) return null;
  return { cluster, genesis: readGenesis(kv), members: store.members };
}
