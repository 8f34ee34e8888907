// Leases as etcdctl uses them: on one member, and on three of which the leader dies.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  etcdctl,
  eventually,
  HAS_ETCDCTL,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";
const QUICK = ["--heartbeat-interval=50", "--election-timeout=500"]; // leases of one second

afterAll(cleanUp);

async function ctl(plans: readonly MemberPlan[], line: string): Promise<string> {
  const endpoints = plans.map((plan) => plan.clientUrl.replace("http://", ""));
  const { code, stdout, stderr } = await etcdctl(endpoints, line.split(" "), "");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

async function grant(plans: readonly MemberPlan[], ttl: number): Promise<string> {
  const granted = await ctl(plans, `lease grant ${ttl}`);
  expect(granted).toMatch(/^lease [0-9a-f]{16} granted with TTL\(\d+s\)\n$/);
  return granted.split(" ")[1] as string;
}

describe.skipIf(!HAS_ETCDCTL)(`leases on one member${skipReason}`, () => {
  let plans: readonly MemberPlan[] = [];

  beforeAll(async () => {
    plans = await planMembers(["one"]);
    await startMember(plans[0] as MemberPlan, QUICK);
  });

  it("are granted, shown, listed and revoked", async () => {
    const lease = await grant(plans, 100);
    expect(await ctl(plans, `put --lease=${lease} l/a 1`)).toBe("OK\n");
    expect(await ctl(plans, `put --lease=${lease} l/b 2`)).toBe("OK\n");
    expect(await ctl(plans, `lease timetolive ${lease} --keys`)).toMatch(
      /granted with TTL\(100s\), remaining\(\d+s\), attached keys\(\[l\/a l\/b\]\)\n$/,
    );
    expect(await ctl(plans, "lease list")).toBe(`found 1 leases\n${lease}\n`);
    expect(await ctl(plans, `lease keep-alive ${lease} --once`)).toBe(
      `lease ${lease} keepalived with TTL(100)\n`,
    );
    expect(await ctl(plans, `lease revoke ${lease}`)).toBe(`lease ${lease} revoked\n`);
    expect(await ctl(plans, "get l/ --prefix")).toBe("");
    expect(await ctl(plans, `lease timetolive ${lease}`)).toBe(`lease ${lease} already expired\n`);
    expect(await ctl(plans, "lease list")).toBe("found 0 leases\n");
  });

  it("take their keys with them when they run out", async () => {
    const lease = await grant(plans, 1);
    await ctl(plans, `put --lease=${lease} short 1`);
    await ctl(plans, `put kept 1`);
    await eventually(async () => (await ctl(plans, "get short")) === "");
    expect(await ctl(plans, "get kept")).toBe("kept\n1\n");
    expect(await ctl(plans, `lease timetolive ${lease}`)).toBe(`lease ${lease} already expired\n`);
  });

  it("are refused as etcd refuses them", async () => {
    const endpoints = plans.map((plan) => plan.clientUrl.replace("http://", ""));
    const refusal = async (line: string): Promise<string> =>
      (await etcdctl(endpoints, line.split(" "), "")).stderr;
    expect(await refusal("lease revoke 99")).toContain("requested lease not found");
    expect(await refusal("put --lease=99 a 1")).toContain("requested lease not found");
    expect(await refusal("lease grant 9000000001")).toContain("too large lease TTL");
  });
});

describe.skipIf(!HAS_ETCDCTL)(`leases on three members${skipReason}`, () => {
  let plans: readonly MemberPlan[] = [];
  let members: readonly MemberProcess[] = [];

  beforeAll(async () => {
    plans = await planMembers(["infra1", "infra2", "infra3"]);
    members = await Promise.all(plans.map((plan) => startMember(plan, QUICK)));
  });

  it("are known to every member, and outlive their leader, but not for long", async () => {
    const long = await grant(plans, 100);
    await ctl(plans, `put --lease=${long} long 1`);
    for (const plan of plans) {
      const shown = await ctl([plan], `lease timetolive ${long} --keys`);
      expect(shown).toMatch(/remaining\(\d+s\), attached keys\(\[long\]\)/);
    }
    for (const plan of plans) {
      const kept = await ctl([plan], `lease keep-alive ${long} --once`);
      expect(kept).toBe(`lease ${long} keepalived with TTL(100)\n`);
    }
    const leader = await leaderAmong(plans);
    const rest = plans.filter((_, at) => at !== leader);
    const short = await grant(plans, 3);
    await ctl(plans, `put --lease=${short} short 1`);
    const killed = performance.now();
    await (members[leader] as MemberProcess).end("SIGKILL");
    await eventually(async () => (await leaderAmong(rest)) >= 0);
    await eventually(async () => (await ctl(rest, "get short")) === "");
    expect(performance.now() - killed).toBeGreaterThan(3000); // its time began anew
    expect(await ctl(rest, "get long")).toBe("long\n1\n");
    expect(await ctl(rest, "lease list")).toBe(`found 1 leases\n${long}\n`);
  });
});

/** The place of the member that says it leads, or -1. */
async function leaderAmong(plans: readonly MemberPlan[]): Promise<number> {
  for (const [at, plan] of plans.entries()) {
    const status = JSON.parse(await ctl([plan], "endpoint status -w json")) as {
      Status: { header: { member_id: number }; leader: number };
    }[];
    const shown = status[0]?.Status;
    if (shown !== undefined && shown.leader === shown.header.member_id) return at;
  }
  return -1;
}
