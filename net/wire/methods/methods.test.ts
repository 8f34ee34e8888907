// Requests and answers through their bytes and back, and the words for what cannot be served.

import type { Member } from "../../../core/membership/membership.ts";
import { describe, expect, it } from "vitest";
import {
  ERRORS,
  GRPC,
  malformed,
  malformedItem,
  messageTooLarge,
} from "../../../core/api/errors.ts";
import type { Compare, Header, Request, RequestOp, Response } from "../../../core/api/request.ts";
import type { Bytes, ClusterId, LeaseId, NodeId } from "../../../core/contract.ts";
import { fromText } from "../../../core/lib/bytes.ts";
import { CODEC } from "../messages/etcd-messages.ts";
import { REQUEST_ITEMS_MAX } from "./method-row.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  errorFromStatus,
  findMethod,
  pathOf,
} from "./methods.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const NOTHING = new Uint8Array(0);
const KEY = "\0\xff\x80k" as Bytes;
const NAME = fromText("nød");
const KEY_ROLE = fromText("röle");
const PERMISSION = { type: 2, key: KEY, rangeEnd: "\0" as Bytes };
const RANGE: Request = {
  kind: "range",
  key: KEY,
  rangeEnd: "\0" as Bytes,
  limit: 10,
  revision: -1,
  sortOrder: "descend",
  sortTarget: "mod",
  serializable: true,
  keysOnly: false,
  countOnly: true,
  minModRevision: 1,
  maxModRevision: 2,
  minCreateRevision: 3,
  maxCreateRevision: MAX,
};
const PUT: Request = {
  kind: "put",
  key: KEY,
  value: new Uint8Array([0, 255]),
  lease: -(2n ** 63n),
  prevKv: true,
  ignoreValue: false,
  ignoreLease: true,
};
const DELETE: Request = { kind: "delete_range", key: KEY, rangeEnd: "" as Bytes, prevKv: true };
const COMPARES: readonly Compare[] = [
  { key: KEY, rangeEnd: KEY, result: "not_equal", target: { kind: "version", operand: 0 } },
  { key: KEY, rangeEnd: "" as Bytes, result: "equal", target: { kind: "create", operand: -5 } },
  { key: KEY, rangeEnd: "" as Bytes, result: "less", target: { kind: "mod", operand: MAX } },
  { key: KEY, rangeEnd: KEY, result: "greater", target: { kind: "value", operand: NOTHING } },
  { key: KEY, rangeEnd: KEY, result: "invalid", target: { kind: "lease", operand: -7n } },
  { key: KEY, rangeEnd: KEY, result: "equal", target: { kind: "invalid" } },
];
const OPERATIONS: readonly RequestOp[] = [RANGE, PUT, DELETE, { kind: "empty" }];
const INNER: Request = { kind: "txn", compare: COMPARES, success: OPERATIONS, failure: [] };
const TXN: Request = { ...INNER, failure: [INNER, { kind: "empty" }] };
const CREATE = {
  kind: "create",
  key: KEY,
  rangeEnd: "\0" as Bytes,
  startRevision: -1,
  progressNotify: true,
  noPut: true,
  noDelete: true,
  prevKv: true,
  watchId: -(2n ** 63n),
  fragment: true,
} as const;
const REQUESTS: readonly Request[] = [
  { kind: "range_stream", range: RANGE },
  RANGE,
  { ...RANGE, sortOrder: "invalid", sortTarget: "invalid" },
  PUT,
  DELETE,
  TXN,
  { kind: "lease_grant", id: (2n ** 63n - 1n) as LeaseId, ttlSeconds: MAX },
  { kind: "lease_revoke", id: -1n as LeaseId },
  { kind: "lease_keep_alive", id: -1n as LeaseId },
  { kind: "lease_time_to_live", id: 5n as LeaseId, keys: true },
  { kind: "lease_leases" },
  { kind: "member_add", peerUrls: ["http://p:1", "http://q:1"], isLearner: true },
  { kind: "member_remove", id: (2n ** 64n - 1n) as NodeId },
  { kind: "member_update", id: 7n as NodeId, peerUrls: ["x"] },
  { kind: "member_promote", id: 7n as NodeId },
  { kind: "member_list", linearizable: true },
  { kind: "member_list", linearizable: false },
  { kind: "status" },
  { kind: "alarm", action: "get", memberId: 0n as NodeId, alarm: "none" },
  { kind: "alarm", action: "deactivate", memberId: (2n ** 64n - 1n) as NodeId, alarm: "corrupt" },
  { kind: "alarm", action: "unknown", memberId: 0n as NodeId, alarm: "unknown" },
  { kind: "downgrade", action: "validate", version: "3.6" },
  { kind: "downgrade", action: "cancel", version: "" },
  { kind: "downgrade", action: "unknown", version: "" },
  { kind: "compact", revision: -1, physical: true },
  { kind: "compact", revision: MAX, physical: false },
  { kind: "hash" },
  { kind: "hash_kv", revision: 7 },
  { kind: "move_leader", targetId: (2n ** 64n - 1n) as NodeId },
  { kind: "defragment" },
  { kind: "snapshot" },
  { kind: "auth_enable" },
  { kind: "auth_disable" },
  { kind: "auth_status" },
  { kind: "authenticate", name: NAME, password: "påss" },
  { kind: "user_add", name: NAME, password: "påss", noPassword: false },
  { kind: "user_add", name: NAME, password: "", noPassword: true },
  { kind: "user_get", name: NAME },
  { kind: "user_list" },
  { kind: "user_delete", name: NAME },
  { kind: "user_change_password", name: NAME, password: "p", hashedPassword: "h" },
  { kind: "user_grant_role", name: NAME, role: KEY_ROLE },
  { kind: "user_revoke_role", name: NAME, role: KEY_ROLE },
  { kind: "role_add", name: NAME },
  { kind: "role_get", name: NAME },
  { kind: "role_list" },
  { kind: "role_delete", name: NAME },
  { kind: "role_grant_permission", name: NAME, permission: PERMISSION },
  { kind: "role_grant_permission", name: NAME, permission: null },
  { kind: "role_revoke_permission", name: NAME, key: KEY, rangeEnd: KEY },
  { kind: "watch", ask: CREATE },
  { kind: "watch", ask: { ...CREATE, noPut: false, progressNotify: false, watchId: 0n } },
  { kind: "watch", ask: { kind: "cancel", watchId: 2n ** 63n - 1n } },
  { kind: "watch", ask: { kind: "progress" } },
  { kind: "watch", ask: { kind: "nothing" } },
];

const LEARNER: Member = {
  id: 7n as NodeId,
  name: "",
  peerUrls: ["http://p:1"],
  clientUrls: [],
  isLearner: true,
};
const HEADER: Header = {
  clusterId: (2n ** 64n - 1n) as ClusterId,
  memberId: 0x8e9e05c52164694dn as NodeId,
  revision: 12,
  raftTerm: 3,
};
const INNER_HEADER: Header = {
  ...HEADER,
  clusterId: 0n as ClusterId,
  memberId: 0n as NodeId,
  raftTerm: 0,
};
const KV = {
  key: KEY,
  createRevision: 1,
  modRevision: MAX,
  version: 2,
  value: new Uint8Array([1]),
  lease: -1n,
};
const ANSWERS = {
  range: { kind: "range", header: HEADER, kvs: [KV, KV], more: true, count: 3 },
  put: { kind: "put", header: INNER_HEADER, prevKv: KV },
  delete: { kind: "delete_range", header: INNER_HEADER, deleted: 2, prevKvs: [KV, KV] },
} as const;
const INNER_TXN = {
  kind: "txn",
  header: INNER_HEADER,
  succeeded: true,
  responses: [ANSWERS.put, ANSWERS.delete],
} as const;
const WATCHED = {
  kind: "watch",
  header: HEADER,
  watchId: -1n,
  created: true,
  canceled: true,
  compactRevision: 9,
  cancelReason: "no",
  fragment: true,
} as const;
const RESPONSES: readonly Response[] = [
  { ...ANSWERS.range, kind: "range_stream", isLast: true },
  {
    ...ANSWERS.range,
    kind: "range_stream",
    isLast: false,
    header: { ...INNER_HEADER, revision: 0 },
  },
  ANSWERS.range,
  ANSWERS.put,
  { ...ANSWERS.put, prevKv: null },
  ANSWERS.delete,
  { ...INNER_TXN, succeeded: false, responses: [INNER_TXN, ANSWERS.range] },
  { kind: "lease_grant", header: HEADER, id: -5n as LeaseId, ttlSeconds: 2 },
  { kind: "lease_revoke", header: HEADER },
  { kind: "lease_keep_alive", header: HEADER, id: -5n as LeaseId, ttlSeconds: 2 },
  {
    kind: "lease_time_to_live",
    header: HEADER,
    id: 5n as LeaseId,
    ttlSeconds: -1,
    grantedTtlSeconds: 60,
    keys: [KEY, "" as Bytes],
  },
  { kind: "lease_leases", header: HEADER, leases: [-5n, 5n] as LeaseId[] },
  { kind: "member_add", header: HEADER, member: LEARNER, members: [LEARNER] },
  { kind: "member_remove", header: HEADER, members: [] },
  { kind: "member_update", header: HEADER, members: [LEARNER] },
  { kind: "member_promote", header: HEADER, members: [LEARNER] },
  {
    kind: "member_list",
    header: HEADER,
    members: [
      {
        id: HEADER.memberId,
        name: "nød",
        peerUrls: ["http://p:1", ""],
        clientUrls: [],
        isLearner: false,
      },
      { id: 1n as NodeId, name: "", peerUrls: [], clientUrls: ["http://c:1"], isLearner: false },
    ],
  },
  {
    kind: "status",
    header: HEADER,
    version: "3.6.0",
    dbSize: 1,
    dbSizeInUse: 2,
    leader: HEADER.memberId,
    raftIndex: 3,
    raftTerm: 4,
    raftAppliedIndex: 5,
    errors: ["one", "two"],
    isLearner: true,
    storageVersion: "3.7.0",
    dbSizeQuota: MAX,
    downgradeInfo: { enabled: true, targetVersion: "3.6.0" },
  },
  {
    kind: "alarm",
    header: HEADER,
    alarms: [
      { memberId: HEADER.memberId, alarm: "no_space" },
      { memberId: 1n as NodeId, alarm: "corrupt" },
    ],
  },
  { kind: "downgrade", header: HEADER, version: "3.7" },
  { kind: "compact", header: HEADER },
  { kind: "hash", header: HEADER, hash: 2 ** 32 - 1 },
  { kind: "hash_kv", header: HEADER, hash: 5, compactRevision: -1, hashRevision: 7 },
  { kind: "move_leader", header: HEADER },
  { kind: "defragment", header: HEADER },
  {
    kind: "snapshot",
    header: { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 } as Header,
    remainingBytes: 123_456_789,
    blob: new Uint8Array([1, 2, 3]),
    version: "3.6.0",
  },
  { kind: "auth_enable", header: HEADER },
  { kind: "auth_disable", header: HEADER },
  { kind: "auth_status", header: HEADER, enabled: true, authRevision: 9 },
  { kind: "authenticate", header: HEADER, token: "abc.7" },
  { kind: "user_add", header: HEADER },
  { kind: "user_get", header: HEADER, roles: [NAME, KEY_ROLE] },
  { kind: "user_list", header: HEADER, users: [NAME] },
  { kind: "user_delete", header: HEADER },
  { kind: "user_change_password", header: HEADER },
  { kind: "user_grant_role", header: HEADER },
  { kind: "user_revoke_role", header: HEADER },
  { kind: "role_add", header: HEADER },
  { kind: "role_get", header: HEADER, permissions: [PERMISSION, { ...PERMISSION, type: 0 }] },
  { kind: "role_list", header: HEADER, roles: [KEY_ROLE] },
  { kind: "role_delete", header: HEADER },
  { kind: "role_grant_permission", header: HEADER },
  { kind: "role_revoke_permission", header: HEADER },
  { ...WATCHED, events: [] },
  {
    ...WATCHED,
    watchId: 7n,
    created: false,
    canceled: false,
    cancelReason: "",
    events: [
      { kind: "put", kv: KV, prevKv: null },
      { kind: "delete", kv: { ...KV, value: NOTHING }, prevKv: KV },
    ],
  },
];

describe("a call", () => {
  it.each(REQUESTS)("$kind survives its bytes", (request) => {
    const path = pathOf(request);
    expect(findMethod(path)).toMatchObject({ path, kind: request.kind });
    expect(decodeRequest(path, encodeRequest(request))).toEqual({ ok: true, value: request });
  });

  it.each(RESPONSES)("$kind is answered through bytes", (response) => {
    const path = pathOf({ ...REQUESTS.find(({ kind }) => kind === response.kind) } as Request);
    expect(decodeResponse(path, encodeResponse(response))).toEqual({ ok: true, value: response });
  });

  it("saturates counters that no store can reach, and keeps every bit of identities", () => {
    const bytes = CODEC.encode("RangeRequest", { limit: 2n ** 63n - 1n, revision: -(2n ** 63n) });
    const decoded = decodeRequest("/etcdserverpb.KV/Range", bytes);
    expect(decoded).toMatchObject({
      value: { limit: MAX, revision: Number.MIN_SAFE_INTEGER, sortOrder: "none" },
    });
    const lease = 2n ** 62n + 1n;
    const put = decodeRequest("/etcdserverpb.KV/Put", CODEC.encode("PutRequest", { lease }));
    expect(put).toMatchObject({ value: { lease } });
  });

  it("compares with zero where the operand is another target's", () => {
    const mod = 2;
    const compare = { target: mod, version: 7 };
    const bytes = CODEC.encode("TxnRequest", { compare: [compare] });
    const decoded = decodeRequest("/etcdserverpb.KV/Txn", bytes);
    expect(decoded).toMatchObject({
      value: { compare: [{ target: { kind: "mod", operand: 0 } }] },
    });
  });

  it("has etcd's words for what is not served", () => {
    expect(decodeRequest("/etcdserverpb.Auth/AuthToggle", NOTHING)).toEqual(
      refused("unknown method AuthToggle for service etcdserverpb.Auth"),
    );
    expect(decodeRequest("/a.B/C", NOTHING)).toEqual(refused("unknown service a.B"));
    expect(decodeRequest("nonsense", NOTHING)).toEqual(
      refused('malformed method name: "nonsense"'),
    );
    expect(decodeRequest("//", NOTHING)).toEqual(refused("unknown service "));
    expect(findMethod("/a.B/C")).toBeNull();
    expect(decodeResponse("/a.B/C", NOTHING)).toEqual(refused("unknown service a.B"));
  });

  it("of more operations than any server takes is refused before they are made, as etcd would", () => {
    const path = "/etcdserverpb.KV/Txn";
    expect(decodeRequest(path, emptyTxn(REQUEST_ITEMS_MAX)).ok).toBe(true);
    const error = ERRORS.TooManyOps;
    expect(decodeRequest(path, emptyTxn(REQUEST_ITEMS_MAX + 1))).toEqual({ ok: false, error });
  });

  it("that cannot be read did not happen; with an unreadable answer it may have", () => {
    const bad = Uint8Array.of(0xff);
    const path = "/etcdserverpb.KV/Put";
    const error = malformed("proto: cannot parse invalid wire-format data");
    expect(decodeRequest(path, bad)).toEqual({ ok: false, error });
    const item = malformedItem("proto: cannot parse invalid wire-format data");
    expect(decodeRequest("/etcdserverpb.Watch/Watch", bad)).toEqual({ ok: false, error: item });
    expect(decodeResponse(path, bad)).toEqual({ ok: false, error: { ...item, definite: false } });
    const empty = CODEC.encode("TxnResponse", { responses: [{}] });
    expect(decodeResponse("/etcdserverpb.KV/Txn", empty)).toMatchObject({
      ok: false,
      error: { definite: false },
    });
  });
});

/** A transaction of so many operations that say nothing. */
function emptyTxn(count: number): Uint8Array {
  return Uint8Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? 0x12 : 0));
}

describe("a status", () => {
  it.each(Object.values(ERRORS))("of $name is that error again", (error) => {
    expect(errorFromStatus(error.code, error.message)).toEqual(error);
  });

  it("with numbers or names in its words is recognised by their beginning", () => {
    for (const error of [malformed("x"), malformedItem("x"), messageTooLarge(5, 4)]) {
      expect(errorFromStatus(error.code, error.message)).toEqual(error);
    }
    expect(errorFromStatus(12, "unknown method X for service Y")).toMatchObject({
      name: "UnknownMethod",
      definite: true,
    });
  });

  it("of unknown words is definite only for the codes of a refusal", () => {
    const definite = [3, 5, 9, 11, 12];
    for (let code = 1; code <= 16; code++) {
      expect([code, errorFromStatus(code, "?").definite]).toEqual([code, definite.includes(code)]);
    }
    expect(errorFromStatus(14, "connection refused")).toEqual({
      name: "UNAVAILABLE",
      code: GRPC.UNAVAILABLE,
      message: "connection refused",
      definite: false,
    });
    expect(errorFromStatus(10, "try again")).toMatchObject({ code: GRPC.UNKNOWN });
  });
});

it("a key travels as the bytes that a client sends", () => {
  const request: Request = { ...DELETE, key: fromText("köy") };
  const bytes = Buffer.from(encodeRequest(request));
  expect(bytes.subarray(2, 6).toString("utf8")).toBe("köy");
});

function refused(message: string) {
  const error = { name: "UnknownMethod", code: GRPC.UNIMPLEMENTED, message, definite: true };
  return { ok: false, error };
}
