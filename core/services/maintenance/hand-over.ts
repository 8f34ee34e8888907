// A node whose process is about to end. A leader that just went silent would be missed for an
// election timeout, so it hands its office over first, to the voter that it heard of lately and
// that holds most of the log. Nothing waits for that here: the driver sees when somebody else
// leads, and ends whenever it likes.

import type { NodeId } from "../../contract.ts";
import type { RaftState } from "../../raft/state.ts";
import { tellRaft, type Turn } from "../../turn/turn.ts";

export function sayFarewell(turn: Turn): void {
  const to = successorOf(turn.state.raft);
  if (to !== null) tellRaft(turn, { kind: "transfer_leader", to });
}

/** Null: this node does not lead, or nobody could. */
export function successorOf({ role, config, voters, progress }: RaftState): NodeId | null {
  if (role !== "leader") return null;
  let best: (typeof progress)[number] | null = null;
  for (const one of progress) {
    if (one.id === config.id || !one.active || !voters.includes(one.id)) continue;
    if (best === null || one.match > best.match) best = one;
  }
  return best?.id ?? null;
}
