// A store that fills up, beside a real etcd: the same commands give the same words, and etcd's own
// way out (compact, defragment, disarm) works.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alone, Line, Side } from "./side-by-side.ts";
import { startAlone, tell, type } from "./side-by-side.ts";
import type { MemberPlan } from "./testing.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  HAS_ETCD,
  HAS_ETCDCTL,
  planMembers,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";
const QUOTA = ["--quota-backend-bytes=2000000"];
const BIG = "x".repeat(1_400_000);
const FULL = "database space exceeded";

/** One large value is all that fits, whatever a store wastes. */
const FILLING: Line = ["put big", BIG]; // 2
const FILLED: readonly Line[] = [
  ["! put big", BIG], // refused, as is all that costs space from here on
  ["! put big", BIG],
  "alarm list",
];
const EMPTIED: readonly Line[] = [
  "endpoint health",
  "! put a b",
  "! lease grant 100",
  ["txn", "\n\nget none\n\n"],
  ["! txn", "\n\nput a b\n\n\n"],
  ["! txn", 'ver("a") = "0"\n\ndel a\n\nput a b\n\n'],
  ["txn", 'ver("a") = "0"\n\ndel a\n\n\n'],
  "del none",
  "get big --keys-only -w fields",
  "del big", // 3
  "compaction 3 --physical",
  "defrag",
  "! put a b", // not before it is cleared
  "alarm disarm",
  "alarm disarm",
  "alarm list",
  "put a b", // 4
  ["put big", BIG], // 5
  "get a -w fields",
];

describe.skipIf(!HAS_ETCD)(`a full store, beside a real etcd${skipReason}`, () => {
  let sides: Alone;

  beforeAll(async () => {
    sides = await startAlone(QUOTA);
  });

  afterAll(cleanUp);

  it("refuses, and is emptied, in the same words", async () => {
    await tell(sides, [FILLING]);
    await Promise.all([sides.ours, sides.theirs].map(isLarge));
    await tell(sides, FILLED);
    const { errors } = await statusOf(sides.ours);
    expect(errors).toEqual([expect.stringMatching(/^memberID:\d+ alarm:NOSPACE $/)]);
    await tell(sides, EMPTIED);
  });

  it("stays refused through a restart", async () => {
    await isLarge(sides.ours);
    expect((await type(sides.ours, "put big", BIG)).stderr).toContain(FULL);
    expect((await type(sides.ours, "alarm list")).stdout).toContain("alarm:NOSPACE");
    await sides.member.end("SIGKILL");
    await startMember(sides.ours.plans[0] as MemberPlan, ["--quota-backend-bytes=-1"]);
    expect((await type(sides.ours, "put a b")).stderr).toContain(FULL);
    await type(sides.ours, "alarm disarm");
    expect((await type(sides.ours, "put a b")).stdout).toBe("OK\n");
  });
});

type Status = Readonly<{ dbSize: number; errors: readonly string[] }>;

async function statusOf(side: Side): Promise<Status> {
  const { stdout } = await type(side, "endpoint status -w json");
  return (JSON.parse(stdout) as [{ Status: Status }])[0].Status;
}

/** What was put is in the store's file a moment after it was acknowledged, with either server. */
async function isLarge(side: Side): Promise<void> {
  await eventually(async () => (await statusOf(side)).dbSize > BIG.length);
}

describe.skipIf(!HAS_ETCDCTL)(`history that is kept for a second${skipReason}`, () => {
  afterAll(cleanUp);

  it("is compacted without being asked for", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const member = await startMember(plan, ["--auto-compaction-retention=1s"]);
    await etcdctl([plan.clientUrl], ["put", "a", "1"]); // 2
    await eventually(async () => {
      await etcdctl([plan.clientUrl], ["put", "a", "2"]);
      const old = await etcdctl([plan.clientUrl], ["get", "a", "--rev=2"]);
      return old.stderr.includes("required revision has been compacted");
    });
    await member.says('"msg":"completed auto compaction"');
    await member.says('"msg":"finished scheduled compaction"');
  });
});
