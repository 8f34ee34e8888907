import type { Config } from "./config.ts";
import type { Index, Millis } from "./contract.ts";
import type { RaftState } from "./raft/state.ts";

/** placeholder: the whole state of a node; screens and invariants read it, only core/ changes it. */
export type NodeState = Readonly<{
  config: Config;
  now: Millis;
  raft: RaftState;
  applied: Index; // the last entry applied (issued to the kv lane)
  appliedDurable: Index; // confirmed by kv.done
}>;
