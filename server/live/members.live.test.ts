// Members that come and go, as operators do it: real processes and the real etcdctl.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEtcdClient } from "../../net/socket/client.ts";
import type { EtcdClient } from "../../net/socket/client.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCDCTL,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  putRequest,
  runToEnd,
  startMember,
} from "./testing.ts";

type Running = Readonly<{ plan: MemberPlan; process: MemberProcess }>;

const QUICK = ["--heartbeat-interval=20", "--election-timeout=200"];
/** Members are healthy for etcd once they have been connected for five seconds. The first three
 *  wait for that, those that join do not. */
const HASTY = ["--initial-cluster-state=existing", "--strict-reconfig-check=false"];
const GONE = "the member has been permanently removed from the cluster";

let plans: readonly MemberPlan[] = [];
let running: Running[] = [];
let asked: Running; // a voter that runs
let firstPlan: MemberPlan;

beforeAll(async () => {
  plans = await planMembers(["a", "b", "c", "d", "e", "f"]);
  const first = plans.slice(0, 3);
  const initialCluster = first.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  running = await Promise.all(first.map((plan) => start({ ...plan, initialCluster })));
  [asked] = running as [Running];
  firstPlan = asked.plan;
});

afterAll(cleanUp);

async function start(plan: MemberPlan, more: readonly string[] = []): Promise<Running> {
  return { plan, process: await startMember(plan, [...QUICK, ...more]) };
}

async function ctl(...words: readonly string[]): Promise<string> {
  const { stdout, stderr } = await etcdctl([asked.plan.clientUrl], words);
  return `${stdout}${stderr}`;
}

/** Repeats while the cluster is not healthy yet. */
async function patiently(...words: readonly string[]): Promise<string> {
  let said = "";
  await eventually(async () => {
    said = await ctl(...words);
    return !said.includes("unhealthy cluster") && !said.includes("in sync with leader");
  });
  return said;
}

async function idOf(plan: MemberPlan): Promise<string> {
  const line = (await ctl("member", "list")).split("\n").find((l) => l.includes(plan.peerUrl));
  return line?.split(",")[0] ?? "";
}

async function leader(): Promise<Running> {
  const { stdout } = await etcdctl(
    running.map(({ plan }) => plan.clientUrl.replace("http://", "")),
    ["endpoint", "status"],
  );
  const line = stdout.split("\n").find((each) => each.split(", ")[4] === "true") ?? "";
  const found = running.find(({ plan }) => line.includes(plan.clientUrl.replace("http://", "")));
  return found ?? (running[0] as Running);
}

/** As the words of "member add" say: a new process with its list of members. */
async function join(plan: MemberPlan, said: string): Promise<Running> {
  const initialCluster = /ETCD_INITIAL_CLUSTER="(.*)"/.exec(said)?.[1] ?? "";
  const joined = await start({ ...plan, initialCluster }, HASTY);
  running.push(joined);
  return joined;
}

async function remove(member: Running): Promise<void> {
  const id = await idOf(member.plan);
  running = running.filter((other) => other !== member);
  expect(await patiently("member", "remove", id)).toContain(`${id} removed from cluster`);
  expect(await member.process.exited()).toBe(0);
  expect(member.process.output).toContain(GONE);
  expect(member.process.output).toContain("data-dir used by this member must be removed");
}

describe.skipIf(!HAS_ETCDCTL)("members", () => {
  it("cannot join unless they were added, with the flags that describe the cluster", async () => {
    const plan = plans[3] as MemberPlan;
    const known = running.map((member) => `${member.plan.name}=${member.plan.peerUrl}`);
    const tries: readonly (readonly [string, string])[] = [
      [`${known.join(",")},d=${plan.peerUrl}`, "member count is unequal"],
      [`d=${plan.peerUrl}`, "could not retrieve cluster information from the given URLs"],
      [`a=http://127.0.0.1:1,d=${plan.peerUrl}`, "nobody listens there"],
    ];
    await Promise.all(
      tries.map(async ([initialCluster, words], at) => {
        const own = { ...plan, dataDirectory: `${plan.dataDirectory}.${at}`, initialCluster };
        const flags = [...flagsOf(own), "--initial-cluster-state=existing"];
        const { code, output } = await runToEnd(flags);
        expect(output).toContain(words);
        expect(code).toBe(1);
      }),
    );
  });

  it("are refused in etcd's words", async () => {
    expect(await ctl("member", "remove", "1234")).toContain("etcdserver: member not found");
    const [plan] = plans as [MemberPlan];
    const taken = ["member", "add", "d", "--learner", `--peer-urls=${plan.peerUrl}`];
    expect(await patiently(...taken)).toContain("etcdserver: Peer URLs already exists");
    expect(await ctl("member", "promote", await idOf(plan))).toContain(
      "etcdserver: can only promote a learner member",
    );
  });

  it("learn first, serve what learners serve, and are promoted", async () => {
    const plan = plans[3] as MemberPlan;
    await ctl("put", "a", "1");
    const said = await patiently("member", "add", "d", "--learner", `--peer-urls=${plan.peerUrl}`);
    expect(said).toMatch(/Member +[0-9a-f]+ added to cluster/);
    const joined = await join(plan, said);
    const own = (...words: readonly string[]) =>
      etcdctl([plan.clientUrl.replace("http://", "")], words);
    await eventually(async () => (await own("get", "a", "--consistency=s")).stdout === "a\n1\n");
    expect((await own("get", "a")).stderr).toContain("etcdserver: rpc not supported for learner");
    const status = (await own("endpoint", "status")).stdout.split(", ");
    expect(status[5]).toBe("true"); // a learner
    const id = await idOf(plan);
    expect(await patiently("member", "promote", id)).toContain(`${id} promoted in cluster`);
    asked = joined;
    await eventually(async () => (await own("get", "a")).stdout === "a\n1\n");
    expect(await ctl("member", "list")).toContain(`${id}, started, d, ${plan.peerUrl}`);
  });

  it("are all replaced, the leader too, while clients lose nothing", async () => {
    const acknowledged: string[] = [];
    const clients = new Map<string, EtcdClient>();
    const clientOf = (url: string): EtcdClient => {
      const known = clients.get(url) ?? createEtcdClient(url);
      clients.set(url, known);
      return known;
    };
    const over = new AbortController();
    const load = (async () => {
      for (let nth = 0; !over.signal.aborted; nth++) {
        const { plan } = running[nth % running.length] as Running;
        const put = putRequest(`load/${nth}`, Buffer.from("x"));
        if ((await clientOf(plan.clientUrl).call(put, 2000)).ok) acknowledged.push(`load/${nth}`);
      }
    })();
    const first = new Set(plans.slice(0, 3).map(({ name }) => name));
    for (const plan of [...plans.slice(4), null]) {
      const leading = await leader();
      const old = first.has(leading.plan.name)
        ? leading
        : (running.find((member) => first.has(member.plan.name)) as Running);
      await remove(old);
      if (plan === null) continue;
      const said = await patiently("member", "add", plan.name, `--peer-urls=${plan.peerUrl}`);
      asked = await join(plan, said);
    }
    over.abort();
    await load;
    expect(running.map(({ plan }) => plan.name).toSorted()).toEqual(["d", "e", "f"]);
    expect(acknowledged.length).toBeGreaterThan(50);
    const found = new Set((await ctl("get", "load/", "--prefix", "--keys-only")).split("\n"));
    expect(acknowledged.filter((key) => !found.has(key))).toEqual([]);
    const ids = (await ctl("member", "list")).trim().split("\n");
    expect(ids).toHaveLength(3);
    for (const client of clients.values()) client.close();
  });

  it("that were removed do not come back, and say so", async () => {
    const { code, output } = await runToEnd([...flagsOf(firstPlan), ...QUICK]);
    expect([code, output.includes(GONE)]).toEqual([0, true]);
  });

  it("find each other at new peer URLs, when they are told", async () => {
    const [one] = running as [Running];
    const id = await idOf(one.plan);
    const elsewhere = one.plan.peerUrl.replace("127.0.0.1", "localhost");
    const said = await patiently("member", "update", id, `--peer-urls=${elsewhere}`);
    expect(said).toContain(`${id} updated in cluster`);
    expect(await ctl("member", "list")).toContain(elsewhere);
    expect(await ctl("put", "after", "all")).toBe("OK\n");
  });
});
