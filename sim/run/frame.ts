// One moment of a simulated cluster, as plain data that shares structure with its neighbours:
// keeping every frame of a run is cheap, and every screen, report and time machine is a function of
// frames.

import type { NodeId } from "../../core/contract.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Message } from "../../core/raft/message.ts";

/** Virtual time in microseconds since the start of the run. */
export type Micros = number;

export type Frame = Readonly<{
  step: number; // events so far
  time: Micros;
  event: SimEvent; // what led here
  nodes: readonly NodeFrame[]; // by number, 1 first
  flights: readonly Flight[]; // messages under way, soonest arrival first
  cuts: readonly Readonly<{ from: NodeId; to: NodeId }>[]; // directed links that lose everything
}>;

export type NodeFrame = Readonly<{
  id: NodeId;
  number: number; // 1, 2, 3 …: how people call it
  status: "up" | "paused" | "crashed";
  since: Micros; // when this status began
  state: NodeState | null; // when crashed: the last one, for display only
}>;

export type Flight = Readonly<{
  id: number;
  from: NodeId;
  to: NodeId;
  message: Message | null; // null: a snapshot image
  sentAt: Micros;
  arrivesAt: Micros;
}>;

/** One line of the story. `node` is null for what happens between nodes or to the whole. */
export type SimEvent = Readonly<{
  kind: "start" | "input" | "fault" | "client" | "trace" | "violation";
  node: number | null;
  text: string; // made by core/transcript/transcript.ts where it is about a node
}>;
