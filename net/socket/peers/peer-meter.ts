// Who counts what goes to the other members and comes from them.

import type { NodeId } from "../../../core/contract.ts";

export interface PeerMeter {
  readonly sent: (to: NodeId, bytes: number) => void;
  readonly received: (from: NodeId, bytes: number) => void;
  readonly sendFailed: (to: NodeId) => void; // messages to it may be lost, or it is not there
  readonly answered: (by: NodeId, seconds: number) => void; // a sign of life was
}
