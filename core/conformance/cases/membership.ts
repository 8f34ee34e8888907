// The Cluster service, as far as it leaves the cluster as it is. What changes it is in
// server/live/etcdctl-cluster.live.test.ts and server/live/members.live.test.ts, where members can
// start.

import type { NodeId } from "../../contract.ts";
import type { MembershipRequest } from "../../api/request-membership.ts";
import type { Case, CaseStep, Known } from "./case.ts";
import { call, caseOf } from "./case.ts";
import * as words from "./words.ts";

const NOBODY = 5n as NodeId;
const add = (...peerUrls: readonly string[]): MembershipRequest => {
  return { kind: "member_add", peerUrls, isLearner: true };
};
const LIST: CaseStep = call(
  { kind: "member_list", linearizable: true },
  "member_list @",
  "  members: id=<id> name=<name> peerUrls=<peers> clientUrls=<clients>",
  "...",
);
const idIn = (known: Known): NodeId => BigInt(known("id")) as NodeId;

export const MEMBERSHIP_CASES: readonly Case[] = [
  caseOf(
    "the members are listed, under a header without a revision",
    LIST,
    call(
      { kind: "member_list", linearizable: false },
      "member_list @",
      "  members: id=<id> name=<name> peerUrls=<peers> clientUrls=<clients>",
      "...",
    ),
  ),
  caseOf(
    "nobody is added without an address, or with one that is none",
    call(add(), words.BAD_URLS),
    call(add("nonsense"), words.BAD_URLS),
    call(add("http://host"), words.BAD_URLS),
    call(add("http://host:1/path"), words.BAD_URLS),
  ),
  caseOf(
    "who is no member is not changed, promoted or removed",
    call({ kind: "member_remove", id: NOBODY }, words.MEMBER_NOT_FOUND),
    call({ kind: "member_promote", id: NOBODY }, words.MEMBER_NOT_FOUND),
    call(
      { kind: "member_update", id: NOBODY, peerUrls: ["http://127.0.0.1:9"] },
      words.MEMBER_NOT_FOUND,
    ),
  ),
  caseOf(
    "only a learner is promoted",
    LIST,
    call((known) => ({ kind: "member_promote", id: idIn(known) }), words.NOT_A_LEARNER),
    LIST,
  ),
];
