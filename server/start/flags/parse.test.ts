import { describe, expect, it } from "vitest";
import { isOn } from "./gates.ts";
import type { Notice } from "./settings.ts";
import type { FlagName, Flags } from "./table.ts";
import { environmentName } from "./environment.ts";
import { parseFlags, type ParsedFlags } from "./parse.ts";

function run(args: string, environment: Record<string, string> = {}): Flags {
  const parsed = parse(args, environment);
  if (parsed.kind !== "run") throw new Error(`refused: ${JSON.stringify(parsed)}`);
  return parsed.flags;
}

function parse(args: string, environment: Record<string, string> = {}): ParsedFlags {
  const parsed = parseFlags(
    args.split(" ").filter((word) => word !== ""),
    environment,
  );
  if (parsed.kind === "file") throw new Error("a file");
  return parsed;
}

function noticesOf(parsed: ParsedFlags): readonly Notice[] {
  if (parsed.kind !== "run") throw new Error(`refused: ${JSON.stringify(parsed)}`);
  return parsed.notices;
}

describe("the flags of serve", () => {
  it("have etcd's defaults", () => {
    expect(run("")).toMatchObject({
      name: "default",
      "data-dir": "default.etcd",
      "listen-client-urls": ["http://localhost:2379"],
      "advertise-client-urls": ["http://localhost:2379"],
      "listen-peer-urls": ["http://localhost:2380"],
      "initial-advertise-peer-urls": ["http://localhost:2380"],
      "initial-cluster": [{ name: "default", peerUrls: ["http://localhost:2380"] }],
      "initial-cluster-state": "new",
      "initial-cluster-token": "etcd-cluster",
      "heartbeat-interval": 100,
      "election-timeout": 1000,
      "snapshot-count": 10000,
      "max-request-bytes": 1572864,
      "max-txn-ops": 128,
      "max-concurrent-streams": 4294967295,
      "pre-vote": true,
      "log-level": "info",
    });
  });

  it("follow Go's syntax: one dash or two, a space or an equals sign, the last one wins", () => {
    expect(run("-name a").name).toBe("a");
    expect(run("--name=a").name).toBe("a");
    expect(run("--name a --name b").name).toBe("b");
    expect(run("--name=a=b").name).toBe("a=b");
    expect(run("--pre-vote=false")["pre-vote"]).toBe(false);
    expect(run("-pre-vote=F --pre-vote")["pre-vote"]).toBe(true);
  });

  it("beat their variables, which beat the defaults; empty variables count as unset", () => {
    const environment = { ETCD_NAME: "env", ETCD_DATA_DIR: "/data", ETCD_LOG_LEVEL: "" };
    expect(run("", environment)).toMatchObject({ name: "env", "data-dir": "/data" });
    expect(environmentName("initial-advertise-peer-urls")).toBe("ETCD_INITIAL_ADVERTISE_PEER_URLS");
  });

  it("are refused beside their variables, as by etcd", () => {
    expect(parse("--name flag", { ETCD_NAME: "env" })).toMatchObject({
      kind: "refused",
      exitCode: 1,
      message: expect.stringMatching(/^conflicting environment variable .*: ETCD_NAME and --name$/),
    });
  });

  it("tell what is adjusted, and what is unsafe", () => {
    expect(messagesOf("--watch-progress-notify-interval=50ms")).toEqual([
      "adjusting watch progress notify interval to minimum period",
    ]);
    expect(messagesOf("--watch-progress-notify-interval=0s")).toEqual([]);
    expect(messagesOf("--unsafe-no-fsync")).toEqual([
      "nothing is synced: what was acknowledged may be lost when the machine stops",
    ]);
  });

  it("warn of a variable that no flag has", () => {
    const parsed = parse("", { ETCD_NAMES: "x", PATH: "/bin", ETCDCTL_API: "3" });
    const [told] = noticesOf(parsed);
    expect(told?.message).toBe("unrecognized environment variable");
    expect(told?.fields).toEqual({ "environment-variable": "ETCD_NAMES" });
  });

  it("name the data directory and the initial cluster after this member", () => {
    const flags = run("--name n1 --initial-advertise-peer-urls http://10.0.0.1:2380");
    expect(flags["data-dir"]).toBe("n1.etcd");
    expect(flags["initial-cluster"]).toEqual([{ name: "n1", peerUrls: ["http://10.0.0.1:2380"] }]);
  });

  it("read an initial cluster, a repeated name being a second URL of the same member", () => {
    const flags = run("--initial-cluster a=http://h1:1,b=http://h2:2,a=http://[::1]:3");
    expect(flags["initial-cluster"]).toEqual([
      { name: "a", peerUrls: ["http://h1:1", "http://[::1]:3"] },
      { name: "b", peerUrls: ["http://h2:2"] },
    ]);
  });

  it("turn features on, by gates or by what they were called before", () => {
    const given = run(
      "--feature-gates=CompactHashCheck=true,LeaseCheckpoint=1,FastLeaseKeepAlive=t",
    );
    expect(isOn(given, "CompactHashCheck")).toBe(true);
    expect(isOn(given, "LeaseCheckpoint")).toBe(true);
    expect(isOn(given, "InitialCorruptCheck")).toBe(false);
    expect(isOn(run("--feature-gates AllAlpha=true"), "InitialCorruptCheck")).toBe(true);
    const older = run("--experimental-initial-corrupt-check --compact-hash-check-enabled");
    expect(isOn(older, "InitialCorruptCheck")).toBe(true);
    expect(isOn(older, "CompactHashCheck")).toBe(true);
    const times = run("--experimental-corrupt-check-time 2s", {
      ETCD_EXPERIMENTAL_COMPACT_HASH_CHECK_TIME: "3s",
    });
    expect(times).toMatchObject({ "corrupt-check-time": 2000, "compact-hash-check-time": 3000 });
  });

  it("warn of a feature that is not there to turn on or off", () => {
    const parsed = parse("--feature-gates=PriorityRequest=true,TxnModeWriteWithSharedBuffer=true");
    expect(noticesOf(parsed).map(({ message }) => message)).toEqual([
      "feature gate PriorityRequest=true makes no difference to this server",
    ]);
  });

  it("take no limit of streams for the largest one", () => {
    expect(run("--max-concurrent-streams=0")["max-concurrent-streams"]).toBe(4294967295);
    expect(run("--max-concurrent-streams=7")["max-concurrent-streams"]).toBe(7);
    expect(parse("--max-concurrent-streams=-1")).toMatchObject({ kind: "refused" });
  });

  it("ask for help or the version", () => {
    expect(parse("--help").kind).toBe("help");
    expect(parse("-h").kind).toBe("help");
    expect(parse("--version").kind).toBe("version");
    const help = parse("--help");
    expect(help.kind === "help" && help.text).toContain("--initial-cluster-token 'etcd-cluster'");
  });
});

/** What etcd 3.7.3 takes, and what it makes of it. */
const ODD_VALUES: readonly [args: string, name: FlagName, value: unknown][] = [
  ["--watch-progress-notify-interval=10ms", "watch-progress-notify-interval", 100],
  ["--watch-progress-notify-interval=1us", "watch-progress-notify-interval", 100],
  ["--watch-progress-notify-interval=0", "watch-progress-notify-interval", 600_000],
  ["--watch-progress-notify-interval=-1s", "watch-progress-notify-interval", 600_000],
  ["--grpc-keepalive-min-time=10ms", "grpc-keepalive-min-time", 10],
  ["--grpc-keepalive-min-time=0", "grpc-keepalive-min-time", 300_000],
  ["--grpc-keepalive-min-time=-1s", "grpc-keepalive-min-time", 300_000],
  ["--snapshot-count=0", "snapshot-count", 10_000],
  ["--snapshot-count=1", "snapshot-count", 1],
  ["--snapshot-count=99999999999", "snapshot-count", 99_999_999_999],
  ["--snapshot-count=0x10", "snapshot-count", 16],
  ["--snapshot-count=1_000", "snapshot-count", 1000],
  ["--snapshot-count=010", "snapshot-count", 8],
  ["--max-txn-ops=0", "max-txn-ops", 0],
  ["--quota-backend-bytes=0x100", "quota-backend-bytes", 256],
  ["--quota-backend-bytes=-1", "quota-backend-bytes", Number.MAX_SAFE_INTEGER],
  ["--quota-backend-bytes=9223372036854775807", "quota-backend-bytes", Number.MAX_SAFE_INTEGER],
  ["--auth-token-ttl=0", "auth-token-ttl", 300],
  ["--compaction-batch-limit=-5", "compaction-batch-limit", 1000],
  ["--compaction-batch-limit=7", "compaction-batch-limit", 7],
  ["--experimental-compaction-batch-limit=99999", "compaction-batch-limit", 1000],
  ["--bcrypt-cost=0", "bcrypt-cost", 10],
  ["--bcrypt-cost=99", "bcrypt-cost", 10],
  ["--corrupt-check-time=1ns", "corrupt-check-time", 1],
  ["--auto-compaction-retention=", "auto-compaction-retention", ""],
  ["--heartbeat-interval=1", "heartbeat-interval", 1],
  ["--pre-vote=TRUE", "pre-vote", true],
  ["--log-level=INFO", "log-level", "info"],
  ["--log-level=", "log-level", "info"],
  ["--log-level=panic", "log-level", "error"],
  ["--initial-cluster-token=", "initial-cluster-token", ""],
];

describe("odd values that etcd takes", () => {
  it.each(ODD_VALUES)("%s", (args, name, value) => {
    expect(run(args)[name]).toEqual(value);
  });
});

/** With which variables, what is said, and how the process ends. */
const VARIABLES: readonly [variable: string, text: string, words: string][] = [
  ["ETCD_HEARTBEAT_INTERVAL", "abc", 'invalid value "abc" for ETCD_HEARTBEAT_INTERVAL: expected'],
  [
    "ETCD_EXPERIMENTAL_CORRUPT_CHECK_TIME",
    "soon",
    'invalid value "soon" for ETCD_EXPERIMENTAL_CORRUPT_CHECK_TIME',
  ],
  ["ETCD_ELECTION_TIMEOUT", "0", "ETCD_ELECTION_TIMEOUT must be >0 (set to 0ms)"],
  ["ETCD_AUTO_COMPACTION_RETENTION", "soon", "for ETCD_AUTO_COMPACTION_RETENTION: expected hours"],
  ["ETCD_MAX_REQUEST_BYTES", "0", "ETCD_MAX_REQUEST_BYTES[0] would refuse all writes"],
  ["ETCD_PEER_CERTFILE", "x.pem", "there is no such flag (did you mean ETCD_PEER_CERT_FILE?)"],
  ["ETCD_REQUIRE_TLS", "true", "ETCD_REQUIRE_TLS asks for security, and there is no such flag"],
  ["ETCD_DISCOVERY", "http://x:1", "ETCD_DISCOVERY cannot be had: members are not discovered"],
  ["ETCD_PROXY", "on", "ETCD_PROXY cannot be had: a proxy of API v2 is no member"],
];

describe("variables that cannot be right", () => {
  it.each(VARIABLES)("%s=%s: %s", (variable, text, words) => {
    const parsed = parse("", { [variable]: text });
    if (parsed.kind !== "refused") throw new Error("accepted");
    expect(parsed.exitCode).toBe(1);
    expect(parsed.message).toContain(words);
    expect(parsed.message).not.toContain("\n");
  });

  it("are reported under the older spelling that was typed", () => {
    expect(parse("--experimental-corrupt-check-time soon")).toMatchObject({
      message: expect.stringContaining("for --experimental-corrupt-check-time: "),
    });
  });

  it("end the start only if they ask for something", () => {
    expect(
      parse("", { ETCD_REQUIRE_TLS: "false", ETCD_DISCOVERY: "", ETCD_PROXY: "off" }).kind,
    ).toBe("run");
  });
});

function messagesOf(args: string): readonly string[] {
  return noticesOf(parse(args)).map(({ message }) => message);
}

describe("a flag that is only accepted", () => {
  it("is told of once, under the name that was typed, if it asks for something", () => {
    expect(messagesOf("--experimental-memory-mlock --memory-mlock=true")).toEqual([
      "--memory-mlock changes nothing: pages of the store may leave the memory as those of any file",
    ]);
    expect(messagesOf("--memory-mlock=F --max-wals=5 --raft-read-timeout=5000ms")).toEqual([]);
  });
});

const REFUSALS: readonly [args: string, exitCode: number, words: string][] = [
  ["--listen-client-url http://x:1", 2, "did you mean --listen-client-urls?"],
  ["--data-directory /x", 2, "did you mean --data-dir?"],
  ["--hlep", 2, "did you mean --help?"],
  ["--frobnicate", 2, "flag provided but not defined: --frobnicate; see detcd serve --help"],
  ["--experimental-enable-lease-checkpoint-persist", 1, "requires experimental-enable-lease"],
  ["--feature-gates=LeaseCheckpointPersist=true", 1, "requires enabling feature gate LeaseCheck"],
  ["--feature-gates=Frobnicate=true", 2, "unrecognized feature gate: Frobnicate"],
  ["--feature-gates=CompactHashCheck", 2, "missing bool value for CompactHashCheck"],
  ["--feature-gates=CompactHashCheck=yes", 2, "invalid value of CompactHashCheck=yes, err: "],
  [
    "--feature-gates=CompactHashCheck=true --compact-hash-check-enabled=false",
    1,
    "at the same time, please just use --feature-gates=CompactHashCheck=true",
  ],
  ["--compact-hash-check-time 0s", 1, "--compact-hash-check-time must be >0 (set to 0s)"],
  ["--corrupt-check-time soon", 2, "expected a duration such as 10m, or 0"],
  ["--auto-compaction-mode yearly", 1, "expected periodic or revision"],
  ["--auto-compaction-retention soon", 1, "expected hours, or a duration such as 5m"],
  [
    "--auto-compaction-mode revision --auto-compaction-retention 5m",
    1,
    "expected a number of revisions",
  ],
  ["--quota-backend-bytes 1GB", 2, "expected a number of bytes"],
  ["--name", 2, "flag needs an argument: --name"],
  ["--heartbeat-interval abc", 2, 'invalid value "abc" for --heartbeat-interval'],
  ["--snapshot-count -1", 2, 'invalid value "-1" for --snapshot-count'],
  ["--snapshot-count 1__0", 2, 'invalid value "1__0" for --snapshot-count'],
  ["--snapshot-count=", 2, 'invalid value "" for --snapshot-count'],
  ["--heartbeat-interval 0", 1, "--heartbeat-interval must be >0 (set to 0ms)"],
  ["--heartbeat-interval -1", 2, 'invalid value "-1" for --heartbeat-interval'],
  ["--election-timeout 0", 1, "--election-timeout must be >0 (set to 0ms)"],
  ["--max-txn-ops -1", 2, 'invalid value "-1" for --max-txn-ops'],
  ["--quota-backend-bytes 9223372036854775808", 2, "expected a number of bytes"],
  ["--quota-backend-bytes=", 2, "expected a number of bytes"],
  ["--bcrypt-cost -3", 2, 'invalid value "-3" for --bcrypt-cost'],
  ["--auth-token-ttl -1", 2, 'invalid value "-1" for --auth-token-ttl'],
  ["--watch-progress-notify-interval 10", 2, "expected a duration such as 10m or 1.5s"],
  ["--watch-progress-notify-interval=", 2, "expected a duration such as 10m or 1.5s"],
  ["--corrupt-check-time -1s", 2, "expected a duration such as 10m, or 0"],
  ["--auto-compaction-retention -1", 1, "expected hours, or a duration such as 5m"],
  ["--auto-compaction-mode=", 1, "expected periodic or revision"],
  ["--log-outputs=", 1, "expected stderr, stdout or a path"],
  ["--logger=", 1, "expected zap"],
  ["--initial-cluster-state NEW", 2, "expected new or existing"],
  ["--pre-vote=tRuE", 2, "expected true or false"],
  ["--pre-vote=maybe", 2, "expected true or false"],
  ["--log-level loud", 2, "expected debug or info or warn or error"],
  ["--initial-cluster-state bad", 2, "expected new or existing"],
  ["--listen-client-urls http://127.0.0.1:1/x", 2, "URL must not contain a path"],
  ["--listen-client-urls ftp://127.0.0.1:1", 2, "URL scheme must be http, https, unix, or unixs"],
  ["--listen-peer-urls ftp://127.0.0.1:1", 2, "URL scheme must be http"],
  ["--listen-peer-urls http://127.0.0.1", 2, 'does not have the form "host:port"'],
  ["--listen-peer-urls http://127.0.0.1:70000", 2, 'does not have the form "host:port"'],
  ["--listen-peer-urls nonsense", 2, "does not have the form http://host:port"],
  ["--initial-cluster a", 2, "expected name=url"],
  ["--initial-cluster a=http://h:1,b=http://h:1", 2, "duplicate URL http://h:1"],
  ["foo", 1, '"foo" is not a valid flag'],
  ["--pre-vote false", 1, '"false" is not a valid flag'],
  ["--name=", 1, "--name must not be empty"],
  ["--listen-peer-urls http://example.com:1", 1, "expected IP in URL for binding"],
  ["--listen-client-urls http://127.0.0.1:1", 1, "--advertise-client-urls is required"],
  ["--max-request-bytes=-1", 2, 'invalid value "-1" for --max-request-bytes'],
  ["--max-request-bytes 0", 1, "would refuse all writes, also the member's own"],
  [
    "--max-request-bytes 209715200",
    1,
    "can pass on to each other in time: set it to 33554432 at most",
  ],
  ["--heartbeat-interval 500", 1, "should be at least as 5 times as --heartbeat-interval[500ms]"],
  ["--election-timeout 60000", 1, "should be set less than 50000ms"],
];

describe("flags that cannot be right", () => {
  it.each(REFUSALS)("%s: exit code %i, one line that says %s", (args, exitCode, words) => {
    const parsed = parse(args);
    if (parsed.kind !== "refused") throw new Error("accepted");
    expect(parsed.exitCode).toBe(exitCode);
    expect(parsed.message).toContain(words);
    expect(parsed.message).not.toContain("\n");
  });
});
