// The same commands to a member and to a real etcd: compactions, reads around them and hashes give
// the same words and the same numbers.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Request } from "../../core/api/request.ts";
import { rangeOf } from "../../core/api/testing.ts";
import type { Bytes } from "../../core/contract.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import type { EtcdClient } from "../../net/socket/client.ts";
import type { Alone } from "./side-by-side.ts";
import { startAlone, tell, type } from "./side-by-side.ts";
import type { MemberPlan } from "./testing.ts";
import { cleanUp, HAS_ETCD, PATIENCE_MS, startMember } from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";

/** What happens to the store, in order. After each compaction, and at the end, both are asked for
 *  everything at every revision. */
const STORY: readonly string[] = [
  "put a 1", // 2
  "put a 2", // 3
  "put b 1", // 4
  "compaction 3",
  "del a", // 5
  "put c 1", // 6
  "put b 2", // 7
  "compaction 5 --physical", // upon a tombstone
  "! compaction 5",
  "! compaction 99",
  "put a 3", // 8
  "del b", // 9
  "compaction 8 --physical",
  "compaction 9 --physical",
  "put a 4", // 10
];
const LAST = 11;

describe.skipIf(!HAS_ETCD)(`compactions and hashes, beside a real etcd${skipReason}`, () => {
  let sides: Alone;
  let ours: EtcdClient;
  let theirs: EtcdClient;

  beforeAll(async () => {
    sides = await startAlone();
    [ours, theirs] = [sides.ours, sides.theirs].map(({ plans }) =>
      createEtcdClient((plans[0] as MemberPlan).clientUrl),
    ) as [EtcdClient, EtcdClient];
  });

  afterAll(async () => {
    for (const client of [ours, theirs]) client.close();
    await cleanUp();
  });

  it("agree after every one", async () => {
    let compacted = 0;
    for (const line of STORY) {
      await tell(sides, [line]);
      const [, fails, revision] = /^(! )?compaction (\d+)/.exec(line) ?? [];
      if (revision === undefined && line !== STORY.at(-1)) continue;
      if (revision !== undefined && fails === undefined) compacted = Number(revision);
      for (let at = 0; at <= LAST; at++) {
        const range = rangeOf("a", { rangeEnd: "z" as Bytes, revision: at });
        const said = await answerOf(ours, range);
        expect(said, `range at ${at} after ${line}`).toEqual(await answerOf(theirs, range));
        if (at <= compacted && at > 0) continue; // older releases refuse what was compacted
        const hash = await hashOf(ours, at);
        expect(hash, `hash at ${at} after ${line}`).toEqual(await hashOf(theirs, at));
      }
    }
  });

  it("stay the same through a restart", async () => {
    const before = await hashOf(ours, 0);
    await sides.member.end("SIGKILL");
    await startMember(sides.ours.plans[0] as MemberPlan);
    expect(await hashOf(ours, 0)).toEqual(before);
    const refused = await type(sides.ours, "compaction 9");
    expect(refused.stderr).toContain("etcdserver: mvcc: required revision has been compacted");
  });

  it("come with the rest of maintenance", async () => {
    const defragmented = await type(sides.ours, "defrag");
    expect(defragmented.stdout).toContain("Finished defragmenting etcd member");
    const refused = await type(sides.ours, "move-leader 1");
    expect(refused.stderr).toContain("etcdserver: bad leader transferee");
    const status = await type(sides.ours, "endpoint status -w json");
    const [{ Status }] = JSON.parse(status.stdout) as [{ Status: { leader: number } }];
    expect(Status.leader).toBeGreaterThan(0);
  });
});

/** All but the term. */
async function answerOf(client: EtcdClient, request: Request): Promise<object> {
  const answer = await client.call(request, PATIENCE_MS);
  if (!answer.ok) return answer.error;
  return { ...answer.value, header: { ...answer.value.header, raftTerm: 0 } };
}

/** What any release tells of it. */
async function hashOf(client: EtcdClient, revision: number): Promise<object> {
  const answer = await client.call({ kind: "hash_kv", revision }, PATIENCE_MS);
  if (!answer.ok) return answer.error;
  if (answer.value.kind !== "hash_kv") throw new Error(answer.value.kind);
  const { hash, compactRevision } = answer.value;
  return { hash, compactRevision };
}
