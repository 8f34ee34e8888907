// A store that fills up, beside a real etcd: the same commands give the same words, and etcd's own
// way out (compact, defragment, disarm) works.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCD,
  HAS_ETCDCTL,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";
const QUOTA = ["--quota-backend-bytes=2000000"];
const BIG = "x".repeat(1_400_000);

/** One large value is all that fits, whatever a store wastes. */
const FULL: readonly (readonly [line: string, input: string])[] = [
  ["put big", BIG], // 2
  ["put big", BIG], // refused, as is all that costs space from here on
  ["put big", BIG],
  ["alarm list", ""],
  ["endpoint health", ""],
  ["put a b", ""],
  ["lease grant 100", ""],
  ["txn", "\n\nget none\n\n"],
  ["txn", "\n\nput a b\n\n\n"],
  ["txn", 'ver("a") = "0"\n\ndel a\n\nput a b\n\n'],
  ["txn", 'ver("a") = "0"\n\ndel a\n\n\n'],
  ["del none", ""],
  ["get big --count-only -w fields", ""],
  ["del big", ""], // 3
  ["compaction 3 --physical", ""],
  ["defrag", ""],
  ["put a b", ""], // not before it is cleared
  ["alarm disarm", ""],
  ["alarm disarm", ""],
  ["alarm list", ""],
  ["put a b", ""], // 4
  ["put big", BIG], // 5
  ["get a -w fields", ""],
];

describe.skipIf(!HAS_ETCD)(`a full store, beside a real etcd${skipReason}`, () => {
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
    theirs = spawn("etcd", [...flagsOf(own[1]), ...QUOTA], { stdio: "ignore" });
    ours = await startMember(plan, QUOTA);
    await ours.says("ready to serve client requests");
    await eventually(async () => (await etcdctl([theirUrl], ["endpoint", "health"])).code === 0);
  }, 30_000);

  afterAll(async () => {
    theirs.kill("SIGKILL");
    if (theirs.exitCode === null && theirs.signalCode === null) await once(theirs, "exit");
    await cleanUp();
  });

  it("refuses, and is emptied, in the same words", { timeout: 60_000 }, async () => {
    let refused = 0;
    for (const [line, input] of FULL) {
      const its = await told(theirUrl, line, input);
      expect(await told(plan.clientUrl, line, input), line).toBe(its);
      if (its.includes("database space exceeded")) refused += 1;
      if (line === "alarm list" && refused === 2) await shownInStatus(plan.clientUrl);
    }
    expect(refused).toBe(7);
  });

  it("stays refused through a restart", { timeout: 30_000 }, async () => {
    await told(plan.clientUrl, "put big", BIG);
    expect(await told(plan.clientUrl, "alarm list")).toContain("alarm:NOSPACE");
    await ours.end("SIGKILL");
    ours = await startMember(plan, ["--quota-backend-bytes=-1"]);
    await ours.says("ready to serve client requests");
    expect(await told(plan.clientUrl, "put a b")).toContain("database space exceeded");
    await told(plan.clientUrl, "alarm disarm");
    expect(await told(plan.clientUrl, "put a b")).toBe("0 OK\n");
  });
});

describe.skipIf(!HAS_ETCDCTL)(`history that is kept for a second${skipReason}`, () => {
  afterAll(cleanUp);

  it("is compacted without being asked for", { timeout: 30_000 }, async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const member = await startMember(plan, ["--auto-compaction-retention=1s"]);
    await member.says("ready to serve client requests");
    await told(plan.clientUrl, "put a 1"); // 2
    await eventually(async () => {
      await told(plan.clientUrl, "put a 2");
      const old = await told(plan.clientUrl, "get a --rev=2");
      return old.includes("required revision has been compacted");
    });
    await member.says('"msg":"completed auto compaction"');
    await member.says('"msg":"finished scheduled compaction"');
    await member.end("SIGKILL");
  });
});

async function shownInStatus(url: string): Promise<void> {
  const status = await etcdctl([url], ["endpoint", "status", "-w", "json"]);
  const [{ Status }] = JSON.parse(status.stdout) as [{ Status: { errors: readonly string[] } }];
  expect(Status.errors).toHaveLength(1);
  expect(Status.errors[0]).toMatch(/^memberID:\d+ alarm:NOSPACE $/);
}

/** Without ids, addresses and durations. */
async function told(url: string, line: string, input = ""): Promise<string> {
  const { code, stdout, stderr } = await etcdctl([url], line.split(" "), input);
  const error = /^Error: (.*)$/m.exec(stderr)?.[1] ?? "";
  const shown = stdout
    .replaceAll(url.replace("http://", ""), "")
    .replaceAll(url, "")
    .replaceAll(/took = .*$/gm, "")
    .replaceAll(/memberID:\d+/g, "")
    .replaceAll(/"(ClusterID|MemberID|RaftTerm)" : \d+\n/g, "");
  return `${code} ${shown}${error}`;
}
