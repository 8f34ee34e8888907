// The methods of the Maintenance service.

import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import {
  downgradeFromWire,
  downgradeResponseFromWire,
  downgradeToWire,
} from "../convert/convert-downgrade.ts";
import {
  alarmFromWire,
  alarmResponseFromWire,
  alarmResponseToWire,
  alarmToWire,
} from "../convert/convert-alarm.ts";
import { hashKvFromWire, moveLeaderFromWire } from "../convert/convert-request.ts";
import {
  hashKvResponseFromWire,
  hashResponseFromWire,
  headerOnlyFromWire,
  headerOnlyToWire,
  snapshotResponseFromWire,
  statusResponseFromWire,
} from "../convert/convert-response.ts";

export const MAINTENANCE_METHODS: Rows<
  "status" | "alarm" | "downgrade" | "hash" | "hash_kv" | "move_leader" | "defragment" | "snapshot"
> = {
  status: createRow({
    path: "/etcdserverpb.Maintenance/Status",
    http: ["/v3/maintenance/status"],
    kind: "status",
    request: "StatusRequest",
    response: "StatusResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "status" }),
    fromResponse: (response) => response,
    toResponse: statusResponseFromWire,
  }),
  alarm: createRow({
    path: "/etcdserverpb.Maintenance/Alarm",
    http: ["/v3/maintenance/alarm"],
    kind: "alarm",
    request: "AlarmRequest",
    response: "AlarmResponse",
    fromRequest: alarmToWire,
    toRequest: alarmFromWire,
    fromResponse: alarmResponseToWire,
    toResponse: alarmResponseFromWire,
  }),
  downgrade: createRow({
    path: "/etcdserverpb.Maintenance/Downgrade",
    http: ["/v3/maintenance/downgrade"],
    kind: "downgrade",
    request: "DowngradeRequest",
    response: "DowngradeResponse",
    fromRequest: downgradeToWire,
    toRequest: downgradeFromWire,
    fromResponse: (response) => response,
    toResponse: downgradeResponseFromWire,
  }),
  hash: createRow({
    path: "/etcdserverpb.Maintenance/Hash",
    http: ["/v3/maintenance/hash"],
    kind: "hash",
    request: "HashRequest",
    response: "HashResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "hash" }),
    fromResponse: (response) => response,
    toResponse: hashResponseFromWire,
  }),
  hash_kv: createRow({
    path: "/etcdserverpb.Maintenance/HashKV",
    http: ["/v3/maintenance/hashkv"],
    kind: "hash_kv",
    request: "HashKVRequest",
    response: "HashKVResponse",
    fromRequest: (request) => request,
    toRequest: hashKvFromWire,
    fromResponse: (response) => response,
    toResponse: hashKvResponseFromWire,
  }),
  move_leader: createRow({
    path: "/etcdserverpb.Maintenance/MoveLeader",
    http: ["/v3/maintenance/transfer-leadership"],
    kind: "move_leader",
    request: "MoveLeaderRequest",
    response: "MoveLeaderResponse",
    fromRequest: (request) => request,
    toRequest: moveLeaderFromWire,
    fromResponse: headerOnlyToWire,
    toResponse: (wire) => headerOnlyFromWire("move_leader", wire),
  }),
  snapshot: createRow({
    path: "/etcdserverpb.Maintenance/Snapshot",
    http: ["/v3/maintenance/snapshot"],
    kind: "snapshot",
    stream: "server",
    request: "SnapshotRequest",
    response: "SnapshotResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "snapshot" }),
    fromResponse: ({ remainingBytes, blob, version }) => ({ remainingBytes, blob, version }),
    toResponse: snapshotResponseFromWire,
  }),
  defragment: createRow({
    path: "/etcdserverpb.Maintenance/Defragment",
    http: ["/v3/maintenance/defragment"],
    kind: "defragment",
    request: "DefragmentRequest",
    response: "DefragmentResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "defragment" }),
    fromResponse: headerOnlyToWire,
    toResponse: (wire) => headerOnlyFromWire("defragment", wire),
  }),
};
