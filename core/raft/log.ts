import type { Index, Term } from "../contract.ts";
import type { Entry } from "./message.ts";

/** (see the file's owner: chunks of entries) */
export type Log = Readonly<{
  compactedIndex: Index; // everything up to here lives in the KV image
  compactedTerm: Term;
  entries: readonly Entry[];
  durableIndex: Index; // the last entry known to be on this node's disk
  commit: Index;
}>;
