// What a node tells people. Metrics, logs and screens are made of these; they may all be thrown
// away.

import type { Index, NodeId, Term } from "./contract.ts";
import type { RaftTrace } from "./raft/state.ts";

export type TraceEvent = Readonly<
  | RaftTrace
  | { kind: "booted"; term: Term; commit: Index; applied: Index; lastIndex: Index }
  | { kind: "published" } // this member's name and client URLs are known to the cluster
  | { kind: "log_trimmed"; through: Index }
  | { kind: "snapshot_installed"; index: Index; term: Term }
  | { kind: "snapshot_sending"; to: NodeId; index: Index }
>;
