// Before a member ends: if it leads, somebody else should. The words are etcd's.

import type { NodeState } from "../../core/node-state.ts";
import type { Log } from "../observe/log.ts";
import type { Runtime } from "../runtime.ts";

const LOOK_MS = 2;

/** Until another one leads, or for as long as `patienceMs`: then the others elect one. */
export async function handOver(
  runtime: Pick<Runtime, "state" | "submit">,
  patienceMs: number,
  log: Log,
): Promise<void> {
  const { raft } = runtime.state;
  if (raft.voters.length < 2) return;
  if (raft.role !== "leader") {
    return log("info", "skipped leadership transfer; local server is not leader");
  }
  log("info", "leadership transfer starting", { "current-leader-member-id": hexOf(raft.leader) });
  runtime.submit({ kind: "stopping" });
  const begunMs = performance.now();
  while (!followsAnother(runtime.state)) {
    if (performance.now() - begunMs > patienceMs) {
      return log("warn", "leadership transfer failed: nobody took over in time");
    }
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
  log("info", "leadership transfer finished", {
    "transferee-member-id": hexOf(runtime.state.raft.leader),
    took: `${(performance.now() - begunMs).toFixed(0)}ms`,
  });
}

function followsAnother({ raft }: NodeState): boolean {
  return raft.role !== "leader" && raft.leader !== null;
}

function hexOf(id: bigint | null): string {
  return id?.toString(16) ?? "";
}
