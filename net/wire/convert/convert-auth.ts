// The Auth service's requests and answers: wire objects ↔ the plain data of core/api. A name is
// text on the wire and bytes in the core.

import type { AuthRequest, AuthResponse, Permission } from "../../../core/api/request-auth.ts";
import type { Bytes } from "../../../core/contract.ts";
import { fromText, toBytes } from "../../../core/lib/bytes.ts";
import { headerFromWire } from "./convert-response.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { saturate } from "./numbers.ts";
import { decodeUtf8 } from "../../../core/lib/utf8.ts";

type RequestOf<K extends AuthRequest["kind"]> = Extract<AuthRequest, { kind: K }>;
type ResponseOf<K extends AuthResponse["kind"]> = Extract<AuthResponse, { kind: K }>;

/** Names that came in as text go out as the same text. */
export function textOf(name: Bytes): string {
  return decodeUtf8(toBytes(name)) ?? "";
}

export function userAddToWire(request: RequestOf<"user_add">): ToWire<"AuthUserAddRequest"> {
  const { name, password, noPassword } = request;
  return { name: textOf(name), password, options: { noPassword } };
}

/** As in the newest etcd, the hash is the server's own: `hashedPassword` is not looked at. */
export function userAddFromWire(wire: Wire<"AuthUserAddRequest">): RequestOf<"user_add"> {
  const { name, password, options } = wire;
  return {
    kind: "user_add",
    name: fromText(name),
    password,
    noPassword: options?.noPassword ?? false,
  };
}

export function grantPermissionToWire(
  request: RequestOf<"role_grant_permission">,
): ToWire<"AuthRoleGrantPermissionRequest"> {
  const { name, permission } = request;
  return { name: textOf(name), perm: permission === null ? null : permissionToWire(permission) };
}

export function grantPermissionFromWire(
  wire: Wire<"AuthRoleGrantPermissionRequest">,
): RequestOf<"role_grant_permission"> {
  const permission = wire.perm === null ? null : permissionFromWire(wire.perm);
  return { kind: "role_grant_permission", name: fromText(wire.name), permission };
}

export function authStatusFromWire(wire: Wire<"AuthStatusResponse">): ResponseOf<"auth_status"> {
  const { header, enabled, authRevision } = wire;
  return {
    kind: "auth_status",
    header: headerFromWire(header),
    enabled,
    authRevision: saturate(authRevision),
  };
}

export function roleGetToWire(response: ResponseOf<"role_get">): ToWire<"AuthRoleGetResponse"> {
  return { header: response.header, perm: response.permissions.map(permissionToWire) };
}

export function roleGetFromWire(wire: Wire<"AuthRoleGetResponse">): ResponseOf<"role_get"> {
  const permissions = wire.perm.map(permissionFromWire);
  return { kind: "role_get", header: headerFromWire(wire.header), permissions };
}

function permissionToWire({ type, key, rangeEnd }: Permission): ToWire<"Permission"> {
  return { permType: type, key, rangeEnd };
}

function permissionFromWire({ permType, key, rangeEnd }: Wire<"Permission">): Permission {
  return { type: permType, key, rangeEnd };
}
