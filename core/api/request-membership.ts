// The calls of the Cluster service, as plain data.

import type { NodeId } from "../contract.ts";
import type { Member } from "../membership/membership.ts";
import type { Header } from "./request.ts";

export type MembershipRequest = Readonly<
  | { kind: "member_add"; peerUrls: readonly string[]; isLearner: boolean }
  | { kind: "member_remove"; id: NodeId }
  | { kind: "member_update"; id: NodeId; peerUrls: readonly string[] }
  | { kind: "member_promote"; id: NodeId }
>;
export type ClusterRequest =
  MembershipRequest | Readonly<{ kind: "member_list"; linearizable: boolean }>;

/** The members are those after the change. No revision is shown. */
export type ClusterResponse = Readonly<
  | { kind: "member_add"; header: Header; member: Member; members: readonly Member[] }
  | Members<"member_remove">
  | Members<"member_update">
  | Members<"member_promote">
  | Members<"member_list">
>;
type Members<Kind extends string> = Readonly<{
  kind: Kind;
  header: Header;
  members: readonly Member[];
}>;

export function isMembershipRequest(request: { kind: string }): request is MembershipRequest {
  return (
    request.kind === "member_add" ||
    request.kind === "member_remove" ||
    request.kind === "member_update" ||
    request.kind === "member_promote"
  );
}
