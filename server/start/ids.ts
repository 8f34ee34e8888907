// The ids of a new cluster's members, as etcd computes them: every member derives the same ids from
// the same --initial-cluster and token, with nobody to hand them out.
//
//   member id  = first 8 bytes of SHA-1(its peer URLs, sorted and concatenated, then the token)
//   cluster id = first 8 bytes of SHA-1(the member ids, sorted, 8 bytes each)

import { createHash } from "node:crypto";
import type { Member } from "../../core/membership/membership.ts";
import type { ClusterId, NodeId } from "../../core/contract.ts";
import type { InitialMember } from "./flags/values.ts";

export type InitialCluster = Readonly<{ cluster: ClusterId; members: readonly Member[] }>;

/** The members are sorted by id. A member that has not started yet shows no client URLs. */
export function createInitialCluster(
  initial: readonly InitialMember[],
  token: string,
): InitialCluster {
  const members = initial
    .map(({ name, peerUrls }): Member => ({
      id: createMemberId(peerUrls, token),
      name,
      peerUrls: peerUrls.toSorted(byText),
      clientUrls: [],
      isLearner: false,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { cluster: createClusterId(members.map((member) => member.id)), members };
}

function createMemberId(peerUrls: readonly string[], token: string): NodeId {
  return firstEightBytes(Buffer.from(peerUrls.toSorted(byText).join("") + token)) as NodeId;
}

function createClusterId(sorted: readonly NodeId[]): ClusterId {
  const bytes = Buffer.alloc(8 * sorted.length);
  for (const [at, id] of sorted.entries()) bytes.writeBigUInt64BE(id, 8 * at);
  return firstEightBytes(bytes) as ClusterId;
}

function firstEightBytes(bytes: Buffer): bigint {
  return createHash("sha1").update(bytes).digest().readBigUInt64BE(0);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
