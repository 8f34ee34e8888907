// --force-new-cluster: of what a member has kept, a cluster in which it is alone. Entries behind
// the end of its log remove the others, and they are committed as they are written: one record says
// both, so a crash leaves the old cluster or the new one. They are applied as any others are, and
// before that nobody is served, for nobody stands for election who knows of a change that he has
// not applied.
//
// What is in the log and not known to be committed is kept: somebody may have been told of it.

import type { Config } from "../config.ts";
import type { Index, Result } from "../contract.ts";
import { decodeCommand, encodeCommand, NOBODY } from "../apply/commands/command.ts";
import {
  isMembershipCommand,
  type MembershipCommand,
} from "../apply/commands/command-membership.ts";
import { changeMembers } from "../membership/change-members.ts";
import { findMember, type Membership } from "../membership/membership.ts";
import type { Entry, HardState } from "../raft/message.ts";

export type Forced = Readonly<{ hard: HardState; entries: readonly Entry[] }>;

/** What the log gets, and the hard state that comes with it. No entries: it is alone already, or
 *  it has no log yet, and begins a cluster as its flags say. */
export function forceNewCluster(
  { node }: Config,
  seed: bigint,
  applied: Membership & Readonly<{ applied: Index }>,
  hard: HardState,
  entries: readonly Entry[],
): Result<Forced, string> {
  const membership = membershipAfter(applied, entries);
  const { members } = membership;
  const last = entries.at(-1)?.index ?? applied.applied;
  if (last === 0) return { ok: true, value: { hard, entries: [] } };
  const self = findMember(members, node);
  if (self === null) return { ok: false, error: NOT_IN };
  const origin = { node, life: seed, call: NOBODY };
  const changes: readonly MembershipCommand[] = [
    ...(self.isLearner ? [{ kind: "member_promote", origin, member: node } as const] : []),
    ...members
      .filter(({ id }) => id !== node)
      .map(({ id }) => ({ kind: "member_remove", origin, member: id }) as const),
  ];
  const forced = changes.map((change, at): Entry => {
    const index = (last + 1 + at) as Index;
    return { term: hard.term, index, data: encodeCommand(change) };
  });
  const commit = forced.at(-1)?.index ?? hard.commit;
  return { ok: true, value: { hard: { ...hard, commit }, entries: forced } };
}

/** Once all of them are applied. */
function membershipAfter(
  { applied, members, removed }: Membership & Readonly<{ applied: Index }>,
  entries: readonly Entry[],
): Membership {
  let membership: Membership = { members, removed };
  for (const { index, data } of entries) {
    const command = index > applied ? decodeCommand(data)?.command : undefined;
    if (command === undefined || !isMembershipCommand(command)) continue;
    const changed = changeMembers(membership, command);
    if (changed.ok) membership = changed.value.membership;
  }
  return membership;
}

const NOT_IN =
  "this member was removed from its cluster, so it cannot go on alone: start --force-new-cluster " +
  "on one that was not, or restore a snapshot (npx detcd snapshot restore --help)";
