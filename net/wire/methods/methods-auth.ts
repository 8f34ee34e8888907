// The methods of the Auth service.

import type { AuthRequest } from "../../../core/api/request-auth.ts";
import { fromText } from "../../../core/lib/bytes.ts";
import {
  authStatusFromWire,
  grantPermissionFromWire,
  grantPermissionToWire,
  roleGetFromWire,
  roleGetToWire,
  textOf,
  userAddFromWire,
  userAddToWire,
} from "../convert/convert-auth.ts";
import { headerFromWire, headerOnlyFromWire } from "../convert/convert-response.ts";
import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";

export const AUTH_METHODS: Rows<AuthRequest["kind"]> = {
  auth_enable: createRow({
    path: "/etcdserverpb.Auth/AuthEnable",
    http: ["/v3/auth/enable"],
    kind: "auth_enable",
    request: "AuthEnableRequest",
    response: "AuthEnableResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "auth_enable" }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("auth_enable", wire),
  }),
  auth_disable: createRow({
    path: "/etcdserverpb.Auth/AuthDisable",
    http: ["/v3/auth/disable"],
    kind: "auth_disable",
    request: "AuthDisableRequest",
    response: "AuthDisableResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "auth_disable" }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("auth_disable", wire),
  }),
  auth_status: createRow({
    path: "/etcdserverpb.Auth/AuthStatus",
    http: ["/v3/auth/status"],
    kind: "auth_status",
    request: "AuthStatusRequest",
    response: "AuthStatusResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "auth_status" }),
    fromResponse: (response) => response,
    toResponse: authStatusFromWire,
  }),
  authenticate: createRow({
    path: "/etcdserverpb.Auth/Authenticate",
    http: ["/v3/auth/authenticate"],
    kind: "authenticate",
    request: "AuthenticateRequest",
    response: "AuthenticateResponse",
    fromRequest: ({ name, password }) => ({ name: textOf(name), password }),
    toRequest: ({ name, password }) => ({ kind: "authenticate", name: fromText(name), password }),
    fromResponse: (response) => response,
    toResponse: ({ header, token }) => {
      return { kind: "authenticate", header: headerFromWire(header), token };
    },
  }),
  user_add: createRow({
    path: "/etcdserverpb.Auth/UserAdd",
    http: ["/v3/auth/user/add"],
    kind: "user_add",
    request: "AuthUserAddRequest",
    response: "AuthUserAddResponse",
    fromRequest: userAddToWire,
    toRequest: userAddFromWire,
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("user_add", wire),
  }),
  user_get: createRow({
    path: "/etcdserverpb.Auth/UserGet",
    http: ["/v3/auth/user/get"],
    kind: "user_get",
    request: "AuthUserGetRequest",
    response: "AuthUserGetResponse",
    fromRequest: ({ name }) => ({ name: textOf(name) }),
    toRequest: ({ name }) => ({ kind: "user_get", name: fromText(name) }),
    fromResponse: ({ header, roles }) => ({ header, roles: roles.map(textOf) }),
    toResponse: ({ header, roles }) => {
      return { kind: "user_get", header: headerFromWire(header), roles: roles.map(fromText) };
    },
  }),
  user_list: createRow({
    path: "/etcdserverpb.Auth/UserList",
    http: ["/v3/auth/user/list"],
    kind: "user_list",
    request: "AuthUserListRequest",
    response: "AuthUserListResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "user_list" }),
    fromResponse: ({ header, users }) => ({ header, users: users.map(textOf) }),
    toResponse: ({ header, users }) => {
      return { kind: "user_list", header: headerFromWire(header), users: users.map(fromText) };
    },
  }),
  user_delete: createRow({
    path: "/etcdserverpb.Auth/UserDelete",
    http: ["/v3/auth/user/delete"],
    kind: "user_delete",
    request: "AuthUserDeleteRequest",
    response: "AuthUserDeleteResponse",
    fromRequest: ({ name }) => ({ name: textOf(name) }),
    toRequest: ({ name }) => ({ kind: "user_delete", name: fromText(name) }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("user_delete", wire),
  }),
  user_change_password: createRow({
    path: "/etcdserverpb.Auth/UserChangePassword",
    http: ["/v3/auth/user/changepw"],
    kind: "user_change_password",
    request: "AuthUserChangePasswordRequest",
    response: "AuthUserChangePasswordResponse",
    fromRequest: ({ name, password, hashedPassword }) => {
      return { name: textOf(name), password, hashedPassword };
    },
    toRequest: ({ name, password, hashedPassword }) => {
      return { kind: "user_change_password", name: fromText(name), password, hashedPassword };
    },
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("user_change_password", wire),
  }),
  user_grant_role: createRow({
    path: "/etcdserverpb.Auth/UserGrantRole",
    http: ["/v3/auth/user/grant"],
    kind: "user_grant_role",
    request: "AuthUserGrantRoleRequest",
    response: "AuthUserGrantRoleResponse",
    fromRequest: ({ name, role }) => ({ user: textOf(name), role: textOf(role) }),
    toRequest: ({ user, role }) => {
      return { kind: "user_grant_role", name: fromText(user), role: fromText(role) };
    },
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("user_grant_role", wire),
  }),
  user_revoke_role: createRow({
    path: "/etcdserverpb.Auth/UserRevokeRole",
    http: ["/v3/auth/user/revoke"],
    kind: "user_revoke_role",
    request: "AuthUserRevokeRoleRequest",
    response: "AuthUserRevokeRoleResponse",
    fromRequest: ({ name, role }) => ({ name: textOf(name), role: textOf(role) }),
    toRequest: ({ name, role }) => {
      return { kind: "user_revoke_role", name: fromText(name), role: fromText(role) };
    },
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("user_revoke_role", wire),
  }),
  role_add: createRow({
    path: "/etcdserverpb.Auth/RoleAdd",
    http: ["/v3/auth/role/add"],
    kind: "role_add",
    request: "AuthRoleAddRequest",
    response: "AuthRoleAddResponse",
    fromRequest: ({ name }) => ({ name: textOf(name) }),
    toRequest: ({ name }) => ({ kind: "role_add", name: fromText(name) }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("role_add", wire),
  }),
  role_get: createRow({
    path: "/etcdserverpb.Auth/RoleGet",
    http: ["/v3/auth/role/get"],
    kind: "role_get",
    request: "AuthRoleGetRequest",
    response: "AuthRoleGetResponse",
    fromRequest: ({ name }) => ({ role: textOf(name) }),
    toRequest: ({ role }) => ({ kind: "role_get", name: fromText(role) }),
    fromResponse: roleGetToWire,
    toResponse: roleGetFromWire,
  }),
  role_list: createRow({
    path: "/etcdserverpb.Auth/RoleList",
    http: ["/v3/auth/role/list"],
    kind: "role_list",
    request: "AuthRoleListRequest",
    response: "AuthRoleListResponse",
    fromRequest: () => ({}),
    toRequest: () => ({ kind: "role_list" }),
    fromResponse: ({ header, roles }) => ({ header, roles: roles.map(textOf) }),
    toResponse: ({ header, roles }) => {
      return { kind: "role_list", header: headerFromWire(header), roles: roles.map(fromText) };
    },
  }),
  role_delete: createRow({
    path: "/etcdserverpb.Auth/RoleDelete",
    http: ["/v3/auth/role/delete"],
    kind: "role_delete",
    request: "AuthRoleDeleteRequest",
    response: "AuthRoleDeleteResponse",
    fromRequest: ({ name }) => ({ role: textOf(name) }),
    toRequest: ({ role }) => ({ kind: "role_delete", name: fromText(role) }),
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("role_delete", wire),
  }),
  role_grant_permission: createRow({
    path: "/etcdserverpb.Auth/RoleGrantPermission",
    http: ["/v3/auth/role/grant"],
    kind: "role_grant_permission",
    request: "AuthRoleGrantPermissionRequest",
    response: "AuthRoleGrantPermissionResponse",
    fromRequest: grantPermissionToWire,
    toRequest: grantPermissionFromWire,
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("role_grant_permission", wire),
  }),
  role_revoke_permission: createRow({
    path: "/etcdserverpb.Auth/RoleRevokePermission",
    http: ["/v3/auth/role/revoke"],
    kind: "role_revoke_permission",
    request: "AuthRoleRevokePermissionRequest",
    response: "AuthRoleRevokePermissionResponse",
    fromRequest: ({ name, key, rangeEnd }) => ({ role: textOf(name), key, rangeEnd }),
    toRequest: ({ role, key, rangeEnd }) => {
      return { kind: "role_revoke_permission", name: fromText(role), key, rangeEnd };
    },
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("role_revoke_permission", wire),
  }),
};
