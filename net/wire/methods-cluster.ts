// The methods of the Cluster service.

import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import { memberListResponseFromWire } from "./convert-response.ts";

export const CLUSTER_METHODS: Rows<"member_list"> = {
  member_list: createRow({
    path: "/etcdserverpb.Cluster/MemberList",
    kind: "member_list",
    request: "MemberListRequest",
    response: "MemberListResponse",
    fromRequest: (request) => request,
    toRequest: (wire) => ({ kind: "member_list", linearizable: wire.linearizable }),
    fromResponse: (response) => response,
    toResponse: memberListResponseFromWire,
  }),
};
