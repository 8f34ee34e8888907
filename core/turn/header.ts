// What stands at the head of an answer: who gives it, and as of which revision and term.

import type { ClusterId, NodeId } from "../contract.ts";
import type { Header } from "../api/request.ts";
import type { Replica } from "../apply/apply.ts";
import type { Config } from "../config.ts";
import type { RaftState } from "../raft/state.ts";

/** What etcd puts on the answers of move-leader and defragment. */
export const NO_HEADER: Header = {
  clusterId: 0n as ClusterId,
  memberId: 0n as NodeId,
  revision: 0,
  raftTerm: 0,
};

export function replicaOf(config: Config, raft: RaftState): Replica {
  return { clusterId: config.cluster, memberId: config.node, raftTerm: raft.term };
}
