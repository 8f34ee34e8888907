// What a person may do to the cluster, in terms of the screen. sources.ts turns it into faults.

export type Act = Readonly<
  | { kind: "crash"; node: number }
  | { kind: "restart"; node: number }
  | { kind: "isolate"; node: number; direction: "both" | "inbound" | "outbound" }
  | { kind: "split" } // the network in two halves, the leader in the smaller one
  | { kind: "freeze"; node: number }
  | { kind: "fire"; node: number } // its election timer runs out now
  | { kind: "inflate"; node: number } // it campaigns alone and comes back with a high term
  | { kind: "lossy" } // half of all messages are lost for a while
  | { kind: "heal" }
>;
