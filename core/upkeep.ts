// What a member does unasked as time goes on, besides Raft and leases: it tells the cluster when
// its own store is full.

import { isRaised, noSpaceAlarm } from "./apply/alarms.ts";
import { encodeCommand, NOBODY } from "./apply/command.ts";
import type { Turn } from "./turn.ts";
import { tellRaft } from "./turn.ts";

export type Upkeep = Readonly<{
  weighedAt: number; // the revision at which the store was last compared with the quota
}>;

export function createUpkeep(revision: number): Upkeep {
  return { weighedAt: revision };
}

export function tickUpkeep(turn: Turn): void {
  if (turn.state.installing !== null) return;
  weigh(turn);
}

/** A member that serves no clients can be the first whose store is full. Only where something was
 *  written: an alarm that was cleared stays so until then. */
function weigh(turn: Turn): void {
  const { store, config, upkeep, raft, life } = turn.state;
  const { revision } = store.mvcc;
  if (revision === upkeep.weighedAt || raft.leader === null) return;
  turn.state = { ...turn.state, upkeep: { ...upkeep, weighedAt: revision } };
  if (turn.kv.sizeInUseBytes() < config.limits.quotaBytes) return;
  if (isRaised(store.alarms, "no_space", config.node)) return;
  const command = noSpaceAlarm({ node: config.node, life, call: NOBODY });
  tellRaft(turn, { kind: "propose", data: encodeCommand(command) });
}
