// etcd's flags: one table gives the parser, the help, the defaults and the names in the
// environment. A flag that would do nothing is not accepted: better a clear refusal than a setting
// silently ignored.
//
// The syntax is Go's: `-x v`, `--x v`, `--x=v`; a boolean is `--x` or `--x=false`; the last one
// wins. A flag beats its variable (`--data-dir` is ETCD_DATA_DIR), which beats the default. As from
// etcd, what cannot be read ends with exit code 2, what is read and refused with 1.

import { isIP } from "node:net";

import type { Result } from "../core/contract.ts";
import {
  oneOf,
  parseBoolean,
  parseCost,
  parseCount,
  parseDuration,
  parseInitialCluster,
  parseLogOutputs,
  parseQuota,
  parseText,
  quoted,
} from "./flag-values.ts";
import type { InitialMember } from "./ids.ts";
import type { Retention } from "../core/mvcc/retention.ts";
import { nearest } from "./nearest.ts";
import { parseRetention } from "./retention.ts";
import { addressOf, parseUrls } from "./urls.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the flags say, by their names. */
export type Flags = Readonly<{
  name: string;
  "data-dir": string;
  "listen-client-urls": readonly string[];
  "advertise-client-urls": readonly string[];
  "listen-peer-urls": readonly string[];
  "initial-advertise-peer-urls": readonly string[];
  "initial-cluster": readonly InitialMember[];
  "initial-cluster-state": "new" | "existing";
  "initial-cluster-token": string;
  "heartbeat-interval": number;
  "election-timeout": number;
  "pre-vote": boolean;
  "strict-reconfig-check": boolean;
  "snapshot-count": number;
  "max-request-bytes": number;
  "max-txn-ops": number;
  "quota-backend-bytes": number;
  "auto-compaction-mode": "periodic" | "revision";
  "auto-compaction-retention": string;
  "experimental-enable-lease-checkpoint": boolean;
  "experimental-enable-lease-checkpoint-persist": boolean;
  "watch-progress-notify-interval": number;
  "grpc-keepalive-min-time": number;
  "auth-token": string;
  "auth-token-ttl": number;
  "bcrypt-cost": number;
  "log-level": LogLevel;
  "log-outputs": "stderr" | "stdout";
  logger: "zap";
  version: boolean;
  help: boolean;
}>;
export type FlagName = keyof Flags;

export type ParsedFlags = Readonly<
  | { kind: "run"; flags: Flags; given: ReadonlySet<FlagName>; warnings: readonly string[] }
  | { kind: "help"; text: string }
  | { kind: "version" }
  | { kind: "refused"; message: string; exitCode: 1 | 2 }
>;

const GROUPS = ["Member", "Clustering", "Auth", "Logging", "Other"] as const;

type Flag<T> = Readonly<{
  group: (typeof GROUPS)[number];
  initial: string;
  help: string;
  boolean: boolean;
  parse: (text: string) => Result<T, string>;
}>;

const TABLE: { readonly [Name in FlagName]: Flag<Flags[Name]> } = {
  name: flag("Member", "default", parseText, "Human-readable name for this member."),
  "data-dir": flag("Member", "", parseText, "Path to the data directory (default: <name>.etcd)."),
  "listen-client-urls": flag(
    "Member",
    "http://localhost:2379",
    parseUrls,
    "URLs to listen on for clients, separated by commas.",
  ),
  "listen-peer-urls": flag(
    "Member",
    "http://localhost:2380",
    parseUrls,
    "URLs to listen on for the other members.",
  ),
  "heartbeat-interval": flag(
    "Member",
    "100",
    parseCount,
    "Time in milliseconds between two heartbeats.",
  ),
  "election-timeout": flag(
    "Member",
    "1000",
    parseCount,
    "Time in milliseconds without a leader before an election.",
  ),
  "pre-vote": booleanFlag("Member", "true", "Ask before an election whether it could be won."),
  "snapshot-count": flag(
    "Member",
    "10000",
    parseCount,
    "Applied entries between two trims of the log; as many are kept for slow members.",
  ),
  "max-request-bytes": flag(
    "Member",
    "1572864",
    parseCount,
    "Largest request of a client, in bytes.",
  ),
  "max-txn-ops": flag("Member", "128", parseCount, "Most operations in one transaction."),
  "quota-backend-bytes": flag(
    "Member",
    "0",
    parseQuota,
    "Size of the store above which it grows no more (0: 2 GiB; negative: no limit).",
  ),
  "auto-compaction-mode": flag(
    "Member",
    "periodic",
    oneOf(["periodic", "revision"]),
    "What --auto-compaction-retention means: a time, or a number of revisions.",
  ),
  "auto-compaction-retention": flag(
    "Member",
    "0",
    parseText,
    "History that is kept: hours or a duration ('5m'), or revisions (0: all of it).",
  ),
  "experimental-enable-lease-checkpoint": booleanFlag(
    "Member",
    "false",
    "Note now and then what leases have left, so that a new leader does not renew them.",
  ),
  "experimental-enable-lease-checkpoint-persist": booleanFlag(
    "Member",
    "false",
    "What is noted outlives restarts: here it always does.",
  ),
  "watch-progress-notify-interval": flag(
    "Member",
    "10m0s",
    parseDuration,
    "Time between two progress notices to a watcher that asked for them.",
  ),
  "grpc-keepalive-min-time": flag(
    "Member",
    "5s",
    parseDuration,
    "Time that a client must let pass between two pings.",
  ),
  "advertise-client-urls": flag(
    "Clustering",
    "http://localhost:2379",
    parseUrls,
    "This member's client URLs, as clients reach them.",
  ),
  "initial-advertise-peer-urls": flag(
    "Clustering",
    "http://localhost:2380",
    parseUrls,
    "This member's peer URLs, as the other members reach them.",
  ),
  "initial-cluster": flag(
    "Clustering",
    "",
    parseInitialCluster,
    "All members of a new cluster: name=url,name=url (default: this member alone).",
  ),
  "initial-cluster-state": flag(
    "Clustering",
    "new",
    oneOf(["new", "existing"]),
    "'new', or 'existing' to join a running cluster after \"etcdctl member add\".",
  ),
  "strict-reconfig-check": booleanFlag(
    "Clustering",
    "true",
    "Refuse changes of members that would leave too few that have started.",
  ),
  "initial-cluster-token": flag(
    "Clustering",
    "etcd-cluster",
    parseText,
    "A word that makes this cluster's ids unlike any other's.",
  ),
  "auth-token": flag(
    "Auth",
    "simple",
    parseText,
    "'simple', or 'jwt,sign-method=…,priv-key=…,pub-key=…,ttl=…': files, and a duration.",
  ),
  "auth-token-ttl": flag(
    "Auth",
    "300",
    parseCount,
    "Time in seconds after which an unused simple token is forgotten.",
  ),
  "bcrypt-cost": flag("Auth", "10", parseCost, "Cost of hashing a password: 4 to 31."),
  logger: flag("Logging", "zap", oneOf(["zap"]), "'zap': JSON lines of etcd's shape."),
  "log-level": flag(
    "Logging",
    "info",
    oneOf(LOG_LEVELS),
    "The least level to log: debug, info, warn or error.",
  ),
  "log-outputs": flag("Logging", "stderr", parseLogOutputs, "'stderr' or 'stdout'."),
  version: booleanFlag("Other", "false", "Print the version and exit."),
  help: booleanFlag("Other", "false", "Print this text and exit."),
};
const NAMES = Object.keys(TABLE) as readonly FlagName[];
const SEE_HELP = "see detcd serve --help";
const ELECTION_MS_MAX = 50_000;

export function parseFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedFlags {
  const line = readLine(args);
  if (line.kind === "refused") return line;
  const texts = line.texts;
  const help = texts.get("help") ?? "false";
  if (help !== "false") return { kind: "help", text: helpText() };
  const { fromEnvironment, warnings } = readEnvironment(environment);
  const values = new Map<string, unknown>();
  for (const name of NAMES) {
    const text = texts.get(name) ?? fromEnvironment.get(name) ?? TABLE[name].initial;
    const parsed = TABLE[name].parse(text);
    if (!parsed.ok)
      return refused(2, `invalid value ${quoted(text)} for --${name}: ${parsed.error}`);
    values.set(name, parsed.value);
  }
  const flags = withDerived(Object.fromEntries(values) as Flags);
  if (flags.version) return { kind: "version" };
  const given = new Set([...texts.keys(), ...fromEnvironment.keys()]);
  const reason = whyRefused(flags, given);
  return reason === null ? { kind: "run", flags, given, warnings } : refused(1, reason);
}

export function retentionOf(flags: Flags): Result<Retention, string> {
  return parseRetention(flags["auto-compaction-mode"], flags["auto-compaction-retention"]);
}

export function environmentName(flagName: string): string {
  return `ETCD_${flagName.toUpperCase().replaceAll("-", "_")}`;
}

type Line =
  | Readonly<{ kind: "read"; texts: ReadonlyMap<FlagName, string> }>
  | Extract<ParsedFlags, { kind: "refused" }>;

function readLine(args: readonly string[]): Line {
  const texts = new Map<FlagName, string>();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    const [, name, , attached] = /^--?([^-=][^=]*)(=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) return refused(1, `${quoted(word)} is not a valid flag; ${SEE_HELP}`);
    const known = name === "h" ? "help" : NAMES.find((candidate) => candidate === name);
    if (known === undefined) return refused(2, unknownFlag(name));
    if (attached !== undefined) texts.set(known, attached);
    else if (TABLE[known].boolean) texts.set(known, "true");
    else if (at + 1 < args.length) texts.set(known, args[++at] as string);
    else return refused(2, `flag needs an argument: --${known}; ${SEE_HELP}`);
  }
  return { kind: "read", texts };
}

function unknownFlag(name: string): string {
  const close = nearest(name, NAMES);
  const hint = close === null ? "" : ` (did you mean --${close}?)`;
  return `flag provided but not defined: --${name}${hint}; ${SEE_HELP}`;
}

/** Empty variables count as unset. Others of this prefix are a likely typo, worth a word. */
function readEnvironment(environment: Readonly<Record<string, string | undefined>>) {
  const names = new Map(NAMES.map((name) => [environmentName(name), name]));
  const fromEnvironment = new Map<FlagName, string>();
  const warnings: string[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith("ETCD_") || text === undefined || text === "") continue;
    const name = names.get(variable);
    if (name === undefined) warnings.push(`unrecognized environment variable ${variable}`);
    else fromEnvironment.set(name, text);
  }
  return { fromEnvironment, warnings };
}

function withDerived(flags: Flags): Flags {
  const alone = { name: flags.name, peerUrls: flags["initial-advertise-peer-urls"] };
  return {
    ...flags,
    "data-dir": flags["data-dir"] === "" ? `${flags.name}.etcd` : flags["data-dir"],
    "initial-cluster": flags["initial-cluster"].length === 0 ? [alone] : flags["initial-cluster"],
  };
}

function whyRefused(flags: Flags, given: ReadonlySet<FlagName>): string | null {
  if (flags.name === "") return "--name must not be empty";
  const heartbeatMs = flags["heartbeat-interval"];
  const electionMs = flags["election-timeout"];
  if (electionMs < 5 * heartbeatMs) {
    return (
      `--election-timeout[${electionMs}ms] should be at least as 5 times as ` +
      `--heartbeat-interval[${heartbeatMs}ms]`
    );
  }
  if (electionMs > ELECTION_MS_MAX) {
    return (
      `--election-timeout[${electionMs}ms] is too long, ` +
      `and should be set less than ${ELECTION_MS_MAX}ms`
    );
  }
  for (const url of [...flags["listen-client-urls"], ...flags["listen-peer-urls"]]) {
    const { host } = addressOf(url);
    if (host !== "localhost" && isIP(host) === 0) return `expected IP in URL for binding (${url})`;
  }
  if (given.has("listen-client-urls") && !given.has("advertise-client-urls")) {
    return "--advertise-client-urls is required when --listen-client-urls is set explicitly";
  }
  if (
    flags["experimental-enable-lease-checkpoint-persist"] &&
    !flags["experimental-enable-lease-checkpoint"]
  ) {
    return (
      "setting experimental-enable-lease-checkpoint-persist requires " +
      "experimental-enable-lease-checkpoint"
    );
  }
  const retention = retentionOf(flags);
  return retention.ok ? null : retention.error;
}

function refused(exitCode: 1 | 2, message: string): Extract<ParsedFlags, { kind: "refused" }> {
  return { kind: "refused", message, exitCode };
}

function helpText(): string {
  const lines = ["usage: detcd serve [flags]", ""];
  for (const group of GROUPS) {
    lines.push(`${group}:`);
    for (const name of NAMES.filter((candidate) => TABLE[candidate].group === group)) {
      const { initial, help, boolean } = TABLE[name];
      const shown = boolean || initial !== "" ? ` '${initial}'` : "";
      lines.push(`  --${name}${shown}`, `      ${help}`);
    }
    lines.push("");
  }
  lines.push(
    "Every flag can be given as a variable: --data-dir is ETCD_DATA_DIR. A flag beats it.",
  );
  return lines.join("\n");
}

function flag<T>(
  group: Flag<T>["group"],
  initial: string,
  parse: Flag<T>["parse"],
  help: string,
): Flag<T> {
  return { group, initial, help, boolean: false, parse };
}

function booleanFlag(group: Flag<boolean>["group"], initial: string, help: string): Flag<boolean> {
  return { group, initial, help, boolean: true, parse: parseBoolean };
}
