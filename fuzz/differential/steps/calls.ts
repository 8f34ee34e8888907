// The calls with one answer that a step may make, and the two messages of each.

export const CALLS = {
  range: ["/etcdserverpb.KV/Range", "RangeRequest", "RangeResponse"],
  put: ["/etcdserverpb.KV/Put", "PutRequest", "PutResponse"],
  delete: ["/etcdserverpb.KV/DeleteRange", "DeleteRangeRequest", "DeleteRangeResponse"],
  txn: ["/etcdserverpb.KV/Txn", "TxnRequest", "TxnResponse"],
  compact: ["/etcdserverpb.KV/Compact", "CompactionRequest", "CompactionResponse"],

  grant: ["/etcdserverpb.Lease/LeaseGrant", "LeaseGrantRequest", "LeaseGrantResponse"],
  revoke: ["/etcdserverpb.Lease/LeaseRevoke", "LeaseRevokeRequest", "LeaseRevokeResponse"],
  left: [
    "/etcdserverpb.Lease/LeaseTimeToLive",
    "LeaseTimeToLiveRequest",
    "LeaseTimeToLiveResponse",
  ],
  leases: ["/etcdserverpb.Lease/LeaseLeases", "LeaseLeasesRequest", "LeaseLeasesResponse"],

  hash: ["/etcdserverpb.Maintenance/HashKV", "HashKVRequest", "HashKVResponse"],
  hash_all: ["/etcdserverpb.Maintenance/Hash", "HashRequest", "HashResponse"],
  status: ["/etcdserverpb.Maintenance/Status", "StatusRequest", "StatusResponse"],
  alarm: ["/etcdserverpb.Maintenance/Alarm", "AlarmRequest", "AlarmResponse"],
  move_leader: ["/etcdserverpb.Maintenance/MoveLeader", "MoveLeaderRequest", "MoveLeaderResponse"],
  defragment: ["/etcdserverpb.Maintenance/Defragment", "DefragmentRequest", "DefragmentResponse"],
  downgrade: ["/etcdserverpb.Maintenance/Downgrade", "DowngradeRequest", "DowngradeResponse"],
  health: ["/grpc.health.v1.Health/Check", "HealthCheckRequest", "HealthCheckResponse"],
  health_watch: ["/grpc.health.v1.Health/Watch", "HealthCheckRequest", "HealthCheckResponse"],

  member_add: ["/etcdserverpb.Cluster/MemberAdd", "MemberAddRequest", "MemberAddResponse"],
  member_remove: [
    "/etcdserverpb.Cluster/MemberRemove",
    "MemberRemoveRequest",
    "MemberRemoveResponse",
  ],
  member_update: [
    "/etcdserverpb.Cluster/MemberUpdate",
    "MemberUpdateRequest",
    "MemberUpdateResponse",
  ],
  member_promote: [
    "/etcdserverpb.Cluster/MemberPromote",
    "MemberPromoteRequest",
    "MemberPromoteResponse",
  ],
  member_list: ["/etcdserverpb.Cluster/MemberList", "MemberListRequest", "MemberListResponse"],

  lock: ["/v3lockpb.Lock/Lock", "LockRequest", "LockResponse"],
  unlock: ["/v3lockpb.Lock/Unlock", "UnlockRequest", "UnlockResponse"],
  campaign: ["/v3electionpb.Election/Campaign", "CampaignRequest", "CampaignResponse"],
  observe: ["/v3electionpb.Election/Observe", "LeaderRequest", "LeaderResponse"],
  proclaim: ["/v3electionpb.Election/Proclaim", "ProclaimRequest", "ProclaimResponse"],
  leader: ["/v3electionpb.Election/Leader", "LeaderRequest", "LeaderResponse"],
  resign: ["/v3electionpb.Election/Resign", "ResignRequest", "ResignResponse"],

  user_add: ["/etcdserverpb.Auth/UserAdd", "AuthUserAddRequest", "AuthUserAddResponse"],
  user_get: ["/etcdserverpb.Auth/UserGet", "AuthUserGetRequest", "AuthUserGetResponse"],
  user_list: ["/etcdserverpb.Auth/UserList", "AuthUserListRequest", "AuthUserListResponse"],
  user_delete: ["/etcdserverpb.Auth/UserDelete", "AuthUserDeleteRequest", "AuthUserDeleteResponse"],
  user_password: [
    "/etcdserverpb.Auth/UserChangePassword",
    "AuthUserChangePasswordRequest",
    "AuthUserChangePasswordResponse",
  ],
  user_grant: [
    "/etcdserverpb.Auth/UserGrantRole",
    "AuthUserGrantRoleRequest",
    "AuthUserGrantRoleResponse",
  ],
  user_revoke: [
    "/etcdserverpb.Auth/UserRevokeRole",
    "AuthUserRevokeRoleRequest",
    "AuthUserRevokeRoleResponse",
  ],
  role_add: ["/etcdserverpb.Auth/RoleAdd", "AuthRoleAddRequest", "AuthRoleAddResponse"],
  role_get: ["/etcdserverpb.Auth/RoleGet", "AuthRoleGetRequest", "AuthRoleGetResponse"],
  role_list: ["/etcdserverpb.Auth/RoleList", "AuthRoleListRequest", "AuthRoleListResponse"],
  role_delete: ["/etcdserverpb.Auth/RoleDelete", "AuthRoleDeleteRequest", "AuthRoleDeleteResponse"],
  role_grant: [
    "/etcdserverpb.Auth/RoleGrantPermission",
    "AuthRoleGrantPermissionRequest",
    "AuthRoleGrantPermissionResponse",
  ],
  role_revoke: [
    "/etcdserverpb.Auth/RoleRevokePermission",
    "AuthRoleRevokePermissionRequest",
    "AuthRoleRevokePermissionResponse",
  ],
  auth_enable: ["/etcdserverpb.Auth/AuthEnable", "AuthEnableRequest", "AuthEnableResponse"],
  auth_disable: ["/etcdserverpb.Auth/AuthDisable", "AuthDisableRequest", "AuthDisableResponse"],
  authenticate: ["/etcdserverpb.Auth/Authenticate", "AuthenticateRequest", "AuthenticateResponse"],
} as const;

type Calls = typeof CALLS;
export type CallName = keyof Calls;
export type RequestName<C extends CallName> = Calls[C][1];
export type ResponseName<C extends CallName> = Calls[C][2];

/** Those that may wait for what others do, or go on answering. */
export const LASTING = ["lock", "campaign", "observe", "health_watch"] as const;
export type LastingName = (typeof LASTING)[number];
