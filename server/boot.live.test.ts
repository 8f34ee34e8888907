import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDirectory, type DataDirectory } from "./boot.ts";
import { parseFlags } from "./flags.ts";

const THREE = "a=http://h:1,b=http://h:2,c=http://h:3";

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
  const opened = await openDataDirectory(parsed.flags, parsed.given);
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
    await first.release();
    for (const args of [MEMBER_A, "--name a", "--name a --initial-cluster-state existing"]) {
      const again = await start(args);
      expect(again.firstStart).toBe(false);
      expect(again.identity).toEqual(first.identity);
      await again.release();
    }
  });

  it("refuses flags that describe another member, and changes nothing", async () => {
    const first = await start(MEMBER_A);
    await first.release();
    const path = join(first.memberDirectory, "identity.json");
    const before = fs.readFileSync(path, "utf8");
    const other = `--name b --initial-advertise-peer-urls http://h:2 --initial-cluster ${THREE}`;
    expect(await refusal(other)).toContain("belongs to member a");
    expect(await refusal(`${MEMBER_A} --initial-cluster-token x`)).toContain("another cluster");
    expect(fs.readFileSync(path, "utf8")).toBe(before);
  });

  it("has one process at a time, and names it", async () => {
    const first = await start("");
    expect(await refusal("")).toContain(`in use by another detcd (process ${process.pid})`);
    await first.release();
    await (await start("")).release();
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
    await first.release();
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
    await opened.release();
  });

  it("says why it cannot be used at all", async () => {
    fs.writeFileSync(join(root, "data"), "a file");
    expect(await refusal("")).toContain("cannot use the data directory");
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
    expect(fs.readdirSync(join(root, "data", "member"))).toEqual([]);
    const [, name = "default"] = /--name (\w+)/.exec(args) ?? [];
    const urls = "--initial-advertise-peer-urls http://h:1";
    await (await start(`--name ${name} ${urls}`)).release(); // and can be put right
  });
});
