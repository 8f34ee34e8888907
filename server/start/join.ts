// Joining a running cluster: ask its members who they are, see that the flags describe the same
// cluster, and find out who this member is in it.

import type { Member } from "../../core/membership/membership.ts";
import type { Result } from "../../core/contract.ts";
import { type Cause, OperatorError } from "../causes.ts";
import type { Dial } from "../../net/socket/dial.ts";
import { askForMembers } from "../../net/socket/peers/peer-members.ts";
import type { ClusterDescription } from "../../net/wire/peers/peer-members.ts";
import type { Flags } from "./flags/table.ts";
import type { InitialMember } from "./flags/values.ts";
import type { Identity } from "./boot.ts";

const ANSWER_MS = 3000;

/** Asks one after the other until one describes what the flags describe: a member may be behind. */
export async function joinCluster(flags: Flags, dial: Dial): Promise<Identity> {
  const { name } = flags;
  const initial = flags["initial-cluster"];
  const others = initial.filter((member) => member.name !== name).flatMap((each) => each.peerUrls);
  const reasons: string[] = [];
  let mismatch: Cause | null = null;
  for (const url of others) {
    const described = await askForMembers(url, ANSWER_MS, dial);
    if (!described.ok) {
      reasons.push(`${url}: ${described.error}`);
      continue;
    }
    const identity = identify(name, initial, described.value);
    if (identity.ok) return identity.value;
    mismatch ??= identity.error;
  }
  if (mismatch !== null) throw new OperatorError(mismatch);
  const asked = reasons.length === 0 ? "--initial-cluster names nobody else" : reasons.join("; ");
  throw new OperatorError({ kind: "unreachable", asked });
}

function identify(
  name: string,
  initial: readonly InitialMember[],
  { cluster, genesis, members }: ClusterDescription,
): Result<Identity, Cause> {
  if (members.length !== initial.length) {
    return mismatched(members, "member count is unequal");
  }
  for (const { id, peerUrls } of members) {
    if (initial.some((each) => isSame(each.peerUrls, peerUrls))) continue;
    const what = `(${id.toString(16)}, [${peerUrls.join(" ")}])`;
    return mismatched(members, `PeerURLs: no match found for existing member ${what}`);
  }
  const own = initial.find((member) => member.name === name);
  const self = members.find((member) => own !== undefined && isSame(own.peerUrls, member.peerUrls));
  if (self === undefined) return mismatched(members, `unmatched member ${name}`);
  if (self.name !== "") {
    const member = self.id.toString(16);
    return { ok: false, error: { kind: "started_before", name: self.name, member } };
  }
  const identity = { cluster, member: self.id, name, members: genesis, contacts: members };
  return { ok: true, value: identity };
}

function mismatched(members: readonly Member[], reason: string): Result<never, Cause> {
  const listed = members.map((member) => `${member.name || "?"}=${member.peerUrls.join(",")}`);
  return { ok: false, error: { kind: "mismatched", listed: listed.join(" "), reason } };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}
