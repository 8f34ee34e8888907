// The calls of the Auth service, as plain data. Names of users and roles are the bytes of their
// UTF-8: so they are ordered, compared and stored like keys.

import type { Bytes } from "../contract.ts";
import type { Header } from "./request.ts";

export type AuthRequest =
  | AuthReadRequest
  | AuthenticateRequest
  | UserAddRequest
  | UserChangePasswordRequest
  | Exclude<AuthChange, PasswordChange | Readonly<{ kind: "authenticate" }>>;

/** Answered from the state that every member has. */
export type AuthReadRequest = Readonly<
  | { kind: "auth_status" }
  | { kind: "user_get"; name: Bytes }
  | { kind: "user_list" }
  | { kind: "role_get"; name: Bytes }
  | { kind: "role_list" }
>;
export type AuthenticateRequest = Readonly<{
  kind: "authenticate";
  name: Bytes;
  password: string;
}>;
export type UserAddRequest = Readonly<{
  kind: "user_add";
  name: Bytes;
  password: string;
  noPassword: boolean; // known by a certificate alone
}>;
/** Without a password, `hashedPassword` is its hash, in base64. */
export type UserChangePasswordRequest = Readonly<{
  kind: "user_change_password";
  name: Bytes;
  password: string;
  hashedPassword: string;
}>;

/** What is replicated of them: never a password, only its hash. */
export type AuthChange = Readonly<
  | { kind: "auth_enable" }
  | { kind: "auth_disable" }
  | PasswordChange
  | { kind: "user_delete"; name: Bytes }
  | { kind: "user_grant_role"; name: Bytes; role: Bytes }
  | { kind: "user_revoke_role"; name: Bytes; role: Bytes }
  | { kind: "role_add"; name: Bytes }
  | { kind: "role_delete"; name: Bytes }
  | { kind: "role_grant_permission"; name: Bytes; permission: Permission | null }
  | { kind: "role_revoke_permission"; name: Bytes; key: Bytes; rangeEnd: Bytes }
  /** The password was right for the users of `checkedRevision`. The token is this prefix and the
   *  entry's index; without a prefix, its driver has signed one. */
  | { kind: "authenticate"; name: Bytes; prefix: Bytes; checkedRevision: number }
>;
/** A hash of null: what the client gave as one cannot be read. */
export type PasswordChange = Readonly<
  | { kind: "user_add"; name: Bytes; hash: Bytes | null; noPassword: boolean }
  | { kind: "user_change_password"; name: Bytes; hash: Bytes | null }
>;

/** Numbers as on the wire: etcd keeps those that it does not know. */
export const PERMISSION = { READ: 0, WRITE: 1, READWRITE: 2 } as const;
export type Permission = Readonly<{
  type: number;
  key: Bytes;
  rangeEnd: Bytes; // as in RangeRequest
}>;

export type AuthResponse =
  | { [K in AuthWriteKind]: Readonly<{ kind: K; header: Header }> }[AuthWriteKind]
  | Readonly<{ kind: "auth_status"; header: Header; enabled: boolean; authRevision: number }>
  | Readonly<{ kind: "authenticate"; header: Header; token: string }>
  | Readonly<{ kind: "user_get"; header: Header; roles: readonly Bytes[] }>
  | Readonly<{ kind: "user_list"; header: Header; users: readonly Bytes[] }>
  | Readonly<{ kind: "role_get"; header: Header; permissions: readonly Permission[] }>
  | Readonly<{ kind: "role_list"; header: Header; roles: readonly Bytes[] }>;
type AuthWriteKind = Exclude<AuthChange["kind"], "authenticate">;
