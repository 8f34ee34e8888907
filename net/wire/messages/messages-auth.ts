// The field tables of the Auth service (rpc.proto) and of what it is about (auth.proto).

export const AUTH_MESSAGES = {
  UserAddOptions: {
    noPassword: [1, "bool"],
  },
  Permission: {
    permType: [1, "enum PermissionType", "one", "permType"],
    key: [2, "key"],
    rangeEnd: [3, "key"],
  },
  AuthEnableRequest: {},
  AuthDisableRequest: {},
  AuthStatusRequest: {},
  AuthenticateRequest: {
    name: [1, "string"],
    password: [2, "string"],
  },
  AuthUserAddRequest: {
    name: [1, "string"],
    password: [2, "string"],
    options: [3, "UserAddOptions"],
    hashedPassword: [4, "string", "one", "hashedPassword"],
  },
  AuthUserGetRequest: {
    name: [1, "string"],
  },
  AuthUserDeleteRequest: {
    name: [1, "string"],
  },
  AuthUserChangePasswordRequest: {
    name: [1, "string"],
    password: [2, "string"],
    hashedPassword: [3, "string", "one", "hashedPassword"],
  },
  AuthUserGrantRoleRequest: {
    user: [1, "string"],
    role: [2, "string"],
  },
  AuthUserRevokeRoleRequest: {
    name: [1, "string"],
    role: [2, "string"],
  },
  AuthRoleAddRequest: {
    name: [1, "string"],
  },
  AuthRoleGetRequest: {
    role: [1, "string"],
  },
  AuthUserListRequest: {},
  AuthRoleListRequest: {},
  AuthRoleDeleteRequest: {
    role: [1, "string"],
  },
  AuthRoleGrantPermissionRequest: {
    name: [1, "string"],
    perm: [2, "Permission"],
  },
  AuthRoleRevokePermissionRequest: {
    role: [1, "string"],
    key: [2, "key"],
    rangeEnd: [3, "key"],
  },
  AuthEnableResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthDisableResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthStatusResponse: {
    header: [1, "ResponseHeader"],
    enabled: [2, "bool"],
    authRevision: [3, "uint64", "one", "authRevision"],
  },
  AuthenticateResponse: {
    header: [1, "ResponseHeader"],
    token: [2, "string"],
  },
  AuthUserAddResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthUserGetResponse: {
    header: [1, "ResponseHeader"],
    roles: [2, "string", "repeated"],
  },
  AuthUserDeleteResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthUserChangePasswordResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthUserGrantRoleResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthUserRevokeRoleResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthRoleAddResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthRoleGetResponse: {
    header: [1, "ResponseHeader"],
    perm: [2, "Permission", "repeated"],
  },
  AuthRoleListResponse: {
    header: [1, "ResponseHeader"],
    roles: [2, "string", "repeated"],
  },
  AuthUserListResponse: {
    header: [1, "ResponseHeader"],
    users: [2, "string", "repeated"],
  },
  AuthRoleDeleteResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthRoleGrantPermissionResponse: {
    header: [1, "ResponseHeader"],
  },
  AuthRoleRevokePermissionResponse: {
    header: [1, "ResponseHeader"],
  },
} as const;
