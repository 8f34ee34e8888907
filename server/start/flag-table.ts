// The table of flags: what each is called, what it may be, and what it means.

import {
  oneOf,
  parseBoolean,
  parseCost,
  parseCountOr,
  parseDurationOr,
  parseInitialCluster,
  parseInterval,
  parseLogLevel,
  parseLogOutputs,
  parseQuota,
  parseStreams,
  parseText,
  parseUnsigned,
} from "./flag-values.ts";
import type { FeatureGates } from "./features.ts";
import { parseFeatureGates } from "./features.ts";
import type { Result } from "../../core/contract.ts";
import type { InitialMember } from "./ids.ts";
import type { LogLevel } from "../observe/log.ts";
import { parseUrls } from "../urls.ts";

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
  "experimental-initial-corrupt-check": boolean;
  "corrupt-check-time": number;
  "compact-hash-check-enabled": boolean;
  "compact-hash-check-time": number;
  "feature-gates": FeatureGates;
  "watch-progress-notify-interval": number;
  "max-concurrent-streams": number;
  "grpc-keepalive-min-time": number;
  "unsafe-no-lock": boolean;
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

export const GROUPS = ["Member", "Clustering", "Auth", "Logging", "Other"] as const;

type Flag<T> = Readonly<{
  group: (typeof GROUPS)[number];
  initial: string;
  help: string;
  boolean: boolean;
  parse: (text: string) => Result<T, string>;
}>;

export const TABLE: { readonly [Name in FlagName]: Flag<Flags[Name]> } = {
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
    parseUnsigned,
    "Time in milliseconds between two heartbeats.",
  ),
  "election-timeout": flag(
    "Member",
    "1000",
    parseUnsigned,
    "Time in milliseconds without a leader before an election.",
  ),
  "pre-vote": booleanFlag("Member", "true", "Ask before an election whether it could be won."),
  "snapshot-count": flag(
    "Member",
    "10000",
    parseCountOr(10_000),
    "Applied entries between two trims of the log; as many are kept for slow members.",
  ),
  "max-request-bytes": flag(
    "Member",
    "1572864",
    parseUnsigned,
    "Largest request of a client, in bytes.",
  ),
  "max-txn-ops": flag("Member", "128", parseUnsigned, "Most operations in one transaction."),
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
  "experimental-initial-corrupt-check": booleanFlag(
    "Member",
    "false",
    "Compare hashes with the other members before serving, and do not serve if they differ.",
  ),
  "corrupt-check-time": flag(
    "Member",
    "0s",
    parseInterval,
    "Time between two comparisons of all members' hashes, as the leader makes them (0: none).",
  ),
  "compact-hash-check-enabled": booleanFlag(
    "Member",
    "false",
    "Compare the hashes that all members remember of compactions.",
  ),
  "compact-hash-check-time": flag(
    "Member",
    "1m0s",
    parseInterval,
    "Time between two comparisons of the hashes of compactions.",
  ),
  "feature-gates": flag(
    "Member",
    "",
    parseFeatureGates,
    "Features: CompactHashCheck=true,InitialCorruptCheck=true,LeaseCheckpoint=true, or false.",
  ),
  "watch-progress-notify-interval": flag(
    "Member",
    "10m0s",
    parseDurationOr(10 * 60 * 1000, 100),
    "Time between two progress notices to a watcher that asked for them.",
  ),
  "max-concurrent-streams": flag(
    "Member",
    "4294967295",
    parseStreams,
    "Most streams that one connection of a client may have open at a time.",
  ),
  "grpc-keepalive-min-time": flag(
    "Member",
    "5s",
    parseDurationOr(5 * 60 * 1000, 0),
    "Time that a client must let pass between two pings.",
  ),
  "unsafe-no-lock": booleanFlag(
    "Member",
    "false",
    "Start where the data directory cannot be locked; two processes on it destroy it.",
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
    parseCountOr(300),
    "Time in seconds after which an unused simple token is forgotten.",
  ),
  "bcrypt-cost": flag("Auth", "10", parseCost, "Cost of hashing a password: 4 to 31."),
  logger: flag("Logging", "zap", oneOf(["zap"]), "'zap': JSON lines of etcd's shape."),
  "log-level": flag(
    "Logging",
    "info",
    parseLogLevel,
    "The least level to log: debug, info, warn or error.",
  ),
  "log-outputs": flag("Logging", "stderr", parseLogOutputs, "'stderr' or 'stdout'."),
  version: booleanFlag("Other", "false", "Print the version and exit."),
  help: booleanFlag("Other", "false", "Print this text and exit."),
};
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
