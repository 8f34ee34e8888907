// The messages of the Cluster service (rpc.proto). A change is answered with all members after it.

export const CLUSTER_MESSAGES = {
  Member: {
    id: [1, "uint64", "one", "ID"],
    name: [2, "string"],
    peerUrls: [3, "string", "repeated", "peerURLs"],
    clientUrls: [4, "string", "repeated", "clientURLs"],
    isLearner: [5, "bool", "one", "isLearner"],
  },
  MemberAddRequest: {
    peerUrls: [1, "string", "repeated", "peerURLs"],
    isLearner: [2, "bool", "one", "isLearner"],
  },
  MemberAddResponse: {
    header: [1, "ResponseHeader"],
    member: [2, "Member"],
    members: [3, "Member", "repeated"],
  },
  MemberRemoveRequest: {
    id: [1, "uint64", "one", "ID"],
  },
  MemberRemoveResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
  MemberUpdateRequest: {
    id: [1, "uint64", "one", "ID"],
    peerUrls: [2, "string", "repeated", "peerURLs"],
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
    id: [1, "uint64", "one", "ID"],
  },
  MemberPromoteResponse: {
    header: [1, "ResponseHeader"],
    members: [2, "Member", "repeated"],
  },
} as const;
