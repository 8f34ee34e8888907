// Snapshots between detcd and a real etcd, both ways, with the tools of both; under load; and files
// that are not what they were.

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Index, Term } from "../../core/contract.ts";
import { createMemoryKv } from "../../core/kv/memory-kv.ts";
import { hashKv } from "../../core/mvcc/hash/hash.ts";
import { restoreMvcc } from "../../core/mvcc/store.ts";
import { startReading } from "../../net/bolt/reader.ts";
import { restoredWrites } from "../../net/bolt/restore.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCD,
  type MemberPlan,
  type MemberProcess,
  PATIENCE_MS,
  planMembers,
  putRequest,
  startEtcd,
  startMember,
} from "../live/testing.ts";
import { main } from "./main.ts";
import { openSnapshotFile } from "./snapshot-file.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";
const QUICK = ["--heartbeat-interval=50", "--election-timeout=500"];
const RESTORE_FLAGS = /^--(name|data-dir|initial-cluster|initial-cluster-token|initial-advertise)/;

afterAll(cleanUp);

type Said = Readonly<{ code: number; stdout: string; stderr: string }>;

/** `detcd snapshot …`, in this process. */
async function detcd(...args: readonly string[]): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const log = vi
    .spyOn(console, "log")
    .mockImplementation((line) => void (said.stdout += `${line}\n`));
  const error = vi.spyOn(console, "error").mockImplementation((line) => void (said.stderr += line));
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    return { code: await main("snapshot", args), ...said };
  } finally {
    for (const spy of [log, error, stderr]) spy.mockRestore();
  }
}

async function ctl(plan: MemberPlan, line: string): Promise<string> {
  const { code, stdout, stderr } = await etcdctl([plan.clientUrl], line.split(" "));
  expect([line, code, code === 0 ? "" : stderr]).toEqual([line, 0, ""]);
  return stdout;
}

/** What a client sees of the data. */
async function contentOf(plan: MemberPlan, lease: string): Promise<string> {
  const lines = ["get --prefix k -w fields", "lease list", `lease timetolive ${lease} --keys`];
  const seen = await Promise.all(lines.map((line) => ctl(plan, line)));
  const [hash] = (await ctl(plan, "endpoint hashkv -w json")).match(/"hash":\d+/) ?? [];
  const told = seen.join("").replace(/"(ClusterID|MemberID|RaftTerm)" : \d+\n/g, "");
  return `${told.replace(/remaining\(\d+s\)/, "remaining")}${hash}`;
}

async function fill(plan: MemberPlan): Promise<string> {
  const granted = await ctl(plan, "lease grant 1000");
  const lease = granted.split(" ")[1] as string;
  for (const line of ["put k1 one", "put k2 two", "put k1 three", `put --lease=${lease} k3 four`]) {
    await ctl(plan, line);
  }
  await ctl(plan, "del k2");
  await ctl(plan, "compaction 4");
  await ctl(plan, "put k4 five");
  return lease;
}

function restoreFlags(plan: MemberPlan): readonly string[] {
  return flagsOf(plan).filter((flag) => RESTORE_FLAGS.test(flag));
}

describe.skipIf(!HAS_ETCD)(`snapshots between detcd and etcd${skipReason}`, () => {
  let plan: MemberPlan;
  let member: MemberProcess;
  let file: string;
  let lease: string;

  beforeAll(async () => {
    [plan] = (await planMembers(["one"])) as [MemberPlan];
    member = await startMember(plan);
    lease = await fill(plan);
    file = join(dirname(plan.dataDirectory), "saved.db");
    expect(await ctl(plan, `snapshot save ${file}`)).toBe(`Snapshot saved at ${file}\n`);
  });

  it("have the same bytes, and are the same to both tools, whoever saves and looks", async () => {
    const again = `${file}.again`;
    const saved = await detcd("save", again, "--endpoints", plan.clientUrl);
    expect(saved.stdout).toBe(`Snapshot saved at ${again}\nServer version 3.7.0\n`);
    expect(fs.readFileSync(again).equals(fs.readFileSync(file))).toBe(true);
    const theirs = await ctl(plan, `snapshot status ${file}`);
    const ours = await detcd("status", file);
    const [hash, revision, , size] = theirs.trim().split(", ");
    expect(ours.stdout).toBe(`${hash}, ${revision}, 3, ${size}, 3.7.0\n`);
    const asJson = JSON.parse((await detcd("status", file, "-w", "json")).stdout);
    expect(asJson).toMatchObject({ hash: Number.parseInt(hash as string, 16), totalKey: 3 });
    expect((await detcd("status", file, "-w", "fields")).stdout).toContain('"Keys" : 3\n');
    expect((await detcd("status", file, "-w", "table")).stdout).toMatch(
      /^\+-+\+.*\n\| +HASH +\| REVISION \|/,
    );
  });

  it("of detcd are restored by etcd, which serves the same", async () => {
    const [theirs] = (await planMembers(["theirs"])) as [MemberPlan];
    await ctl(plan, `snapshot restore ${file} ${restoreFlags(theirs).join(" ")}`);
    await startEtcd(theirs);
    expect(await contentOf(theirs, lease)).toBe(await contentOf(plan, lease));
    await ctl(theirs, "put k5 six");
  });

  it("of etcd are restored by detcd, on three members, which serve the same", async () => {
    const [theirs] = (await planMembers(["theirs"])) as [MemberPlan];
    await startEtcd(theirs);
    const itsLease = await fill(theirs);
    const itsFile = `${file}.etcd`;
    await ctl(theirs, `snapshot save ${itsFile}`);
    const plans = await planMembers(["a", "b", "c"]);
    for (const each of plans) {
      const restored = await detcd("restore", itsFile, ...restoreFlags(each));
      expect([restored.code, restored.stderr]).toEqual([0, ""]);
    }
    const members = await Promise.all(plans.map((each) => startMember(each, QUICK)));
    const contents = await Promise.all([theirs, ...plans].map((each) => contentOf(each, itsLease)));
    expect(new Set(contents).size).toBe(1);
    await ctl(plans[1] as MemberPlan, "put k5 six");
    expect(await ctl(plans[2] as MemberPlan, "get k5 --print-value-only")).toBe("six\n");
    expect((await ctl(plans[0] as MemberPlan, "member list")).trim().split("\n")).toHaveLength(3);
    await members[0]?.end("SIGKILL");
    await startMember(plans[0] as MemberPlan, QUICK);
    expect(await ctl(plans[0] as MemberPlan, "get k5 --print-value-only")).toBe("six\n");
  });

  it("carry users, roles and passwords, from etcd to detcd and on to etcd", async () => {
    const [theirs] = (await planMembers(["theirs"])) as [MemberPlan];
    const [ours] = (await planMembers(["ours"])) as [MemberPlan];
    const [back] = (await planMembers(["back"])) as [MemberPlan];
    const path = `${file}.auth`;
    await startEtcd(theirs, ["--bcrypt-cost=4"]);
    const setUp = ["user add root:top", "user add u:secret", "role add r", "user grant-role u r"];
    const grants = ["role grant-permission r read k --prefix", "put k1 one", "auth enable"];
    for (const line of [...setUp, ...grants]) await ctl(theirs, line);
    await ctl(theirs, `--user root:top snapshot save ${path}`);
    await detcd("restore", path, ...restoreFlags(ours));
    await startMember(ours);
    await tellsWhoMayWhat(ours);
    const refused = await detcd("save", `${path}.again`, "--endpoints", ours.clientUrl);
    expect(refused.stderr).toMatch(/gave no snapshot: etcdserver: user name is empty$/);
    const flags = ["--endpoints", ours.clientUrl, "--user", "root:top"];
    expect((await detcd("save", `${path}.again`, ...flags)).code).toBe(0);
    await ctl(plan, `snapshot restore ${path}.again ${restoreFlags(back).join(" ")}`);
    await startEtcd(back, [], ["--user", "u:secret"]);
    await tellsWhoMayWhat(back);
  });

  it("show one moment, while writes go on", async () => {
    const client = createEtcdClient(plan.clientUrl);
    const load = { runs: true, count: 0 };
    const write = async (worker: number): Promise<void> => {
      for (; load.runs; load.count++) {
        const value = new Uint8Array(20_000).fill(load.count);
        await client.call(putRequest(`k/${worker}/${load.count % 50}`, value), PATIENCE_MS);
      }
    };
    const workers = Promise.all([1, 2, 3, 4].map(write));
    await eventually(() => load.count > 200);
    for (let at = 0; at < 3; at++) {
      const path = `${file}.${at}`;
      const before = load.count;
      expect((await detcd("save", path, "--endpoints", plan.clientUrl)).code).toBe(0);
      expect(load.count).toBeGreaterThan(before);
      const { revision, hash } = contentHash(path);
      const answer = await client.call({ kind: "hash_kv", revision }, PATIENCE_MS);
      expect(answer.ok && answer.value.kind === "hash_kv" && answer.value.hash).toBe(hash);
    }
    load.runs = false;
    await workers;
    client.close();
  });

  it("go on at a higher revision, with all history gone, where that is asked for", async () => {
    const [bumped] = (await planMembers(["bumped"])) as [MemberPlan];
    const more = ["--bump-revision", "1000000", "--mark-compacted"];
    expect((await detcd("restore", file, ...restoreFlags(bumped), ...more)).code).toBe(0);
    await startMember(bumped);
    expect(await ctl(bumped, "get k1 -w fields")).toMatch(/"Revision" : 10000\d\d\n/);
    expect(await ctl(bumped, "get k1 --print-value-only")).toBe("three\n");
    const old = await etcdctl([bumped.clientUrl], ["get", "k1", "--rev", "5"]);
    expect(old.stderr).toContain("required revision has been compacted");
    expect((await detcd("restore", file, "--bump-revision", "5")).code).toBe(128);
  });

  it("are refused, and leave nothing, when they are altered, cut short or without a hash", async () => {
    const [target] = (await planMembers(["target"])) as [MemberPlan];
    const whole = fs.readFileSync(file);
    const altered = Buffer.from(whole);
    altered[9000] = (altered[9000] ?? 0) ^ 1;
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [altered, /^Error: expected sha256 .* was altered or cut short, use another snapshot$/],
      [whole.subarray(0, 20_001), /it has 20001 bytes, but .* its end is missing$/],
      [whole.subarray(0, -32), /^Error: snapshot missing hash but --skip-hash-check=false: /],
      [Buffer.from("no"), /it is no bbolt file/],
    ];
    for (const [bytes, words] of cases) {
      fs.writeFileSync(`${file}.bad`, bytes);
      const { code, stderr } = await detcd("restore", `${file}.bad`, ...restoreFlags(target));
      expect(stderr).toMatch(words);
      expect(code).toBe(1);
    }
    expect(fs.readdirSync(dirname(target.dataDirectory))).toEqual([]);
    fs.writeFileSync(`${file}.bad`, whole.subarray(0, -32));
    const flags = [...restoreFlags(target), "--skip-hash-check"];
    expect((await detcd("restore", `${file}.bad`, ...flags)).code).toBe(0);
    const twice = await detcd("restore", file, ...flags, "--wal-dir", `${file}.wal`);
    expect(twice.stderr).toMatch(/^Error: data-dir ".*" not empty or could not be read$/);
  });

  it("leave no half file where there is no room, and none where nobody answers", async () => {
    const path = `${file}.full`;
    const url = pathToFileURL(join(import.meta.dirname, "main.ts")).href;
    const run =
      `import { main } from ${JSON.stringify(url)};` +
      `process.exitCode = await main("snapshot", process.argv.slice(1));`;
    const words = [process.execPath, "--input-type=module", "-e", run, "--", "save", path];
    const command = `ulimit -f 8; exec "$@"`; // files of no more than a few KiB
    const args = ["-c", command, "sh", ...words, "--endpoints", plan.clientUrl];
    const { status, stderr } = spawnSync("sh", args, { encoding: "utf8" });
    expect(stderr).toMatch(/^Error: could not save to .*: EFBIG/);
    expect(status).toBe(1);
    expect((await detcd("save", path, "--endpoints", "127.0.0.1:1")).code).toBe(1);
    expect(fs.readdirSync(dirname(path)).filter((name) => name.includes("full"))).toEqual([]);
  });

  it("that nobody reads to the end do not keep a member from stopping", async () => {
    const client = createEtcdClient(plan.clientUrl);
    const pieces = client.snapshot("");
    expect((await pieces.next()).value?.ok).toBe(true);
    expect(await member.end("SIGTERM")).toBe("SIGTERM");
    await pieces.return();
    client.close();
  });
});

async function tellsWhoMayWhat(plan: MemberPlan): Promise<void> {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["--user u:secret get k1", /^k1\none\n$/],
    ["--user u:secret put k1 two", /permission denied/],
    ["--user u:wrong get k1", /authentication failed/],
    ["get k1", /user name is empty/],
    ["--user root:top role get r", /\[k, l\) \(prefix k\)/],
  ];
  const check = async ([line, words]: readonly [string, RegExp]): Promise<void> => {
    const { stdout, stderr } = await etcdctl([plan.clientUrl], line.split(" "));
    expect(stdout + stderr).toMatch(words);
  };
  await Promise.all(cases.map(check));
}

function contentHash(path: string): Readonly<{ revision: number; hash: number }> {
  const opened = openSnapshotFile(path, true);
  if (!opened.ok) throw new Error(opened.error);
  const kv = createMemoryKv();
  const applied = { index: 1 as Index, term: 1 as Term, voters: [], learners: [] };
  const reading = startReading(opened.value.bolt);
  kv.perform([...restoredWrites(reading, { members: [], applied, bumpRevision: 0 })]);
  opened.value.close();
  const mvcc = restoreMvcc(kv);
  return { revision: mvcc.revision, hash: hashKv(mvcc, kv, mvcc.revision) };
}
