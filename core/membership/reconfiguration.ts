// May the members be changed now, and who may be asked what? etcd's strict reconfiguration check:
// a change must not leave a cluster that cannot agree any more. Source: etcd
// server/etcdserver/server.go and api/membership/cluster.go.

import type { CallId, NodeId } from "../contract.ts";
import type { MembershipCommand } from "../apply/commands/command-membership.ts";
import { configurationOf, findMember } from "./membership.ts";
import type { Member } from "./membership.ts";
import type { PromotionRefusal } from "./promotion-message.ts";
import { createPrng, next } from "../lib/prng.ts";
import type { NodeState } from "../node-state.ts";
import { quorumSize } from "../raft/quorum.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { Request, UnaryRequest } from "../api/request.ts";
import type { MembershipRequest } from "../api/request-membership.ts";

/** Connections must have held for so long before they are relied upon. */
const HEALTH_MS = 5000;
/** How much of the leader's log a learner must hold to become a voter. */
const READY_RATIO = 0.9;

/** A learner answers about itself and from its own store, and nothing else. */
export function refuseForLearner(state: NodeState, request: Request): ApiError | null {
  const self = findMember(state.store.members, state.config.node);
  if (self === null || !self.isLearner) return null;
  const isServed =
    request.kind === "status" ||
    request.kind === "snapshot" ||
    (request.kind === "range" && request.serializable);
  return isServed ? null : ERRORS.NotSupportedForLearner;
}

/** Looked at before the caller is: etcd checks the URLs of a new member first, and no others. */
export function refuseUrls(request: UnaryRequest): ApiError | null {
  if (request.kind !== "member_add") return null;
  const { peerUrls } = request;
  return peerUrls.length > 0 && peerUrls.every(isPeerUrl) ? null : ERRORS.MemberBadURLs;
}

/** Null: it may be proposed. A promotion is for the leader to judge (refusePromotion). */
export function refuseChange(state: NodeState, request: UnaryRequest): ApiError | null {
  switch (request.kind) {
    case "member_add":
      return state.config.strictReconfig ? refuseAdd(state, request.isLearner) : null;
    case "member_remove":
      return state.config.strictReconfig ? refuseRemove(state, request.id) : null;
    case "member_update":
    case "member_promote":
    default:
      return null;
  }
}

/** By the leader, who alone knows what the learner holds. */
export function refusePromotion(
  { raft, store, config }: NodeState,
  id: NodeId,
): PromotionRefusal | null {
  const learner = raft.progress.find((progress) => progress.id === id);
  if (learner === undefined) return "MemberNotFound";
  if (learner.match < READY_RATIO * raft.log.durableIndex) return "LearnerNotReady";
  const voters = votersOf(store.members);
  const startedThen = started(voters) + 1;
  const isSafe = !config.strictReconfig || startedThen >= quorumSize(voters.length + 1);
  return isSafe ? null : "MemberNotEnoughStarted";
}

/** As etcd keeps them. */
function tidyUrls(urls: readonly string[]): readonly string[] {
  return urls.map((url) => url.trim()).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** An id for a new member, different for each call of each life. */
function chooseMemberId(life: bigint, call: CallId): NodeId {
  const [high, prng] = next(createPrng(BigInt.asUintN(64, ~life + BigInt(call))));
  const [low] = next(prng);
  const id = (BigInt(high) << 32n) | BigInt(low);
  return (id === 0n ? 1n : id) as NodeId;
}

export function memberChangeOf(
  request: MembershipRequest,
  origin: MembershipCommand["origin"],
): MembershipCommand {
  switch (request.kind) {
    case "member_add": {
      const member = chooseMemberId(origin.life, origin.call);
      const peerUrls = tidyUrls(request.peerUrls);
      return { kind: "member_add", origin, member, peerUrls, isLearner: request.isLearner };
    }
    case "member_update":
      return { kind: request.kind, origin, member: request.id, peerUrls: request.peerUrls };
    case "member_remove":
    case "member_promote":
      return { kind: request.kind, origin, member: request.id };
  }
}

function refuseAdd(state: NodeState, isLearner: boolean): ApiError | null {
  const voters = votersOf(state.store.members);
  const isFirstOfTwo = started(voters) === 1 && voters.length === 1;
  const isSafe = isFirstOfTwo || started(voters) >= quorumSize(voters.length + 1);
  if (!isLearner && !isSafe) return ERRORS.MemberNotEnoughStarted;
  // The new one is down, for all that is known. One alone has always its own word.
  const active = connected(state, voters);
  return voters.length === 1 || active >= quorumSize(voters.length + 1) ? null : ERRORS.Unhealthy;
}

function refuseRemove(state: NodeState, id: NodeId): ApiError | null {
  const { members } = state.store;
  if (findMember(members, id)?.isLearner === true) return null;
  const voters = votersOf(members);
  const left = voters.filter((voter) => voter.id !== id);
  if (left.length === 0 || started(left) < quorumSize(left.length)) {
    return ERRORS.MemberNotEnoughStarted;
  }
  const isDown =
    id !== state.config.node && !state.leadership.links.some((link) => link.peer === id);
  if (isDown) return null; // the others do without it already
  const active = connected(state, voters);
  return active - 1 < quorumSize(voters.length - 1) ? ERRORS.Unhealthy : null;
}

function connected(state: NodeState, voters: readonly Member[]): number {
  return voters.filter(({ id }) => isConnected(state, id)).length;
}

function isConnected({ config, now, leadership }: NodeState, id: NodeId): boolean {
  if (id === config.node) return true;
  const link = leadership.links.find(({ peer }) => peer === id);
  return link !== undefined && now - link.since >= HEALTH_MS;
}

function votersOf(members: readonly Member[]): readonly Member[] {
  const { voters } = configurationOf(members);
  return members.filter(({ id }) => voters.includes(id));
}

/** A member that has started has told its name. */
function started(members: readonly Member[]): number {
  return members.filter(({ name }) => name !== "").length;
}

/** As etcd reads a list of URLs: a scheme, host and port, and no path. */
function isPeerUrl(url: string): boolean {
  return /^(https?:\/\/(\[[^\]/]*\]|[^:/[\]]*):[^:/[\]]*|unixs?:.*)$/.test(url.trim());
}
