// One committed change of members → the members after it, or why it changes nothing. Every replica
// decides alike, by what it has applied; whether the change is wise was asked before it was
// proposed (core/membership/reconfiguration.ts). Source of the order of the checks: etcd
// server/etcdserver/api/membership/cluster.go, ValidateConfigurationChange.

import type { KvWrite, NodeId, Result } from "../contract.ts";
import { ERRORS } from "../api/errors.ts";
import type { ApiError } from "../api/errors.ts";
import type { MembershipCommand } from "../apply/commands/command-membership.ts";
import type { Member, Membership } from "./membership.ts";
import {
  configurationOf,
  findMember,
  putMember,
  putRemoved,
  withMember,
  withoutMember,
} from "./membership.ts";

export type Changed = Readonly<{
  membership: Membership;
  member: Member; // as it is now, or was
  writes: readonly KvWrite[];
}>;

/** As in etcd, more of them would only cost the leader. */
const LEARNERS_MAX = 1;

export function changeMembers(membership: Membership, command: MembershipCommand): Result<Changed> {
  if (membership.removed.includes(command.member)) return refused(ERRORS.MemberNotFound);
  const known = findMember(membership.members, command.member);
  if (command.kind === "member_add") {
    return known === null ? add(membership, command) : refused(ERRORS.MemberExist);
  }
  if (known === null) return refused(ERRORS.MemberNotFound);
  switch (command.kind) {
    case "member_remove":
      return remove(membership, known);
    case "member_update": {
      const { peerUrls } = command;
      if (isTaken(membership, peerUrls, known.id)) return refused(ERRORS.PeerURLExist);
      return put(membership, { ...known, peerUrls });
    }
    case "member_promote":
      if (!known.isLearner) return refused(ERRORS.MemberNotLearner);
      return put(membership, { ...known, isLearner: false });
  }
}

function add(
  membership: Membership,
  { member: id, peerUrls, isLearner }: Extract<MembershipCommand, { kind: "member_add" }>,
): Result<Changed> {
  if (isTaken(membership, peerUrls, id)) return refused(ERRORS.PeerURLExist);
  const { learners } = configurationOf(membership.members);
  if (isLearner && learners.length >= LEARNERS_MAX) return refused(ERRORS.TooManyLearners);
  return put(membership, { id, name: "", peerUrls, clientUrls: [], isLearner });
}

/** The last voter stays: without it nothing could ever be committed again. */
function remove(membership: Membership, member: Member): Result<Changed> {
  const after = withoutMember(membership, member.id);
  if (configurationOf(after.members).voters.length === 0) {
    return refused(ERRORS.MemberNotEnoughStarted);
  }
  return { ok: true, value: { membership: after, member, writes: [putRemoved(member.id)] } };
}

function put(membership: Membership, member: Member): Result<Changed> {
  const after = withMember(membership, member);
  return { ok: true, value: { membership: after, member, writes: [putMember(member)] } };
}

function isTaken({ members }: Membership, urls: readonly string[], by: NodeId): boolean {
  return members.some(
    (member) => member.id !== by && member.peerUrls.some((url) => urls.includes(url)),
  );
}

function refused(error: ApiError): Result<never> {
  return { ok: false, error };
}
