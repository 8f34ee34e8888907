import type { Index, NodeId } from "../contract.ts";

/** One follower in the leader's eyes. Invariant: match < next. */
export type Progress = Readonly<{
  id: NodeId;
  mode: "probe" | "replicate" | "snapshot";
  match: Index;
  next: Index;
  active: boolean; // heard from since the last quorum check
  paused: boolean; // probe: one append is out
  inFlight: readonly Index[]; // replicate: the last index of each append not yet answered
  pendingSnapshot: Index; // snapshot: the index being sent, else 0
}>;
