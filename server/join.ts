// Joining a running cluster: ask its members who they are, see that the flags describe the same
// cluster, and find out who this member is in it. The first words of a refusal are etcd's.

import type { Member } from "../core/apply/membership.ts";
import type { Result } from "../core/contract.ts";
import { askForMembers } from "../net/socket/peer-members.ts";
import type { ClusterDescription } from "../net/wire/peer-members.ts";
import type { Flags } from "./flag-table.ts";
import type { InitialMember } from "./ids.ts";
import type { Identity } from "./boot.ts";

const ANSWER_MS = 3000;

/** Asks one after the other until one describes what the flags describe: a member may be behind. */
export async function joinCluster(flags: Flags): Promise<Result<Identity, string>> {
  const { name } = flags;
  const initial = flags["initial-cluster"];
  const others = initial.filter((member) => member.name !== name).flatMap((each) => each.peerUrls);
  const reasons: string[] = [];
  let mismatch: string | null = null;
  for (const url of others) {
    const described = await askForMembers(url, ANSWER_MS);
    if (!described.ok) {
      reasons.push(`${url}: ${described.error}`);
      continue;
    }
    const identity = identify(name, initial, described.value);
    if (identity.ok) return identity;
    mismatch ??= identity.error;
  }
  if (mismatch !== null) return { ok: false, error: mismatch };
  const asked = reasons.length === 0 ? "--initial-cluster names nobody else" : reasons.join("; ");
  return refused(
    "cannot fetch cluster info from peer urls: could not retrieve cluster information from the " +
      `given URLs (${asked}): --initial-cluster must list the running members, as ` +
      '"etcdctl member add" prints it',
  );
}

function identify(
  name: string,
  initial: readonly InitialMember[],
  { cluster, genesis, members }: ClusterDescription,
): Result<Identity, string> {
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
    return refused(
      `member ${self.name} (${self.id.toString(16)}) has started before, and its data is not ` +
        'here: remove it with "etcdctl member remove" and add it anew, for its votes are lost',
    );
  }
  const identity = { cluster, member: self.id, name, members: genesis, contacts: members };
  return { ok: true, value: identity };
}

function mismatched(members: readonly Member[], reason: string): Result<never, string> {
  const listed = members.map((member) => `${member.name || "?"}=${member.peerUrls.join(",")}`);
  return refused(
    `error validating peerURLs {${listed.join(" ")}}: ${reason}: --initial-cluster must list ` +
      'these members, this one among them ("etcdctl member add" comes first, and prints it)',
  );
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}
