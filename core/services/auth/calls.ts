// The calls of the Auth service: which of them go through the log, which need a password hashed or
// checked first, and what the others are answered.

import type { Bytes, Result } from "../../contract.ts";
import { NAME_BYTES_MAX } from "../../auth/records.ts";
import type { Auth } from "../../auth/store.ts";
import { findRole, findUser, ROOT } from "../../auth/store.ts";
import { decodeBase64 } from "../../lib/base64.ts";
import { fromText } from "../../lib/bytes.ts";
import { entries } from "../../lib/ordered-map.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import type {
  AuthChange,
  AuthenticateRequest,
  AuthReadRequest,
  AuthRequest,
  AuthResponse,
  Permission,
  UserAddRequest,
  UserChangePasswordRequest,
} from "../../api/request-auth.ts";
import { PERMISSION } from "../../api/request-auth.ts";
import type { Header } from "../../api/request.ts";

/** Calls with a password, which the driver has to do something with. */
export type PasswordRequest = AuthenticateRequest | UserAddRequest | UserChangePasswordRequest;
/** Calls that are proposed. */
export type AuthWriteRequest = Exclude<AuthRequest, AuthReadRequest | AuthenticateRequest>;

/** bcrypt looks at no more, and Go's refuses to hash more. */
const PASSWORD_BYTES_MAX = 72;
/** What root may do, whatever its role says. */
const EVERYTHING: Permission = {
  type: PERMISSION.READWRITE,
  key: "" as Bytes,
  rangeEnd: "\0" as Bytes,
};

export function isPasswordRequest(request: Readonly<{ kind: string }>): request is PasswordRequest {
  const { kind } = request as AuthRequest;
  if (kind === "authenticate") return true;
  if (kind === "user_add") return !(request as UserAddRequest).noPassword;
  if (kind !== "user_change_password") return false;
  return (request as UserChangePasswordRequest).password !== "";
}

/** Null: the password can be hashed. */
export function refusalOfPassword(request: PasswordRequest): ApiError | null {
  if (request.kind === "authenticate") return null;
  const isLong = fromText(request.password).length > PASSWORD_BYTES_MAX;
  return isLong ? ERRORS.PasswordTooLong : null;
}

/** Null: if it names somebody new, the store can keep that name. Looked at again when it is
 *  applied. */
export function refusalOfName(request: Readonly<{ kind: string }>): ApiError | null {
  const { kind, name } = request as Extract<AuthRequest, { kind: "user_add" | "role_add" }>;
  if (kind !== "user_add" && kind !== "role_add") return null;
  return name.length > NAME_BYTES_MAX ? ERRORS.NameTooLong : null;
}

/** What is to be replicated. `hash`: of the password, where there is one. */
export function changeOf(request: AuthWriteRequest, hash: Bytes | null): AuthChange {
  switch (request.kind) {
    case "user_add": {
      const { kind, name, noPassword } = request;
      return { kind, name, hash, noPassword };
    }
    case "user_change_password": {
      const { kind, name, hashedPassword } = request;
      return { kind, name, hash: hash ?? decodeBase64(hashedPassword) };
    }
    default:
      return request;
  }
}

export function answerAuth(
  request: AuthReadRequest,
  auth: Auth,
  header: Header,
): Result<AuthResponse> {
  switch (request.kind) {
    case "auth_status": {
      const { enabled, revision: authRevision } = auth;
      return ok({ kind: "auth_status", header, enabled, authRevision });
    }
    case "user_get": {
      const user = findUser(auth, request.name);
      if (user === null) return { ok: false, error: ERRORS.UserNotFound };
      return ok({ kind: "user_get", header, roles: user.roles });
    }
    case "user_list": {
      const users = Array.from(entries(auth.users), ([name]) => name);
      return ok({ kind: "user_list", header, users });
    }
    case "role_get": {
      const role = findRole(auth, request.name);
      if (role === null) return { ok: false, error: ERRORS.RoleNotFound };
      const permissions = role.name === ROOT ? [EVERYTHING] : role.permissions;
      return ok({ kind: "role_get", header, permissions });
    }
    case "role_list": {
      const roles = Array.from(entries(auth.roles), ([name]) => name);
      return ok({ kind: "role_list", header, roles });
    }
  }
}

function ok(value: AuthResponse): Result<AuthResponse> {
  return { ok: true, value };
}
