// Locks and elections as small state machines: each asks for one ordinary call after the other, or
// waits for a key to be deleted, until it has an answer. Pure: core/services/concurrency/locks.ts
// carries out what they ask for.
//
// Whoever has the oldest key below the name holds the lock, or leads. All others wait for the
// youngest of the keys that are older than theirs, then look again: it may have given up while
// others before it have not. A key dies with its lease, so whoever looks must see its own, too.

import type { Bytes, LeaseId } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS, GRPC } from "../api/errors.ts";
import type { Header, KeyValue, UnaryRequest, UnaryResponse } from "../api/request.ts";
import type {
  CampaignRequest,
  ConcurrencyRequest,
  ConcurrencyResponse,
  LeaderRequest,
  LockRequest,
  ProclaimRequest,
  ResignRequest,
  UnlockRequest,
} from "../api/request-concurrency.ts";
import { assert, must } from "../lib/assert.ts";
import { equalBytes } from "../lib/bytes.ts";
import {
  deleteOf,
  enter,
  enterAndLook,
  giveUp,
  ownKey,
  prefixOf,
  lookBefore,
  readFirst,
  rename,
} from "./requests.ts";

/** Where a call is: which of its internal calls is under way, or what it waits for. */
export type ConcurrencyCall = Readonly<
  | { kind: "granting"; request: LeasedRequest }
  | { kind: "entering"; entry: Entry }
  | { kind: "renaming"; claim: Claim } // its key was there with another value
  | { kind: "looking"; claim: Claim } // for who is before it
  | { kind: "waiting"; claim: Claim; key: Bytes } // for the end of this key
  | { kind: "finishing"; request: ShortRequest } // its one call is under way
>;
type Entry = Readonly<{
  request: LockRequest | CampaignRequest;
  lease: LeaseId;
  prefix: Bytes;
  key: Bytes;
}>;
type Claim = Entry & Readonly<{ revision: number; header: Header }>;
type LeasedRequest = LockRequest | CampaignRequest | ProclaimRequest | ResignRequest;
type ShortRequest = UnlockRequest | LeaderRequest | ProclaimRequest | ResignRequest;

/** What is to be done now. */
export type Move = Readonly<
  | { kind: "ask"; request: UnaryRequest; recipe: ConcurrencyCall }
  | { kind: "wait"; recipe: ConcurrencyCall & { kind: "waiting" } }
  | { kind: "answer"; response: ConcurrencyResponse }
  | { kind: "fail"; error: ApiError }
>;

const SESSION_TTL_SECONDS = 60;

export function begin(request: ConcurrencyRequest): Move {
  switch (request.kind) {
    case "lock":
    case "campaign":
      return request.lease === 0n ? askLease(request) : enterWith(request, request.lease);
    case "proclaim":
    case "resign":
      if (request.leader === null) return { kind: "fail", error: ERRORS.MissingLeaderKey };
      return request.leader.lease === 0n
        ? askLease(request)
        : finishWith(request, request.leader.lease);
    case "unlock":
      return ask(deleteOf(request.key), { kind: "finishing", request });
    case "leader":
      return ask(readFirst(prefixOf(request.name)), { kind: "finishing", request });
  }
}

/** The internal call was answered. */
export function proceed(recipe: ConcurrencyCall, response: UnaryResponse): Move {
  switch (recipe.kind) {
    case "granting": {
      assert(response.kind === "lease_grant", `a grant was answered by ${response.kind}`);
      const { request } = recipe;
      return request.kind === "lock" || request.kind === "campaign"
        ? enterWith(request, response.id)
        : finishWith(request, response.id);
    }
    case "entering":
      return entered(recipe.entry, response);
    case "renaming": {
      assert(response.kind === "txn", `a transaction was answered by ${response.kind}`);
      return response.succeeded ? look(recipe.claim) : fail(ERRORS.ElectionNotLeader);
    }
    case "looking":
      return looked(recipe.claim, response);
    case "waiting": // nothing is under way
      return { kind: "wait", recipe };
    case "finishing":
      return finished(recipe.request, response);
  }
}

/** The key that it waited for is gone, or may be. */
export function lookAgain(recipe: ConcurrencyCall & { kind: "waiting" }): Move {
  return look(recipe.claim);
}

/** What is left to do when the caller has gone: its key would keep others out. As in etcd, a key
 *  that may be on its way stays until its lease ends. */
export function cleanUp(recipe: ConcurrencyCall): UnaryRequest | null {
  if (recipe.kind !== "looking" && recipe.kind !== "waiting") return null;
  const { claim } = recipe;
  return claim.request.kind === "lock" ? deleteOf(claim.key) : giveUp(claim);
}

/** The same when an internal call failed. As in etcd, who campaigns stays a candidate. */
export function cleanUpFailed(recipe: ConcurrencyCall): UnaryRequest | null {
  if (recipe.kind === "renaming") return giveUp(recipe.claim);
  const isLock = "claim" in recipe && recipe.claim.request.kind === "lock";
  return isLock ? cleanUp(recipe) : null;
}

/** In etcd these calls go through its own client, which tells what happened in words alone. */
export function errorOf(error: ApiError): ApiError {
  const isContext = error.code === GRPC.DEADLINE_EXCEEDED || error.code === GRPC.CANCELED;
  return isContext ? error : { ...error, code: GRPC.UNKNOWN };
}

function askLease(request: LeasedRequest): Move {
  const grant = {
    kind: "lease_grant",
    id: 0n as LeaseId,
    ttlSeconds: SESSION_TTL_SECONDS,
  } as const;
  return ask(grant, { kind: "granting", request });
}

function enterWith(request: LockRequest | CampaignRequest, lease: LeaseId): Move {
  const prefix = prefixOf(request.name);
  const entry = { request, lease, prefix, key: ownKey(prefix, lease) };
  const first =
    request.kind === "lock"
      ? enterAndLook(prefix, entry.key, lease)
      : enter(entry.key, request.value, lease);
  return ask(first, { kind: "entering", entry });
}

function entered(entry: Entry, response: UnaryResponse): Move {
  assert(response.kind === "txn", `a transaction was answered by ${response.kind}`);
  const { header, succeeded, responses } = response;
  const [own] = succeeded ? [] : keysOf(must(responses[0], "a transaction answers each operation"));
  const claim = { ...entry, header, revision: own?.createRevision ?? header.revision };
  if (entry.request.kind === "lock") {
    const [owner] = keysOf(must(responses[1], "a transaction answers each operation"));
    return owner?.createRevision === claim.revision ? won(claim, header) : look(claim);
  }
  if (own === undefined || equalBytes(own.value, entry.request.value)) return look(claim);
  return ask(rename(claim, entry.request.value), { kind: "renaming", claim });
}

function look(claim: Claim): Move {
  return ask(lookBefore(claim, claim.prefix), { kind: "looking", claim });
}

function looked(claim: Claim, response: UnaryResponse): Move {
  assert(response.kind === "txn", `a transaction was answered by ${response.kind}`);
  const { header, succeeded, responses } = response;
  if (!succeeded) {
    return fail(claim.request.kind === "lock" ? ERRORS.SessionExpired : ERRORS.ElectionNotLeader);
  }
  const [before] = responses.flatMap(keysOf);
  if (before === undefined) return won(claim, header);
  return { kind: "wait", recipe: { kind: "waiting", claim, key: before.key } };
}

function won(claim: Claim, header: Header): Move {
  const { request, key, revision, lease } = claim;
  if (request.kind === "lock") return answer({ kind: "lock", header, key });
  const leader = { name: request.name, key, revision, lease };
  return answer({ kind: "campaign", header: claim.header, leader });
}

function finishWith(request: ProclaimRequest | ResignRequest, lease: LeaseId): Move {
  const leader = must(request.leader, "a call without a leader is refused");
  const last =
    request.kind === "proclaim" ? rename({ ...leader, lease }, request.value) : giveUp(leader);
  return ask(last, { kind: "finishing", request });
}

function finished(request: ShortRequest, response: UnaryResponse): Move {
  const { header } = response;
  switch (request.kind) {
    case "unlock":
    case "resign": // of one who does not lead any more, too
      return answer({ kind: request.kind, header });
    case "proclaim": {
      const isLeader = response.kind === "txn" && response.succeeded;
      return isLeader ? answer({ kind: "proclaim", header }) : fail(ERRORS.ElectionNotLeader);
    }
    case "leader": {
      const [kv] = keysOf(response);
      return kv ? answer({ kind: "leader", header, kv }) : fail(ERRORS.ElectionNoLeader);
    }
  }
}

/** Of a read; of anything else, none. */
function keysOf(response: UnaryResponse): readonly KeyValue[] {
  return response.kind === "range" ? response.kvs : [];
}

function ask(request: UnaryRequest, recipe: ConcurrencyCall): Move {
  return { kind: "ask", request, recipe };
}

function answer(response: ConcurrencyResponse): Move {
  return { kind: "answer", response };
}

function fail(error: ApiError): Move {
  return { kind: "fail", error };
}
