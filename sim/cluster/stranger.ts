// What arrives at a node's peer port, and from whom it says it is: from another member, or from
// anybody who reaches the port and claims to be one.

import type { Index, NodeId, Term } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import { describeMessage } from "../../core/raft/transcript.ts";
import { decodePeerMessage, encodePeerMessage } from "../../net/wire/peers/peer-frames.ts";
import { bytesOf, hexOf } from "../world/hex.ts";
import type { SimNode } from "./sim-node.ts";

const FAR = Number.MAX_SAFE_INTEGER as Index;
const NONE = 0 as Index;

type Termless<T> = T extends Message ? Omit<T, "term"> : never;
type Claim = Termless<Message>;

/** A frame in the name of the node `as`: any bytes, as hex, so that a schedule stays text. */
export type StrangerFault = Readonly<{
  kind: "stranger";
  atMs: number;
  node: number | "leader";
  as: number;
  frame: string;
}>;

/** Terms that nobody came to by elections. */
export const FAR_TERMS: readonly Term[] = [2 ** 20, 2 ** 21, 2 ** 32, 2 ** 52, FAR] as Term[];

/** Words whose sender's term counts. All else in them is out of all measure, or nothing. */
export const CLAIMS: readonly Claim[] = [
  { kind: "heartbeat_response", round: FAR },
  { kind: "heartbeat", commit: FAR, round: FAR },
  { kind: "append", previousIndex: NONE, previousTerm: 0 as Term, entries: [], commit: FAR },
  { kind: "append_response", rejected: true, index: FAR, hintIndex: NONE, hintTerm: 0 as Term },
  { kind: "vote", lastIndex: FAR, lastTerm: 0 as Term, transfer: true },
  { kind: "vote_response", granted: false },
  { kind: "pre_vote_response", granted: false },
  { kind: "timeout_now" },
];

/** Damaged on its way, or no frame at all: as if it were lost. */
export function hear(node: SimNode, from: NodeId, frame: Uint8Array): void {
  const decoded = decodePeerMessage(frame);
  if (decoded.ok) node.take({ kind: "peer.message", from, message: decoded.value });
}

/** False: it speaks to itself, or nobody is there. */
export function hearStranger(node: SimNode, { as, frame }: StrangerFault, from: NodeId): boolean {
  if (as === node.number || node.status === "crashed") return false;
  hear(node, from, bytesOf(frame));
  return true;
}

export function frameText(message: Claim & Readonly<{ term: Term }>): string {
  return hexOf(encodePeerMessage(message));
}

export function strangerText({ as, frame }: StrangerFault): string {
  const decoded = decodePeerMessage(bytesOf(frame));
  return `from a stranger as node ${as}: ${decoded.ok ? describeMessage(decoded.value) : frame}`;
}
