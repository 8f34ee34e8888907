import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParsedFlags } from "./parse.ts";
import { readFlags } from "./read.ts";

let root = "";
let path = "";
beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), "detcd-config-"));
  path = join(root, "etcd.yml");
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

async function read(text: string, args: readonly string[] = []): Promise<ParsedFlags> {
  fs.writeFileSync(path, text);
  return readFlags([...args, "--config-file", path], { ETCD_NAME: "from-a-variable" });
}

async function run(text: string, args: readonly string[] = []) {
  const parsed = await read(text, args);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed;
}

async function refusal(text: string): Promise<string> {
  const parsed = await read(text);
  if (parsed.kind !== "refused") throw new Error("accepted");
  expect(parsed.exitCode).toBe(1);
  expect(parsed.message).not.toContain("\n");
  return parsed.message;
}

describe("a file of settings", () => {
  it("stands alone: flags and variables are ignored", async () => {
    const { flags, notices } = await run("data-dir: /data", ["--name=typed", "--max-txn-ops=9"]);
    expect(flags).toMatchObject({ name: "default", "data-dir": "/data", "max-txn-ops": 128 });
    expect(notices[0]?.message).toMatch(/^loaded server configuration, other configuration/);
  });

  it("is named by a variable, too", async () => {
    fs.writeFileSync(path, "name: one");
    const parsed = await readFlags([], { ETCD_CONFIG_FILE: path, ETCD_NAME: "two" });
    expect(parsed).toMatchObject({ kind: "run", flags: { name: "one" } });
  });

  it("says what flags say: numbers, booleans, lists, URLs, and nothing", async () => {
    const { flags } = await run(`
name: 'm1'
data-dir:
snapshot-count: 7
pre-vote: no
log-outputs: [stdout]
listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2
feature-gates: CompactHashCheck=true
auto-compaction-retention: "1"
cors: "*"
`);
    expect(flags).toMatchObject({
      name: "m1",
      "data-dir": "m1.etcd",
      "snapshot-count": 7,
      "pre-vote": false,
      "log-outputs": ["stdout"],
      "listen-client-urls": ["http://127.0.0.1:1", "http://127.0.0.1:2"],
      "advertise-client-urls": ["http://localhost:2379"],
      "initial-cluster": [{ name: "m1", peerUrls: ["http://localhost:2380"] }],
    });
  });

  it("takes bare numbers for nanoseconds where a flag wants a time, and words as flags do", async () => {
    const { flags } = await run(`
watch-progress-notify-interval: 600000000
compact-hash-check-time: 2s
corrupt-check-time: 0
`);
    expect(flags).toMatchObject({
      "watch-progress-notify-interval": 600,
      "compact-hash-check-time": 2000,
      "corrupt-check-time": 0,
    });
  });

  it("may be JSON", async () => {
    const { flags } = await run('{"name": "j", "heartbeat-interval": 50}');
    expect(flags).toMatchObject({ name: "j", "heartbeat-interval": 50 });
  });

  it("is told which of its keys nobody knows", async () => {
    const { notices } = await run("nmae: x");
    const [, told] = notices;
    expect(told?.message).toBe("unrecognized key of the configuration file");
    expect(told?.fields).toMatchObject({ key: "nmae" });
  });
});

const REFUSALS: readonly [text: string, words: string][] = [
  ["heartbeat-interval: abc", 'invalid value "abc" for heartbeat-interval in '],
  ["election-timeout: 1", "election-timeout in "],
  ["name: [a", "as YAML: "],
  ["name: a\nname: b", "as YAML: Map keys must be unique"],
  ["name: {a: b}", "is no value that a flag can have"],
  ["client-transport-security: {cert-files: x}", "client-transport-security.cert-files in "],
  ["proxy: 'on'", "cannot be had: a proxy of API v2 is no member"],
];

describe("a file that cannot be right", () => {
  it.each(REFUSALS)("%s: %s", async (text, words) => {
    expect(await refusal(text)).toContain(words);
  });

  it("is told of if it is not there", async () => {
    const parsed = await readFlags(["--config-file", join(root, "none.yml")], {});
    expect(parsed).toMatchObject({ kind: "refused", exitCode: 1 });
  });
});

describe("etcd's own sample", () => {
  it.each(["3.4", "3.6"])("of %s is read", async (release) => {
    const sample = join(import.meta.dirname, "testdata", `etcd-${release}.yml`);
    const parsed = await readFlags([`--config-file=${sample}`], {});
    expect(parsed).toMatchObject({ kind: "run", flags: { "strict-reconfig-check": false } });
    if (parsed.kind !== "run") return;
    expect(parsed.notices.map(({ message }) => message)).not.toContain(
      "unrecognized key of the configuration file",
    );
  });
});
