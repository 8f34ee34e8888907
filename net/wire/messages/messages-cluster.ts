// The messages of the Cluster service (rpc.proto). A change is answered with all members after it.

export const CLUSTER_MESSAGES = {
  Member: {
    id: [1, "uint64"],
    name: [2, "string"],
    peerUrls: [3, "string", "repeated"],
    clientUrls: [4, "string", "repeated"],
    isLearner: [5, "bool"],
  },
  MemberAddRequest: {
    peerUrls: [1, "string", "repeated"],
    isLearner: [2, "bool"],
  },
  MemberAddResponse: {
    header: [1, "ResponseHeader"],
    member: [2, "Member"],
    members: [3, "Member", "repeated"],
  },
  MemberRemoveRequest: {
    id: [1, "uint64"],
  },
  MemberRemoveResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
  MemberUpdateRequest: {
    id: [1, "uint64"],
    peerUrls: [2, "string", "repeated"],
  },
  MemberUpdateResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
  MemberListRequest: {
    linearizable: [1, "bool"],
  },
  MemberListResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
  MemberPromoteRequest: {
    id: [1, "uint64"],
  },
  MemberPromoteResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
} as const;
