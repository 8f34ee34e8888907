// A process that is ended by a signal, as server/main.ts does it: the node is told, and has an
// election timeout to hand over; then everything that it wrote is on disk, and it is gone.

import type { Cluster } from "./cluster.ts";
import type { World } from "../world/world.ts";

/** False: it was down already. */
export function stopNode(
  world: World,
  cluster: Cluster,
  number: number,
  restartAfterMs: number,
): boolean {
  const node = cluster.node(number);
  if (node.status !== "up") return false;
  const { life } = node;
  node.take({ kind: "stopping" });
  world.after(cluster.electionMs * 1000, () => {
    if (node.life === life) node.planCrash("all", 0, restartAfterMs);
  });
  return true;
}
