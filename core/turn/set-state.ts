// The groups of a node's state, each set in part: what a turn changes is copied, what stands beside
// it in other groups is not.

import type { Calls, Disk, Leadership, Streams, Upkeep } from "../node-state.ts";
import type { Turn } from "./turn.ts";

export function setDisk(turn: Turn, change: Partial<Disk>): void {
  turn.state = { ...turn.state, disk: { ...turn.state.disk, ...change } };
}

export function setCalls(turn: Turn, change: Partial<Calls>): void {
  turn.state = { ...turn.state, calls: { ...turn.state.calls, ...change } };
}

export function setStreams(turn: Turn, change: Partial<Streams>): void {
  turn.state = { ...turn.state, streams: { ...turn.state.streams, ...change } };
}

export function setLeadership(turn: Turn, change: Partial<Leadership>): void {
  turn.state = { ...turn.state, leadership: { ...turn.state.leadership, ...change } };
}

export function setUpkeep(turn: Turn, change: Partial<Upkeep>): void {
  turn.state = { ...turn.state, upkeep: { ...turn.state.upkeep, ...change } };
}
