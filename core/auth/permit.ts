// What every call needs, in one table, and whether a caller has it. Nothing else in the house
// decides about permissions: reads ask here just before they are answered, writes when they are
// applied. Source: etcd server/etcdserver/apply/auth.go and api/v3rpc.

import type { Bytes } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { AuthChange } from "../api/request-auth.ts";
import type { PutRequest, Request, RequestOp, TxnRequest } from "../api/request.ts";
import { EMPTY } from "../lib/bytes.ts";
import { get } from "../lib/ordered-map.ts";
import type { Lessor } from "../lease/lessor.ts";
import { allLeases, findLease, keysOf } from "../lease/lessor.ts";
import type { Access } from "./rights.ts";
import { allows } from "./rights.ts";
import type { Auth } from "./store.ts";
import { findUser, isRoot } from "./store.ts";
import type { Caller } from "./tokens.ts";

/** `user`: somebody. `keys`: what it reads and writes decides. `own`: root, or about oneself. */
type Need = "nothing" | "user" | "root" | "keys" | "own";

/** `door`: asked before the call is taken on. `due`: asked when it is answered or applied. */
type Needs = Readonly<{ door: "nothing" | "user" | "root"; due: Need }>;

const ANYONE: Needs = { door: "nothing", due: "nothing" };
const USER: Needs = { door: "user", due: "user" };
const ROOT_ONLY: Needs = { door: "root", due: "root" };
const ROOT_AT_DOOR: Needs = { door: "root", due: "nothing" };
const KEYS: Needs = { door: "nothing", due: "keys" };
/** Applied only by root. As in etcd, a member that lags behind does not decide that by itself. */
const ROOT_LATER: Needs = { door: "nothing", due: "root" };
const USER_LATER: Needs = { door: "nothing", due: "user" };

const NEEDS: Readonly<Record<Request["kind"], Needs>> = {
  range: KEYS,
  put: KEYS,
  delete_range: KEYS,
  txn: KEYS,
  compact: ROOT_ONLY,
  watch: KEYS,
  lease_grant: USER,
  lease_revoke: { door: "user", due: "keys" },
  lease_keep_alive: KEYS,
  lease_time_to_live: { door: "user", due: "keys" },
  lease_leases: KEYS,
  member_list: USER_LATER,
  member_add: ROOT_AT_DOOR, // as in etcd, not asked again when the change is applied
  member_remove: ROOT_AT_DOOR,
  member_update: ROOT_AT_DOOR,
  member_promote: ROOT_AT_DOOR,
  status: USER_LATER,
  alarm: { door: "root", due: "nothing" }, // members raise alarms in the name of any call
  downgrade: { door: "root", due: "nothing" },
  snapshot: ROOT_ONLY,
  hash: ROOT_LATER,
  hash_kv: ROOT_LATER,
  defragment: ROOT_LATER,
  move_leader: ROOT_ONLY,
  range_stream: ANYONE, // it begins with a range, which asks
  health_check: ANYONE,
  health_list: ANYONE,
  health_watch: ANYONE,
  lock: ANYONE, // these are calls that the node makes in the client's name: each asks for itself
  unlock: ANYONE,
  campaign: ANYONE,
  proclaim: ANYONE,
  leader: ANYONE,
  resign: ANYONE,
  observe: ANYONE,
  authenticate: ANYONE,
  auth_status: ANYONE,
  auth_enable: ROOT_LATER,
  auth_disable: ROOT_LATER,
  user_add: ROOT_LATER,
  user_get: { door: "nothing", due: "own" },
  user_list: ROOT_LATER,
  user_delete: ROOT_LATER,
  user_change_password: ROOT_LATER,
  user_grant_role: ROOT_LATER,
  user_revoke_role: ROOT_LATER,
  role_add: ROOT_LATER,
  role_get: { door: "nothing", due: "own" },
  role_list: ROOT_LATER,
  role_delete: ROOT_LATER,
  role_grant_permission: ROOT_LATER,
  role_revoke_permission: ROOT_LATER,
};

export function hasDoor(request: Request): boolean {
  return needsOf(request).door !== "nothing";
}

/** Null: the member may take the call on. */
export function refusalAtDoor(auth: Auth, caller: Caller, request: Request): ApiError | null {
  return refusalOfNeed(auth, caller, needsOf(request).door);
}

/** Null: the caller may have it, now. */
export function refusalOf(
  auth: Auth,
  lessor: Lessor,
  caller: Caller,
  request: Request,
): ApiError | null {
  const { due } = needsOf(request);
  if (!auth.enabled) return null;
  if (due === "keys") return refusalOfKeys({ auth, lessor, caller }, request);
  if (due === "own") return refusalOfOwn(auth, caller, request);
  return refusalOfNeed(auth, caller, due);
}

/** The same of what is replicated of a call to the Auth service: it has no content to look at. */
export function refusalOfChange(
  auth: Auth,
  caller: Caller,
  kind: AuthChange["kind"],
): ApiError | null {
  const { due } = NEEDS[kind];
  return due === "nothing" ? null : refusalOfNeed(auth, caller, "root");
}

/** Null: the caller may hear of these keys. */
export function refusalOfReading(
  auth: Auth,
  caller: Caller,
  keys: readonly Bytes[],
): ApiError | null {
  if (refusalOfNeed(auth, caller, "root") === null) return null;
  return firstOf(keys, (key) => refusalOfRange(auth, caller, "read", key, EMPTY));
}

/** Null: the caller may do this with every key of the range. */
function refusalOfRange(
  auth: Auth,
  caller: Caller,
  access: Access,
  key: Bytes,
  rangeEnd: Bytes,
): ApiError | null {
  if (!auth.enabled) return null;
  if (caller.revision === 0) return ERRORS.UserEmpty;
  if (caller.revision < auth.revision) return ERRORS.AuthOldRevision;
  const user = findUser(auth, caller.user);
  if (user === null) return ERRORS.PermissionDenied;
  if (isRoot(user)) return null;
  const rights = get(auth.rights, caller.user);
  return rights !== null && allows(rights, access, key, rangeEnd) ? null : ERRORS.PermissionDenied;
}

function needsOf(request: Request): Needs {
  const isQuestion = request.kind === "alarm" && request.action === "get";
  return isQuestion ? USER_LATER : NEEDS[request.kind];
}

function refusalOfNeed(
  auth: Auth,
  caller: Caller,
  need: "nothing" | "user" | "root",
): ApiError | null {
  if (!auth.enabled || need === "nothing") return null;
  if (caller.user === "") return ERRORS.UserEmpty;
  if (need === "user") return null;
  const user = findUser(auth, caller.user);
  if (user === null) return ERRORS.UserNotFound;
  return isRoot(user) ? null : ERRORS.PermissionDenied;
}

type Case = Readonly<{ auth: Auth; lessor: Lessor; caller: Caller }>;

function refusalOfKeys(judged: Case, request: Request): ApiError | null {
  switch (request.kind) {
    case "range":
    case "put":
    case "delete_range":
    case "txn":
      return refusalOfOperation(judged, request);
    case "watch": {
      if (request.ask.kind !== "create") return null;
      const key = request.ask.key === "" ? ("\0" as Bytes) : request.ask.key; // from the first on
      return range(judged, "read", key, request.ask.rangeEnd);
    }
    case "lease_revoke":
      return refusalOfLease(judged, "write", request.id);
    case "lease_keep_alive":
      return (
        refusalOfNeed(judged.auth, judged.caller, "user") ??
        refusalOfLease(judged, "write", request.id)
      );
    case "lease_time_to_live":
      return request.keys ? refusalOfLease(judged, "read", request.id) : null;
    case "lease_leases":
      return refusalOfLeases(judged);
    default:
      return ERRORS.PermissionDenied; // the table says that keys decide, and nobody says which
  }
}

function refusalOfOperation(judged: Case, operation: RequestOp): ApiError | null {
  switch (operation.kind) {
    case "range":
      return range(judged, "read", operation.key, operation.rangeEnd);
    case "put":
      return refusalOfPut(judged, operation);
    case "delete_range": {
      const { key, rangeEnd, prevKv } = operation;
      const read = prevKv ? range(judged, "read", key, rangeEnd) : null;
      return read ?? range(judged, "write", key, rangeEnd);
    }
    case "txn":
      return refusalOfTxn(judged, operation);
    case "empty":
      return null;
  }
}

/** Whoever hangs a key on a lease must be able to end that lease. */
function refusalOfPut(judged: Case, { key, lease, prevKv }: PutRequest): ApiError | null {
  const write = range(judged, "write", key, EMPTY) ?? refusalOfLease(judged, "write", lease);
  return write ?? (prevKv ? range(judged, "read", key, EMPTY) : null);
}

/** Both branches, whichever will be taken, all the way down: what a transaction answers tells of
 *  its compares, and an inner one is no way around the rules (CVE-2026-33343). */
function refusalOfTxn(judged: Case, txn: TxnRequest): ApiError | null {
  const { compare, success, failure } = txn;
  return (
    firstOf(compare, ({ key, rangeEnd }) => range(judged, "read", key, rangeEnd)) ??
    firstOf([...success, ...failure], (operation) => refusalOfOperation(judged, operation))
  );
}

function refusalOfLease(judged: Case, access: Access, id: bigint): ApiError | null {
  const lease = findLease(judged.lessor, id);
  if (lease === null || refusalOfNeed(judged.auth, judged.caller, "root") === null) return null;
  return firstOf(keysOf(lease), (key) => range(judged, access, key, EMPTY));
}

function refusalOfLeases(judged: Case): ApiError | null {
  const leases = allLeases(judged.lessor);
  const nobody = refusalOfNeed(judged.auth, judged.caller, "user");
  return nobody ?? firstOf(leases, ({ id }) => refusalOfLease(judged, "read", id));
}

function refusalOfOwn(auth: Auth, caller: Caller, request: Request): ApiError | null {
  const refusal = refusalOfNeed(auth, caller, "root");
  if (refusal === null) return null;
  if (request.kind === "user_get" && request.name === caller.user) return null;
  const roles = findUser(auth, caller.user)?.roles ?? [];
  return request.kind === "role_get" && roles.includes(request.name) ? null : refusal;
}

function firstOf<T>(items: Iterable<T>, refusal: (item: T) => ApiError | null): ApiError | null {
  for (const item of items) {
    const found = refusal(item);
    if (found !== null) return found;
  }
  return null;
}

function range(judged: Case, access: Access, key: Bytes, rangeEnd: Bytes): ApiError | null {
  return refusalOfRange(judged.auth, judged.caller, access, key, rangeEnd);
}
