// A step of a differential test: one thing that a client says, as plain data with the wire's own
// fields. Revisions are told from where the sequence begins and lease ids that a server chose by
// their number, so that a step means the same whenever and to whomever it is said.

import type { ToWire, Wire } from "../../net/wire/etcd-messages.ts";

/** The calls with one answer. */
export const CALLS = {
  range: { path: "/etcdserverpb.KV/Range", request: "RangeRequest", response: "RangeResponse" },
  put: { path: "/etcdserverpb.KV/Put", request: "PutRequest", response: "PutResponse" },
  delete: {
    path: "/etcdserverpb.KV/DeleteRange",
    request: "DeleteRangeRequest",
    response: "DeleteRangeResponse",
  },
  txn: { path: "/etcdserverpb.KV/Txn", request: "TxnRequest", response: "TxnResponse" },
  compact: {
    path: "/etcdserverpb.KV/Compact",
    request: "CompactionRequest",
    response: "CompactionResponse",
  },
  hash: {
    path: "/etcdserverpb.Maintenance/HashKV",
    request: "HashKVRequest",
    response: "HashKVResponse",
  },
  grant: {
    path: "/etcdserverpb.Lease/LeaseGrant",
    request: "LeaseGrantRequest",
    response: "LeaseGrantResponse",
  },
  revoke: {
    path: "/etcdserverpb.Lease/LeaseRevoke",
    request: "LeaseRevokeRequest",
    response: "LeaseRevokeResponse",
  },
  left: {
    path: "/etcdserverpb.Lease/LeaseTimeToLive",
    request: "LeaseTimeToLiveRequest",
    response: "LeaseTimeToLiveResponse",
  },
  leases: {
    path: "/etcdserverpb.Lease/LeaseLeases",
    request: "LeaseLeasesRequest",
    response: "LeaseLeasesResponse",
  },
  user_add: {
    path: "/etcdserverpb.Auth/UserAdd",
    request: "AuthUserAddRequest",
    response: "AuthUserAddResponse",
  },
  user_get: {
    path: "/etcdserverpb.Auth/UserGet",
    request: "AuthUserGetRequest",
    response: "AuthUserGetResponse",
  },
  user_list: {
    path: "/etcdserverpb.Auth/UserList",
    request: "AuthUserListRequest",
    response: "AuthUserListResponse",
  },
  user_delete: {
    path: "/etcdserverpb.Auth/UserDelete",
    request: "AuthUserDeleteRequest",
    response: "AuthUserDeleteResponse",
  },
  user_password: {
    path: "/etcdserverpb.Auth/UserChangePassword",
    request: "AuthUserChangePasswordRequest",
    response: "AuthUserChangePasswordResponse",
  },
  user_grant: {
    path: "/etcdserverpb.Auth/UserGrantRole",
    request: "AuthUserGrantRoleRequest",
    response: "AuthUserGrantRoleResponse",
  },
  user_revoke: {
    path: "/etcdserverpb.Auth/UserRevokeRole",
    request: "AuthUserRevokeRoleRequest",
    response: "AuthUserRevokeRoleResponse",
  },
  role_add: {
    path: "/etcdserverpb.Auth/RoleAdd",
    request: "AuthRoleAddRequest",
    response: "AuthRoleAddResponse",
  },
  role_get: {
    path: "/etcdserverpb.Auth/RoleGet",
    request: "AuthRoleGetRequest",
    response: "AuthRoleGetResponse",
  },
  role_list: {
    path: "/etcdserverpb.Auth/RoleList",
    request: "AuthRoleListRequest",
    response: "AuthRoleListResponse",
  },
  role_delete: {
    path: "/etcdserverpb.Auth/RoleDelete",
    request: "AuthRoleDeleteRequest",
    response: "AuthRoleDeleteResponse",
  },
  role_grant: {
    path: "/etcdserverpb.Auth/RoleGrantPermission",
    request: "AuthRoleGrantPermissionRequest",
    response: "AuthRoleGrantPermissionResponse",
  },
  role_revoke: {
    path: "/etcdserverpb.Auth/RoleRevokePermission",
    request: "AuthRoleRevokePermissionRequest",
    response: "AuthRoleRevokePermissionResponse",
  },
  auth_enable: {
    path: "/etcdserverpb.Auth/AuthEnable",
    request: "AuthEnableRequest",
    response: "AuthEnableResponse",
  },
  auth_disable: {
    path: "/etcdserverpb.Auth/AuthDisable",
    request: "AuthDisableRequest",
    response: "AuthDisableResponse",
  },
  authenticate: {
    path: "/etcdserverpb.Auth/Authenticate",
    request: "AuthenticateRequest",
    response: "AuthenticateResponse",
  },
} as const;

export type CallName = keyof typeof CALLS;
export type CallStep = {
  readonly [C in CallName]: Readonly<{
    kind: C;
    at: number; // the member that is asked
    as: string; // with the token that this user got last; "" for none
    message: ToWire<(typeof CALLS)[C]["request"]>;
  }>;
}[CallName];
export type KeepAliveStep = Readonly<{
  kind: "keep_alive";
  at: number;
  as: string;
  message: ToWire<"LeaseKeepAliveRequest">;
}>;
/** Every stream is with the member of its number. `isHasty`: what follows does not wait until etcd
 *  has looked through history for this watch. */
export type WatchStep = Readonly<{
  kind: "watch";
  stream: number;
  as: string; // whoever opens the stream has it
  isHasty: boolean;
  message: ToWire<"WatchRequest">;
}>;
export type LeaveStep = Readonly<{ kind: "leave"; stream: number }>;
/** All members are killed, and begin again with what their disks hold. */
export type RestartStep = Readonly<{ kind: "restart" }>;
export type Step = CallStep | KeepAliveStep | WatchStep | LeaveStep | RestartStep;

/** `fresh`: begins on servers that hold nothing yet, at revision 1 and never compacted. */
export type Sequence = Readonly<{ fresh: boolean; steps: readonly Step[] }>;

export type Answer = Wire<(typeof CALLS)[CallName]["response"]> | Wire<"LeaseKeepAliveResponse">;

/** Revisions from 1 on count from the revision at which the sequence begins, which is 1. What is
 *  not below this is meant as it is. */
export const RELATIVE_BELOW = 1_000_000;

/** The id of the first lease of the sequence whose id the server chose; the next has the next. */
export const CHOSEN: bigint = 1n << 61n;

export const ROOT = "root";
/** Those that users may have. */
export const PASSWORDS: readonly string[] = ["p", "q"];

const REVISIONS: readonly string[] = [
  "revision",
  "startRevision",
  "modRevision",
  "createRevision",
  "minModRevision",
  "maxModRevision",
  "minCreateRevision",
  "maxCreateRevision",
];

/** The message as it is said to one server: `chosen` are the ids that this one chose so far. */
export function resolve<T>(message: T, base: number, chosen: readonly bigint[]): T {
  if (Array.isArray(message)) return message.map((each) => resolve(each, base, chosen)) as T;
  if (typeof message === "bigint") return (chosen[Number(message - CHOSEN)] ?? message) as T;
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) {
    return message;
  }
  const fields = Object.entries(message).map(([name, value]) => {
    if (typeof value !== "number" || !REVISIONS.includes(name)) {
      return [name, resolve(value, base, chosen)];
    }
    return [name, value > 0 && value < RELATIVE_BELOW ? base + value - 1 : value];
  });
  return Object.fromEntries(fields) as T;
}
