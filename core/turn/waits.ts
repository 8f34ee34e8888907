// Calls whose answer is certain but not due yet: a compaction that is to be carried out on this
// member, a new leader that is to be in office. Their deadlines are those of every call.

import type { CallId } from "../contract.ts";
import { findCall } from "./calls.ts";
import { NO_HEADER, replicaOf } from "./header.ts";
import type { NodeState } from "../node-state.ts";
import type { Turn } from "./turn.ts";
import { setCalls } from "./set-state.ts";
import { reply } from "./turn.ts";

export type Waits = readonly CallId[]; // oldest first

/** Answers what is due, and forgets who has gone. */
export function serveWaits(turn: Turn): void {
  const { installing } = turn.state;
  const { waits } = turn.state.calls;
  if (waits.length === 0 || installing !== null) return;
  const kept = waits.filter((call) => !serve(turn, call));
  if (kept.length < waits.length) setCalls(turn, { ...turn.state.calls, waits: kept });
}

function serve(turn: Turn, call: CallId): boolean {
  const request = findCall(turn.state.calls.pending, call)?.request;
  const { config, raft, store } = turn.state;
  if (request?.kind === "compact" && isCompacted(turn.state, request.revision)) {
    const header = { ...replicaOf(config, raft), revision: store.mvcc.revision };
    reply(turn, call, { ok: true, value: { kind: "compact", header } });
    return true;
  }
  if (request?.kind === "move_leader" && raft.leader === request.targetId) {
    reply(turn, call, { ok: true, value: { kind: "move_leader", header: NO_HEADER } });
    return true;
  }
  return request === undefined;
}

/** Its rows are gone here, whether by its own walk or by a later one. */
function isCompacted({ store }: NodeState, revision: number): boolean {
  return store.mvcc.compaction.finished >= revision;
}
