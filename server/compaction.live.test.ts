// The same commands to a member and to a real etcd: compactions, reads around them and hashes give
// the same words and the same numbers.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCD,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";

/** What happens to the store, in order. After each, both are asked for everything below. */
const STORY: readonly string[] = [
  "put a 1", // 2
  "put a 2", // 3
  "put b 1", // 4
  "compaction 3",
  "del a", // 5
  "put c 1", // 6
  "put b 2", // 7
  "compaction 5 --physical", // upon a tombstone
  "compaction 5",
  "compaction 99",
  "put a 3", // 8
  "del b", // 9
  "compaction 8 --physical",
  "compaction 9 --physical",
  "put a 4", // 10
];
const LAST = 11;

describe.skipIf(!HAS_ETCD)(`compactions and hashes, beside a real etcd${skipReason}`, () => {
  let plan: MemberPlan;
  let ours: MemberProcess;
  let theirs: ChildProcess;
  let theirUrl: string;

  beforeAll(async () => {
    const plans = (await planMembers(["one", "etcd"])) as [MemberPlan, MemberPlan];
    const own = plans.map((each) => ({
      ...each,
      initialCluster: `${each.name}=${each.peerUrl}`,
    })) as [MemberPlan, MemberPlan];
    [plan] = own;
    theirUrl = own[1].clientUrl;
    theirs = spawn("etcd", flagsOf(own[1]), { stdio: "ignore" });
    ours = await startMember(plan);
    await ours.says("ready to serve client requests");
    await eventually(async () => (await etcdctl([theirUrl], ["endpoint", "health"])).code === 0);
  }, 30_000);

  afterAll(async () => {
    theirs.kill("SIGKILL");
    if (theirs.exitCode === null && theirs.signalCode === null) await once(theirs, "exit");
    await cleanUp();
  });

  it("agree after every one", async () => {
    let compacted = 0;
    for (const line of STORY) {
      expect(await told(plan.clientUrl, line), line).toBe(await told(theirUrl, line));
      const [verb, revision] = line.split(" ");
      if (verb !== "compaction" && line !== STORY.at(-1)) continue;
      if (verb === "compaction" && Number(revision) < LAST) compacted = Number(revision);
      for (let at = 0; at <= LAST; at++) {
        const read = `get a z --rev=${at} -w fields`;
        const [mine, its] = [await told(plan.clientUrl, read), await told(theirUrl, read)];
        expect(withoutIds(mine), `${read} after ${line}`).toBe(withoutIds(its));
        if (at === compacted && at > 0) continue; // older releases refuse the compacted one itself
        const hash = await hashOf(theirUrl, at);
        expect(await hashOf(plan.clientUrl, at), `hash at ${at} after ${line}`).toBe(hash);
      }
    }
  }, 120_000);

  it("stay the same through a restart", async () => {
    const before = await hashOf(plan.clientUrl, 0);
    await ours.end("SIGKILL");
    ours = await startMember(plan);
    await ours.says("ready to serve client requests");
    expect(await hashOf(plan.clientUrl, 0)).toBe(before);
    const refused = await told(plan.clientUrl, "compaction 9");
    expect(refused).toContain("etcdserver: mvcc: required revision has been compacted");
  });

  it("come with the rest of maintenance", async () => {
    expect(await told(plan.clientUrl, "defrag")).toContain("Finished defragmenting etcd member");
    const missing = await told(plan.clientUrl, "move-leader 1");
    expect(missing).toContain("etcdserver: bad leader transferee");
    const status = await etcdctl([plan.clientUrl], ["endpoint", "status", "-w", "json"]);
    const [{ Status }] = JSON.parse(status.stdout) as [{ Status: { leader: number } }];
    expect(Status.leader).toBeGreaterThan(0);
  });
});

async function told(url: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await etcdctl([url], line.split(" "));
  const error = /^Error: (.*)$/m.exec(stderr)?.[1] ?? "";
  return `${code} ${stdout.replaceAll(url.replace("http://", ""), "")}${error}`;
}

async function hashOf(url: string, revision: number): Promise<string> {
  const line = `endpoint hashkv --rev ${revision} -w json`;
  const { stdout, stderr } = await etcdctl([url], line.split(" "));
  const [row] = stdout.trim() === "" ? [] : (JSON.parse(stdout) as [{ HashKV: HashKv }]);
  if (row === undefined) return /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr;
  const { hash, compact_revision: compacted } = row.HashKV;
  return `${hash} compacted ${compacted}`;
}

type HashKv = Readonly<{ hash: number; compact_revision: number }>;

function withoutIds(text: string): string {
  return text.replaceAll(/"(ClusterID|MemberID|RaftTerm)" : \d+\n/g, "");
}
