// Whose store is harmed, as far as hashes can tell: a majority of all members that agree is
// believed, whoever else answered is not. Where no majority agrees, nobody can be named.

import type { Index, NodeId } from "../contract.ts";
import type { HashAnswer, RevisionHash } from "./message.ts";

export type Answer = HashAnswer & Readonly<{ member: NodeId }>;

/** What one member has to show where all should show the same. */
export type Showing = Readonly<{ member: NodeId; what: string }>;

/** The whole cluster: somebody is wrong, and nobody knows who. As in etcd. */
export const ANYBODY: NodeId = 0n as NodeId;

/** What was compared, and whom that accuses. */
export type Finding = Readonly<{ revision: number; showings: readonly Showing[] }>;

/** Nobody where all agree. Members that were not heard count as members all the same. */
export function blame(showings: readonly Showing[], members: number): readonly NodeId[] {
  if (showings.every(({ what }) => what === showings[0]?.what)) return [];
  const quorum = Math.floor(members / 2) + 1;
  const holders = (shown: string): number => showings.filter(({ what }) => what === shown).length;
  const believed = showings.find(({ what }) => holders(what) >= quorum);
  if (believed === undefined) return [ANYBODY];
  return showings.filter(({ what }) => what !== believed.what).map(({ member }) => member);
}

/** This member's own position when all that others told of is applied here. */
export type Position = Readonly<{ index: Index; revision: number; compacted: number }>;

/** What the others show beside the hash of one revision, which this member had right after entry
 *  `asked.index`. Hashes are compared only at the same compacted revision: else both may be right.
 *  A store that has applied the same entries must have come as far, and no further. */
export function showingsOf(
  answers: readonly Answer[],
  asked: Pick<RevisionHash, "revision" | "compacted"> & Readonly<{ index: Index }>,
  own: Position,
): readonly Showing[] {
  return answers.flatMap((answer): Showing[] => {
    const { member, index, revision, compacted, hashes } = answer;
    if (index > own.index) return []; // it knows what this member does not know yet
    if (revision > own.revision || compacted > own.compacted) return [{ member, what: "ahead" }];
    if (index >= asked.index && revision < asked.revision) return [{ member, what: "behind" }];
    const shown = hashes.find((each) => each.revision === asked.revision);
    if (shown === undefined || shown.compacted !== asked.compacted) return [];
    return [{ member, what: describeHash(shown.hash) }];
  });
}

/** Newest first, until one is found on which members differ, or all agree. */
export function compareCompactions(
  own: readonly RevisionHash[],
  answers: readonly Answer[],
  self: NodeId,
  members: number,
): Readonly<{ finding: Finding | null; agreed: number | null }> {
  for (const { revision, compacted, hash } of own.toReversed()) {
    const showings = [{ member: self, what: describeHash(hash) }];
    for (const { member, hashes } of answers) {
      const shown = hashes.find((each) => each.revision === revision);
      if (shown === undefined || shown.compacted !== compacted) continue;
      showings.push({ member, what: describeHash(shown.hash) });
    }
    if (blame(showings, members).length > 0) {
      return { finding: { revision, showings }, agreed: null };
    }
    if (showings.length === members) return { finding: null, agreed: revision };
  }
  return { finding: null, agreed: null };
}

export function describeHash(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}
