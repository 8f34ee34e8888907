// Who is who in a simulated cluster: ids, names and addresses by number, and each node as it is
// before its first life.

import type { Config } from "../../core/config.ts";
import { createConfig } from "../../core/config.ts";
import type { ClusterId, NodeId } from "../../core/contract.ts";
import type { Member } from "../../core/membership/membership.ts";
import type { SimOptions } from "../options/options.ts";
import { NodeClock } from "../world/clock.ts";
import { SimDisk } from "../world/disk.ts";
import { EMPTY_ROOT, SimKv } from "../world/kv.ts";
import type { InitialData } from "./initial-data.ts";
import { diskOfStock } from "./initial-data.ts";
import type { Surroundings } from "./sim-node.ts";
import { SimNode } from "./sim-node.ts";

const CLUSTER = 0xdec1n;

export function createNode(
  number: number,
  around: Surroundings,
  options: SimOptions,
  stock: InitialData | null,
): SimNode {
  const config = configOf(number, idOf(number), [], options);
  const clock = options.clocks[number - 1] ?? { offsetMs: 0, driftPpm: 0 };
  const isFounder = number <= options.nodes - options.spares;
  const { cluster, node, limits } = config;
  const isStocked = isFounder && stock !== null;
  const image = isStocked ? diskOfStock(stock, { cluster, node }, limits.segmentBytes) : [];
  const parts = {
    clock: new NodeClock(clock.offsetMs, clock.driftPpm),
    disk: new SimDisk(number, around.fates, options.disk, image),
    kv: new SimKv(number, around.fates, "any", isStocked ? stock.root : EMPTY_ROOT),
  };
  return new SimNode(number, config, parts, around, isFounder);
}

export function configOf(
  number: number,
  id: NodeId,
  contacts: readonly Member[],
  { node, nodes, spares, strictReconfig }: SimOptions,
): Config {
  const { heartbeatMs, electionMs, snapshotCount, preVote, limits } = node;
  return createConfig({
    cluster: CLUSTER as ClusterId,
    node: id,
    members: foundersOf({ nodes, spares }),
    contacts,
    forceNewCluster: false,
    strictReconfig,
    name: `node-${number}`,
    clientUrls: [`http://node-${number}:2379`],
    version: "3.7.0",
    watchProgressMs: node.progressMs,
    heartbeatMs,
    electionMs,
    snapshotCount,
    catchUpEntries: snapshotCount,
    preVote,
    limits,
  });
}

export function foundersOf({
  nodes,
  spares,
}: Pick<SimOptions, "nodes" | "spares">): readonly Member[] {
  return Array.from({ length: nodes - spares }, (_, at) => memberOf(at + 1));
}

/** Where a member listens tells which node it is. */
export function peerUrlOf(number: number): string {
  return `http://node-${number}:2380`;
}

/** Of a founder. */
function idOf(number: number): NodeId {
  return BigInt(number) as NodeId;
}

function memberOf(number: number): Member {
  const [name, peerUrls] = [`node-${number}`, [peerUrlOf(number)]];
  return { id: idOf(number), name, peerUrls, clientUrls: [], isLearner: false };
}
