// A cluster whose members are lost but for one goes on with that one.

import { afterAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  etcdctl,
  HAS_ETCDCTL,
  type MemberPlan,
  planMembers,
  startMember,
} from "./testing.ts";

const QUICK = ["--heartbeat-interval=20", "--election-timeout=200"];

afterAll(cleanUp);

async function ctl({ clientUrl }: MemberPlan, ...words: readonly string[]): Promise<string> {
  return (await etcdctl([clientUrl], words)).stdout;
}

describe.skipIf(!HAS_ETCDCTL)("the last member", () => {
  it("goes on alone with all data where it is told so once", async () => {
    const plans = await planMembers(["a", "b", "c"]);
    const [plan] = plans as [MemberPlan];
    const all = await Promise.all(plans.map((each) => startMember(each, QUICK)));
    expect(await ctl(plan, "put", "a", "1")).toBe("OK\n");
    await Promise.all(all.map((member) => member.end("SIGKILL")));
    const forced = await startMember(plan, [...QUICK, "--force-new-cluster"]);
    expect(forced.output).toContain("all other members are removed");
    expect(await ctl(plan, "get", "a")).toBe("a\n1\n");
    expect((await ctl(plan, "member", "list")).trim().split("\n")).toHaveLength(1);
    expect(await ctl(plan, "put", "b", "2")).toBe("OK\n");
    await forced.end("SIGKILL");
    await startMember(plan, QUICK);
    expect(await ctl(plan, "get", "", "--prefix", "--print-value-only")).toBe("1\n2\n");
    expect((await ctl(plan, "member", "list")).trim().split("\n")).toHaveLength(1);
  });
});
