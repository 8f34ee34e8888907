// The methods of the Cluster service.

import type { ClusterResponse } from "../../../core/api/request-membership.ts";
import type { Member } from "../../../core/membership/membership.ts";
import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import { headerFromWire } from "../convert/convert-response.ts";
import type { Wire } from "../messages/etcd-messages.ts";
import { nodeId } from "../convert/numbers.ts";

type Kind = "member_add" | "member_remove" | "member_update" | "member_promote" | "member_list";
type Members<K extends Kind> = Extract<ClusterResponse, { members: readonly Member[] }> & {
  kind: K;
};

export const CLUSTER_METHODS: Rows<Kind> = {
  member_add: createRow({
    path: "/etcdserverpb.Cluster/MemberAdd",
    http: ["/v3/cluster/member/add"],
    kind: "member_add",
    request: "MemberAddRequest",
    response: "MemberAddResponse",
    fromRequest: (request) => request,
    toRequest: ({ peerUrls, isLearner }) => ({ kind: "member_add", peerUrls, isLearner }),
    fromResponse: (response) => response,
    toResponse: ({ header, member, members }) =>
      member && {
        kind: "member_add",
        header: headerFromWire(header),
        member: memberFromWire(member),
        members: members.map(memberFromWire),
      },
  }),
  member_remove: createRow({
    path: "/etcdserverpb.Cluster/MemberRemove",
    http: ["/v3/cluster/member/remove"],
    kind: "member_remove",
    request: "MemberRemoveRequest",
    response: "MemberRemoveResponse",
    fromRequest: (request) => request,
    toRequest: ({ id }) => ({ kind: "member_remove", id: nodeId(id) }),
    fromResponse: (response) => response,
    toResponse: (wire) => membersFromWire("member_remove", wire),
  }),
  member_update: createRow({
    path: "/etcdserverpb.Cluster/MemberUpdate",
    http: ["/v3/cluster/member/update"],
    kind: "member_update",
    request: "MemberUpdateRequest",
    response: "MemberUpdateResponse",
    fromRequest: (request) => request,
    toRequest: ({ id, peerUrls }) => ({ kind: "member_update", id: nodeId(id), peerUrls }),
    fromResponse: (response) => response,
    toResponse: (wire) => membersFromWire("member_update", wire),
  }),
  member_promote: createRow({
    path: "/etcdserverpb.Cluster/MemberPromote",
    http: ["/v3/cluster/member/promote"],
    kind: "member_promote",
    request: "MemberPromoteRequest",
    response: "MemberPromoteResponse",
    fromRequest: (request) => request,
    toRequest: ({ id }) => ({ kind: "member_promote", id: nodeId(id) }),
    fromResponse: (response) => response,
    toResponse: (wire) => membersFromWire("member_promote", wire),
  }),
  member_list: createRow({
    path: "/etcdserverpb.Cluster/MemberList",
    http: ["/v3/cluster/member/list"],
    kind: "member_list",
    request: "MemberListRequest",
    response: "MemberListResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "member_list", linearizable: wire.linearizable }),
    fromResponse: (response) => response,
    toResponse: (wire) => membersFromWire("member_list", wire),
  }),
};

function membersFromWire<K extends Exclude<Kind, "member_add">>(
  kind: K,
  wire: Wire<"MemberListResponse">,
): Members<K> {
  const members = wire.members.map(memberFromWire);
  return { kind, header: headerFromWire(wire.header), members } as Members<K>;
}

function memberFromWire(wire: Wire<"Member">): Member {
  const { name, peerUrls, clientUrls, isLearner } = wire;
  return { id: nodeId(wire.id), name, peerUrls, clientUrls, isLearner };
}
