// etcd's flags: one table gives the parser, the help, the defaults and the names in the
// environment. A flag that would do nothing is not accepted: better a clear refusal than a setting
// silently ignored.
//
// The syntax is Go's: `-x v`, `--x v`, `--x=v`; a boolean is `--x` or `--x=false`; the last one
// wins. A flag beats its variable (`--data-dir` is ETCD_DATA_DIR), which beats the default. As from
// etcd, what cannot be read ends with exit code 2, what is read and refused with 1.

import { isIP } from "node:net";

import { REQUEST_BYTES_MAX } from "../../core/config.ts";
import type { Result } from "../../core/contract.ts";
import { quoted } from "./flag-values.ts";
import type { FlagName, Flags } from "./flag-table.ts";
import { GROUPS, TABLE } from "./flag-table.ts";
import { conflictOf, warningsOf } from "./features.ts";
import type { Retention } from "../../core/mvcc/retention.ts";
import { nearest } from "./nearest.ts";
import { parseRetention } from "./retention.ts";
import { addressOf } from "../../net/socket/address.ts";

export type ParsedFlags = Readonly<
  | { kind: "run"; flags: Flags; given: ReadonlySet<FlagName>; warnings: readonly string[] }
  | { kind: "help"; text: string }
  | { kind: "version" }
  | { kind: "refused"; message: string; exitCode: 1 | 2 }
>;

const NAMES = Object.keys(TABLE) as readonly FlagName[];
/** What earlier releases called them. */
const ALIASES: ReadonlyMap<string, FlagName> = new Map([
  ["h", "help"],
  ["experimental-corrupt-check-time", "corrupt-check-time"],
  ["experimental-compact-hash-check-enabled", "compact-hash-check-enabled"],
  ["experimental-compact-hash-check-time", "compact-hash-check-time"],
]);
/** Whatever these say, etcd reads it first, and refuses it then. */
const REFUSED_WHEN_READ: ReadonlySet<FlagName> = new Set([
  "auto-compaction-mode",
  "log-outputs",
  "logger",
]);
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
    if (!parsed.ok) {
      const exitCode = REFUSED_WHEN_READ.has(name) ? 1 : 2;
      return refused(exitCode, `invalid value ${quoted(text)} for --${name}: ${parsed.error}`);
    }
    values.set(name, parsed.value);
  }
  const flags = withDerived(Object.fromEntries(values) as Flags);
  if (flags.version) return { kind: "version" };
  const given = new Set([...texts.keys(), ...fromEnvironment.keys()]);
  const reason = whyRefused(flags, given);
  if (reason !== null) return refused(1, reason);
  return { kind: "run", flags, given, warnings: [...warnings, ...warningsOf(flags)] };
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
    const known = ALIASES.get(name) ?? NAMES.find((candidate) => candidate === name);
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
  const known = [...NAMES.map((name) => [name, name] as const), ...ALIASES];
  const names = new Map(known.map(([word, name]) => [environmentName(word), name]));
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
  if (heartbeatMs === 0) return "--heartbeat-interval must be >0 (set to 0ms)";
  if (electionMs === 0) return "--election-timeout must be >0 (set to 0ms)";
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
    const address = addressOf(url);
    if (address.kind === "file" || address.host === "localhost" || isIP(address.host) !== 0)
      continue;
    return `expected IP in URL for binding (${url})`;
  }
  if (given.has("listen-client-urls") && !given.has("advertise-client-urls")) {
    return "--advertise-client-urls is required when --listen-client-urls is set explicitly";
  }
  const requestBytes = flags["max-request-bytes"];
  if (requestBytes === 0) {
    return "--max-request-bytes[0] would refuse all writes, also the member's own: set it above 0";
  }
  if (requestBytes > REQUEST_BYTES_MAX) {
    return (
      `--max-request-bytes[${requestBytes}] is more than members can pass on to each other in ` +
      `time: set it to ${REQUEST_BYTES_MAX} at most`
    );
  }
  if (flags["compact-hash-check-time"] === 0) {
    return "--compact-hash-check-time must be >0 (set to 0s)";
  }
  const conflict = conflictOf(flags, given);
  if (conflict !== null) return conflict;
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
