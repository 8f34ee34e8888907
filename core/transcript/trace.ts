// What a node tells people. Metrics, logs and screens are made of these; they may all be thrown
// away.

import type { Request, Response } from "../api/request.ts";
import type { Bytes, Index, LeaseId, NodeId, Term } from "../contract.ts";
import type { Finding } from "../corruption/blame.ts";
import type { MemberChange } from "../apply/apply.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import type { CutOff } from "../storage/torn-tail.ts";
import type { RaftTrace } from "../raft/state.ts";

export type TraceEvent = Readonly<
  | RaftTrace
  | { kind: "booted"; term: Term; commit: Index; applied: Index; lastIndex: Index }
  | ({ kind: "log_cut" } & CutOff) // at boot: the end of the log was not whole
  | { kind: "published" } // this member's name and client URLs are known to the cluster
  | { kind: "lease_ended"; index: Index; lease: LeaseId; ranOut: boolean; ended: Ended }
  | { kind: "inner_write"; index: Index; request: Request; response: Response }
  | { kind: "member_changed"; index: Index; change: MemberChange }
  | { kind: "log_trimmed"; through: Index }
  | { kind: "auto_compaction"; revision: number; completed: boolean }
  | { kind: "compacted"; revision: number } // and its rows are gone
  | { kind: "defragmenting" }
  | { kind: "defragmented"; error: string | null }
  | { kind: "hashes_compared"; check: HashCheck; members: number } // with so many others
  | ({ kind: "corrupt"; check: HashCheck; members: readonly NodeId[] } & Finding)
  | { kind: "snapshot_installed"; index: Index; term: Term }
  | { kind: "snapshot_sending"; to: NodeId; index: Index }
>;

export type HashCheck = "history" | "compactions" | "start";

/** What went with a lease: these keys, at this revision. */
export type Ended = Readonly<{ revision: number; keys: OrderedMap<Bytes, true> }>;
