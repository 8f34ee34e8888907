// Entries that change who belongs to the cluster. Raft knows them by their first byte and looks no
// further: what they say is told to it once they are applied (membership.ts).
//
// One change at a time: a leader appends the next one only when it has applied every change in its
// log, and has committed an entry of its own term. And whoever knows of a committed change that it
// has not applied does not stand for election. core/DECISIONS.md tells why that is enough.

import type { Index } from "../contract.ts";
import { MARKS } from "../lib/entry-mark.ts";
import { entryAt, termAt, type Log } from "./log.ts";
import type { RaftState } from "./state.ts";

export function isChange(data: Uint8Array): boolean {
  return data[0] === MARKS.change;
}

/** Is a change committed here that this node does not act upon yet? */
export function hasUnappliedChange(state: RaftState): boolean {
  return hasChange(state.log, state.configuredAt, state.log.commit);
}

/** May this leader append another change now? */
export function mayChange({ log, term, configuredAt }: RaftState): boolean {
  return termAt(log, log.commit) === term && !hasChange(log, configuredAt, log.lastIndex);
}

function hasChange(log: Log, after: Index, through: Index): boolean {
  const from = Math.max(after, log.compactedIndex) + 1;
  for (let index = from; index <= through; index++) {
    const entry = entryAt(log, index as Index);
    if (entry !== null && isChange(entry.data)) return true;
  }
  return false;
}
