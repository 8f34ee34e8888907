import type { Member } from "../core/apply/membership.ts";
import type { NodeId } from "../core/contract.ts";
import type { Message } from "../core/raft/message.ts";
export interface PeerLinks {
  readonly send: (to: NodeId, message: Message) => void;
  readonly setMembers: (members: readonly Member[]) => void;
  readonly close: () => Promise<void>;
}
export async function createPeerLinks(_options: unknown): Promise<PeerLinks> {
  return { send: () => undefined, setMembers: () => undefined, close: async () => undefined };
}
