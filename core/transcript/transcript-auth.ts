// The calls of the Auth service in a line of text. A password, its hash or a token is never shown.

import type { PasswordAnswer, PasswordWork } from "../contract.ts";
import type { AuthRequest, AuthResponse, Permission } from "../api/request-auth.ts";
import { quote } from "../lib/bytes.ts";

export function describeAuthRequest(request: AuthRequest): string {
  switch (request.kind) {
    case "auth_enable":
    case "auth_disable":
    case "auth_status":
    case "user_list":
    case "role_list":
      return request.kind;
    case "user_grant_role":
    case "user_revoke_role":
      return `${request.kind} ${quote(request.name)} ${quote(request.role)}`;
    case "role_grant_permission":
      return `${request.kind} ${quote(request.name)} ${describePermission(request.permission)}`;
    case "role_revoke_permission":
      return `${request.kind} ${quote(request.name)} ${describeRange(request)}`;
    default:
      return `${request.kind} ${quote(request.name)}`;
  }
}

export function describeAuthResponse(response: AuthResponse): string {
  const head = `${response.kind} revision=${response.header.revision}`;
  switch (response.kind) {
    case "auth_status":
      return `${head} ${response.enabled ? "on" : "off"} at=${response.authRevision}`;
    case "user_get":
    case "role_list":
      return `${head} ${response.roles.map(quote).join(" ")}`.trimEnd();
    case "user_list":
      return `${head} ${response.users.map(quote).join(" ")}`.trimEnd();
    case "role_get":
      return `${head} ${response.permissions.map(describePermission).join(" ")}`.trimEnd();
    default:
      return head;
  }
}

export function describePasswordWork(work: PasswordWork): string {
  return work.kind === "hash" ? "hash" : `check ${quote(work.user)}`;
}

export function describePasswordAnswer(answer: PasswordAnswer): string {
  return answer.kind === "refused" ? answer.error.message : answer.kind;
}

function describePermission(permission: Permission | null): string {
  if (permission === null) return "nothing";
  const type = ["read", "write", "readwrite"][permission.type] ?? String(permission.type);
  return `${type}:${describeRange(permission)}`;
}

function describeRange({ key, rangeEnd }: Pick<Permission, "key" | "rangeEnd">): string {
  return rangeEnd === "" ? quote(key) : `[${quote(key)}, ${quote(rangeEnd)})`;
}
