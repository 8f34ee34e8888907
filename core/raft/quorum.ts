// The arithmetic of majorities, apart from everything that uses it.

import type { Index, NodeId } from "../contract.ts";
import { assert, must } from "../lib/assert.ts";

export type Verdict = "won" | "lost" | "open";

/** How many of `voters` are a majority. */
export function quorumSize(voters: number): number {
  assert(voters >= 1, `${voters} voters have no majority`);
  return (voters - (voters % 2)) / 2 + 1;
}

/** Did a majority of the voters say so? Everyone counts once, and others do not count. */
export function isQuorum(voters: readonly NodeId[], said: (voter: NodeId) => boolean): boolean {
  let count = 0;
  for (const voter of voters) if (said(voter)) count++;
  return count >= quorumSize(voters.length);
}

/** What an election has come to. `voted` is null for a voter that has not answered. */
export function verdict(
  voters: readonly NodeId[],
  voted: (voter: NodeId) => boolean | null,
): Verdict {
  if (isQuorum(voters, (voter) => voted(voter) === true)) return "won";
  if (isQuorum(voters, (voter) => voted(voter) !== false)) return "open";
  return "lost";
}

/** The highest index that a majority holds, given what each voter holds. */
export function quorumIndex(held: readonly Index[]): Index {
  const descending = held.toSorted((a, b) => b - a);
  return must(descending[quorumSize(held.length) - 1], "a majority is never larger than all");
}
