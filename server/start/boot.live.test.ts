import * as fs from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDial, STRANGERS } from "../../net/socket/dial.ts";
import { openDataDirectory, type DataDirectory } from "./boot.ts";
import { parseFlags } from "./flags/parse.ts";

const THREE = "a=http://h:1,b=http://h:2,c=http://h:3";

const lines: string[] = []; // what the last opening logged
let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "detcd-boot-"));
});
afterEach(() => {
  fs.chmodSync(root, 0o700);
  fs.rmSync(root, { recursive: true, force: true });
});

async function open(args: string): Promise<DataDirectory | string> {
  const parsed = parseFlags(`--data-dir ${join(root, "data")} ${args}`.trim().split(" "), {});
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  lines.length = 0;
  const opened = await openDataDirectory(
    parsed.flags,
    parsed.given,
    createDial(STRANGERS),
    (level, message, fields) => lines.push(`${level}: ${message} ${JSON.stringify(fields ?? {})}`),
  );
  return opened.ok ? opened.value : opened.error;
}

async function start(args: string): Promise<DataDirectory> {
  const opened = await open(args);
  if (typeof opened === "string") throw new Error(opened);
  return opened;
}

async function refusal(args: string): Promise<string> {
  const opened = await open(args);
  if (typeof opened !== "string") throw new Error("opened");
  expect(opened).not.toContain("\n");
  return opened;
}

const MEMBER_A = `--name a --initial-advertise-peer-urls http://h:1 --initial-cluster ${THREE}`;

describe("the data directory", () => {
  it("takes its identity from the flags once, and keeps it without them", async () => {
    const first = await start(MEMBER_A);
    expect(first.firstStart).toBe(true);
    expect(first.identity.members.map((member) => member.name).toSorted()).toEqual(["a", "b", "c"]);
    first.release();
    for (const args of [MEMBER_A, "--name a", "--name a --initial-cluster-state existing"]) {
      const again = await start(args);
      expect(again.firstStart).toBe(false);
      expect(again.identity).toEqual(first.identity);
      again.release();
    }
  });

  it("says that flags of the first start mean nothing any more, whatever they say", async () => {
    const first = await start(MEMBER_A);
    first.release();
    expect(lines).toEqual([]);
    const path = join(first.memberDirectory, "identity.json");
    const before = fs.readFileSync(path, "utf8");
    for (const args of [
      `--name b --initial-advertise-peer-urls http://h:2 --initial-cluster ${THREE}`,
      `${MEMBER_A},d=http://h:4`,
      `${MEMBER_A} --initial-cluster-token x`,
      "--name a --initial-cluster z=http://h:9 --initial-cluster-state existing",
    ]) {
      const again = await start(args);
      expect(again.identity).toEqual(first.identity);
      again.release();
      expect(lines.join("\n")).toContain("flags of the first start are ignored");
      expect(lines.join("\n")).toContain('"--initial-cluster"');
    }
    expect(fs.readFileSync(path, "utf8")).toBe(before);
  });

  it("is for its user alone, also what was looser before", async () => {
    const first = await start("");
    first.release();
    const loose = join(first.memberDirectory, "kv-1");
    fs.mkdirSync(loose);
    fs.writeFileSync(join(loose, "data.mdb"), "");
    const all = ["", "lock", "identity.json", "wal", "kv-1", "kv-1/data.mdb"];
    for (const name of all) fs.chmodSync(join(first.memberDirectory, name), 0o777);
    fs.chmodSync(join(root, "data"), 0o755);
    (await start("")).release();
    const modes = all.map((name) => fs.statSync(join(first.memberDirectory, name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o700, 0o700]);
    expect(lines.join("\n")).toContain('check file permission {"error":"directory ');
    expect(lines.join("\n")).toContain('permission is \\"drwxr-xr-x\\"');
  });

  it("has its log elsewhere if it was told so once, whatever later starts say", async () => {
    const elsewhere = join(root, "disk", "wal");
    (await start(`--wal-dir ${elsewhere}`)).release();
    for (const args of ["", `--wal-dir ${elsewhere}`]) {
      const { walDirectory, release } = await start(args);
      release();
      expect(fs.realpathSync(walDirectory)).toBe(fs.realpathSync(elsewhere));
    }
    expect(fs.statSync(elsewhere).mode & 0o777).toBe(0o700);
    expect(await refusal(`--wal-dir ${join(root, "other")}`)).toContain(`start it with --wal-dir`);
    fs.rmdirSync(elsewhere);
    expect(await refusal("")).toContain("which is gone: mount it");
  });

  it("takes no directory for its log that holds another's", async () => {
    const elsewhere = join(root, "used");
    fs.mkdirSync(elsewhere);
    fs.writeFileSync(join(elsewhere, "file"), "");
    expect(await refusal(`--wal-dir ${elsewhere}`)).toContain("must be empty at the first start");
    expect(fs.readdirSync(join(root, "data", "member"))).not.toContain("identity.json");
  });

  it("has one process at a time, and names it", async () => {
    const first = await start("");
    const words = `in use by another detcd (process ${process.pid} on ${hostname()})`;
    expect(await refusal("")).toContain(words);
    first.release();
    (await start("")).release();
  });

  it("refuses what etcd wrote, and writes nothing there", async () => {
    const member = join(root, "data", "member");
    fs.mkdirSync(join(member, "snap"), { recursive: true });
    fs.writeFileSync(join(member, "snap", "db"), "bolt");
    expect(await refusal("")).toContain("belongs to etcd");
    expect(fs.readdirSync(member)).toEqual(["snap"]);
    fs.rmSync(join(member, "snap"), { recursive: true });
    fs.mkdirSync(join(member, "wal"));
    fs.writeFileSync(join(member, "wal", "0000000000000000-0000000000000000.wal"), "");
    expect(await refusal("")).toContain("belongs to etcd");
    expect(fs.readdirSync(member)).toEqual(["wal"]);
  });

  it("refuses what nobody knows, or what has lost its identity", async () => {
    const first = await start("");
    first.release();
    const path = join(first.memberDirectory, "identity.json");
    fs.writeFileSync(path, "{}");
    expect(await refusal("")).toContain("identity.json cannot be read");
    fs.writeFileSync(path, "not JSON");
    expect(await refusal("")).toContain("identity.json cannot be read");
    fs.rmSync(path);
    expect(await refusal("")).toContain("has lost its member/identity.json");
  });

  it("goes on with a first start that was cut off before its identity was whole", async () => {
    fs.mkdirSync(join(root, "data", "member"), { recursive: true });
    fs.writeFileSync(join(root, "data", "member", "identity.json.tmp"), "{");
    const opened = await start("");
    expect(opened.firstStart).toBe(true);
    opened.release();
  });

  it("says why it cannot be used at all", async () => {
    fs.writeFileSync(join(root, "data"), "a file");
    expect(await refusal("")).toMatch(
      /^cannot use .*data\/member: not a directory: choose another --data-dir/,
    );
  });
});

describe("a first start", () => {
  const cases: readonly [args: string, words: string][] = [
    ["--initial-cluster-state existing", "--initial-cluster names nobody else"],
    ["--name x --initial-cluster a=http://h:1", `couldn't find local name "x"`],
    [
      "--name a --initial-cluster a=http://h:1",
      "--initial-cluster has a=http://h:1 but missing from --initial-advertise-peer-urls=",
    ],
    [
      "--name a --initial-cluster a=http://h:1 --initial-advertise-peer-urls http://h:1,http://h:9",
      "--initial-advertise-peer-urls has http://h:9 but missing from --initial-cluster=a=http://h:1",
    ],
  ];
  it.each(cases)("%s is refused: %s", async (args, words) => {
    expect(await refusal(args)).toContain(words);
    expect(fs.readdirSync(join(root, "data", "member"))).toEqual(["lock"]);
    const [, name = "default"] = /--name (\w+)/.exec(args) ?? [];
    const urls = "--initial-advertise-peer-urls http://h:1";
    (await start(`--name ${name} ${urls}`)).release(); // and can be put right
  });
});
