// What a member does unasked as time goes on, besides Raft and leases: it tells the cluster when
// its own store is full, and, if it leads, that history is old enough to be given up.

import { isRaised, noSpaceAlarm } from "../../apply/alarms.ts";
import { encodeCommand, NOBODY } from "../../apply/commands/command.ts";
import { keep } from "../../mvcc/retention.ts";
import { setUpkeep } from "../../turn/set-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { tellRaft } from "../../turn/turn.ts";

export function tickUpkeep(turn: Turn): void {
  if (turn.state.installing !== null) return;
  weigh(turn);
  keepHistory(turn);
}

/** A member that serves no clients can be the first whose store is full. Only where something was
 *  written: an alarm that was cleared stays so until then. */
function weigh(turn: Turn): void {
  const { store, config, upkeep, raft, life } = turn.state;
  const { revision } = store.mvcc;
  if (revision === upkeep.weighedAt || raft.leader === null) return;
  setUpkeep(turn, { ...turn.state.upkeep, weighedAt: revision });
  if (turn.kv.sizeInUseBytes() < config.limits.quotaBytes) return;
  if (isRaised(store.alarms, "no_space", config.node)) return;
  const command = noSpaceAlarm({ node: config.node, life, call: NOBODY });
  tellRaft(turn, { kind: "propose", data: encodeCommand(command) });
}

/** A compaction of nobody's. */
function keepHistory(turn: Turn): void {
  const { store, config, upkeep, raft, life, now } = turn.state;
  const { revision, compaction } = store.mvcc;
  const { retention } = config.limits;
  const leads = raft.role === "leader";
  const kept = keep(upkeep.compactor, retention, now, revision, compaction.scheduled, leads);
  if (kept.compactor === upkeep.compactor) return;
  setUpkeep(turn, { ...turn.state.upkeep, compactor: kept.compactor });
  if (kept.completed !== null) traceCompaction(turn, kept.completed, true);
  if (kept.compact === null) return;
  traceCompaction(turn, kept.compact, false);
  const origin = { node: config.node, life, call: NOBODY };
  const request = { kind: "compact", revision: kept.compact, physical: false } as const;
  tellRaft(turn, { kind: "propose", data: encodeCommand({ kind: "kv", origin, request }) });
}

function traceCompaction(turn: Turn, revision: number, completed: boolean): void {
  const event = { kind: "auto_compaction", revision, completed } as const;
  turn.effects.push({ kind: "trace", event });
}
