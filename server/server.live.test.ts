// One member as a real process, asked by the real etcdctl.

import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEtcdClient } from "../net/socket/client.ts";
import {
  cleanUp,
  etcdctl,
  flagsOf,
  HAS_ETCDCTL,
  type MemberPlan,
  type MemberProcess,
  PATIENCE_MS,
  planMembers,
  putRequest,
  runToEnd,
  startMember,
} from "./live/testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";

afterAll(cleanUp);

describe.skipIf(!HAS_ETCDCTL)(`one member and etcdctl${skipReason}`, () => {
  let plan: MemberPlan;
  let member: MemberProcess;

  beforeAll(async () => {
    [plan] = (await planMembers(["one"])) as [MemberPlan];
    member = await startMember(plan);
  });

  async function ctl(line: string, input = ""): Promise<string> {
    const endpoint = plan.clientUrl.replace("http://", "");
    const { code, stdout, stderr } = await etcdctl([endpoint], line.split(" "), input);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  }

  it("logs etcd's lines when it is ready", () => {
    expect(member.output).toContain("published local member to cluster through raft");
    expect(member.output).toContain("enabled capabilities for version");
  });

  it("puts and gets, in every way that etcdctl knows", async () => {
    for (const [key, value] of [
      ["v/a", "3"],
      ["v/b", "1"],
      ["v/c", "2"],
    ] as const) {
      expect(await ctl(`put ${key} ${value}`)).toBe("OK\n");
    }
    expect(await ctl("put v/a 4 --prev-kv")).toBe("OK\nv/a\n3\n");
    expect(await ctl("get v/a")).toBe("v/a\n4\n");
    expect(await ctl("get v/a --print-value-only")).toBe("4\n");
    expect(await ctl("get v/ --prefix --keys-only")).toBe("v/a\n\nv/b\n\nv/c\n\n");
    expect(await ctl("get v/a v/c")).toBe("v/a\n4\nv/b\n1\n");
    expect(await ctl("get v/b --from-key --limit 1")).toBe("v/b\n1\n");
    expect(await ctl("get v/ --prefix --order DESCEND --sort-by VALUE")).toBe(
      "v/a\n4\nv/c\n2\nv/b\n1\n",
    );
    expect(await ctl("get v/ --prefix --consistency s --limit 1")).toBe("v/a\n4\n");
    expect(await ctl("get v/ --prefix --limit 1 -w fields")).toContain('"Count" : 3');
    const { kvs } = JSON.parse(await ctl("get v/a -w json")) as { kvs: { version: number }[] };
    expect(kvs[0]?.version).toBe(2);
    const revision = (
      JSON.parse(await ctl("get v/b -w json")) as { kvs: { mod_revision: number }[] }
    ).kvs[0]?.mod_revision as number;
    expect(await ctl(`get v/ --prefix --rev ${revision}`)).toBe("v/a\n3\nv/b\n1\n");
    expect(await ctl("put v/a 5 --ignore-lease")).toBe("OK\n");
    expect(await ctl("put v/a --ignore-value")).toBe("OK\n");
    expect(await ctl("get v/a --print-value-only")).toBe("5\n");
  });

  it("deletes, and shows what it deleted", async () => {
    for (const key of ["d/1", "d/2", "d/3"]) await ctl(`put ${key} x`);
    expect(await ctl("del d/1 --prev-kv")).toBe("1\nd/1\nx\n");
    expect(await ctl("del d/ --prefix")).toBe("2\n");
    expect(await ctl("del d/ --prefix")).toBe("0\n");
    expect(await ctl("get d/ --prefix")).toBe("");
  });

  it("runs transactions", async () => {
    const lines = 'ver("t") = "0"\n\nput t created\n\nput t changed\nget t\n\n';
    expect(await ctl("txn", lines)).toBe("SUCCESS\n\nOK\n");
    expect(await ctl("txn", lines)).toBe("FAILURE\n\nOK\n\nt\nchanged\n");
  });

  it("answers in json, table and fields about its members and itself", async () => {
    const name = `"name":"one","peerURLs":["${plan.peerUrl}"],"clientURLs":["${plan.clientUrl}"]`;
    expect(await ctl("member list -w json")).toContain(name);
    expect(await ctl("member list -w simple")).toContain(`, started, one, ${plan.peerUrl}, `);
    expect(await ctl("member list -w table")).toContain("| started |  one |");
    expect(await ctl("member list -w fields")).toContain('"Name" : "one"');
    expect(await ctl("endpoint status -w simple")).toContain(", 3.7.1, ");
    expect(await ctl("endpoint status -w json")).toContain('"version":"3.7.1"');
    expect(await ctl("endpoint status -w table")).toContain("|      true |      false |");
    expect(await ctl("endpoint status -w fields")).toContain('"Version" : "3.7.1"');
    expect(await ctl("endpoint health -w json")).toContain('"health":true');
    expect(await ctl("endpoint health -w table")).toContain("|   true |");
  });

  it("gives etcd's words for what it refuses", async () => {
    const future = await etcdctl([plan.clientUrl], ["get", "a", "--rev", "999999"]);
    expect(future.code).toBe(1);
    expect(future.stderr).toContain("etcdserver: mvcc: required revision is a future revision");
  });

  it("takes a request of the largest size, and not one byte more in its frame", async () => {
    const large = await etcdctl([plan.clientUrl], ["put", "large"], "x".repeat(1_500_000));
    expect(large.stderr).toBe("");
    const larger = await etcdctl([plan.clientUrl], ["put", "large"], "x".repeat(1_600_000));
    expect(larger.stderr).toContain("etcdserver: request is too large");
  });

  it("ends by the SIGTERM that it was sent, and shows every key again afterwards", async () => {
    expect(await member.end("SIGTERM")).toBe("SIGTERM");
    const words = ["received signal; shutting down", "closing etcd server", "closed etcd server"];
    for (const said of words) expect(member.output).toContain(said);
    expect(member.output).not.toMatch(/"level":"(error|fatal)"/);
    member = await startMember(plan);
    expect(await ctl("get v/a")).toBe("v/a\n5\n");
  });

  it("loses nothing to kill -9", async () => {
    for (let at = 0; at < 20; at++) await ctl(`put k/${at} ${at}`);
    await member.end("SIGKILL");
    member = await startMember(plan);
    expect((await ctl("get k/ --prefix --keys-only")).trim().split("\n\n")).toHaveLength(20);
  });

  it("refuses a second process on its data, and says whose it is", async () => {
    const { code, output } = await runToEnd(flagsOf(plan));
    expect(code).toBe(1);
    expect(output).toContain(`the data directory ${plan.dataDirectory} is in use`);
    expect(output).not.toContain("\n");
  });

  it("says that a port is taken", async () => {
    const [other] = (await planMembers(["other"])) as [MemberPlan];
    const { code, output } = await runToEnd(flagsOf({ ...other, clientUrl: plan.clientUrl }));
    expect(code).toBe(1);
    expect(output.split("\n").at(-1)).toContain(`cannot listen on ${plan.clientUrl}`);
  });
});

describe("a member that cannot go on", () => {
  it("ends with 1 and one fatal line when its disk refuses, having acknowledged nothing more", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const member = await startMember(plan);
    const client = createEtcdClient(plan.clientUrl);
    fs.rmSync(join(plan.dataDirectory, "member", "wal"), { recursive: true });
    const value = Buffer.alloc(1_400_000);
    const put = async (): Promise<boolean> =>
      (await client.call(putRequest("k", value), PATIENCE_MS)).ok;
    let went = true;
    while (went) went = (await Promise.all([put(), put(), put(), put()])).every(Boolean);
    client.close();
    expect(await member.exited()).toBe(1); // the next segment could not be created
    const fatal = member.output.split("\n").filter((line) => line.includes('"level":"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(fatal[0]).toContain("member/wal: no such file or directory: put it back from a backup");
    expect(member.output).not.toMatch(/\n\s+at /); // no stack
  });

  it("ends with 1 when its files may grow no more, and serves all that it acknowledged later", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const limited = ["bash", "-c", 'ulimit -f 4000; exec "$@"', "bash"]; // KiB
    const member = await startMember(plan, [], limited);
    const client = createEtcdClient(plan.clientUrl);
    let acknowledged = 0;
    const put = (key: number): Promise<boolean> =>
      client.call(putRequest(`k${key}`, Buffer.alloc(100_000)), PATIENCE_MS).then(({ ok }) => ok);
    while (await put(acknowledged)) acknowledged += 1;
    client.close();
    expect(await member.exited()).toBe(1);
    const fatal = member.output.split("\n").filter((line) => line.includes('"level":"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(fatal[0]).toMatch(/cannot write the (log|store) .*(file too large|i\/o error): /);
    expect(member.output).not.toMatch(/\n\s+at /); // no stack
    const again = await startMember(plan);
    const { stdout } = await etcdctl([plan.clientUrl], ["get", "k", "--prefix", "--keys-only"]);
    expect(stdout.match(/^k\d+$/gm)?.length).toBeGreaterThanOrEqual(acknowledged);
    await again.end("SIGTERM");
  });

  it("ends with 1 when its store was cut off, and says what to do", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    await (await startMember(plan)).end("SIGTERM");
    const path = join(plan.dataDirectory, "member", "kv-1", "data.mdb");
    fs.truncateSync(path, fs.statSync(path).size - 4096);
    const { code, output } = await runToEnd(flagsOf(plan));
    expect(code).toBe(1);
    expect(output).toMatch(
      /^[^\n]*initialized[^\n]*\n[^\n]*ignored[^\n]*\ndetcd serve: the store .*data\.mdb is damaged: [^\n]*$/,
    );
  });

  it("ends with 1 when its log was damaged, and says where", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const member = await startMember(plan);
    const client = createEtcdClient(plan.clientUrl);
    for (let at = 0; at < 20; at++) {
      const { ok } = await client.call(putRequest(`k${at}`, Buffer.alloc(500)), PATIENCE_MS);
      expect(ok).toBe(true);
    }
    client.close();
    expect(await member.end("SIGTERM")).toBe("SIGTERM");
    const directory = join(plan.dataDirectory, "member", "wal");
    const [segment] = fs.readdirSync(directory) as [string];
    const bytes = fs.readFileSync(join(directory, segment));
    bytes[3000] = (bytes[3000] as number) ^ 1;
    fs.writeFileSync(join(directory, segment), bytes);
    const { code, output } = await runToEnd(flagsOf(plan));
    expect(code).toBe(1);
    expect(output).toContain(`${segment} is damaged at offset`);
    expect(fs.readFileSync(join(directory, segment)).equals(bytes)).toBe(true);
  });
});

describe("a member that cannot start", () => {
  it("ends with 2 on an unknown flag, in one line", async () => {
    const { code, output } = await runToEnd(["--data-directory", "/tmp/x"]);
    expect(code).toBe(2);
    expect(output).toContain("did you mean --data-dir?");
    expect(output).not.toContain("\n");
  });

  it("ends with 1 on a data directory that etcd wrote", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    fs.mkdirSync(join(plan.dataDirectory, "member", "snap"), { recursive: true });
    const { code, output } = await runToEnd(flagsOf(plan));
    expect(code).toBe(1);
    expect(output).toContain("belongs to etcd");
    expect(output).not.toContain("\n");
    expect(fs.readdirSync(join(plan.dataDirectory, "member"))).toEqual(["snap"]);
  });
});
