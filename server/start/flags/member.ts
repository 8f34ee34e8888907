// What one member is and how it works: etcd's group "Member".

import { parseUrls } from "../../urls.ts";
import { accepted, booleanFlag, flag, promoted, type TableOf, textFlag } from "./flag.ts";
import type { FeatureGates } from "./gates.ts";
import { parseFeatureGates } from "./gates.ts";
import {
  parseCountOr,
  parseDuration,
  parseDurationOr,
  parseInteger,
  parseOptionalUrls,
  parseQuota,
  parseStreams,
  parseUnsigned,
} from "./values.ts";

export type MemberFlags = Readonly<{
  name: string;
  "data-dir": string;
  "wal-dir": string;
  "snapshot-count": number;
  "heartbeat-interval": number;
  "election-timeout": number;
  "initial-election-tick-advance": boolean;
  "listen-peer-urls": readonly string[];
  "listen-client-urls": readonly string[];
  "listen-client-http-urls": readonly string[];
  "max-snapshots": number;
  "max-wals": number;
  "memory-mlock": boolean;
  "quota-backend-bytes": number;
  "backend-bbolt-freelist-type": string;
  "backend-batch-interval": number;
  "backend-batch-limit": number;
  "max-txn-ops": number;
  "max-request-bytes": number;
  "max-concurrent-streams": number;
  "grpc-keepalive-min-time": number;
  "grpc-keepalive-interval": number;
  "grpc-keepalive-timeout": number;
  "socket-reuse-port": boolean;
  "socket-reuse-address": boolean;
  "enable-grpc-gateway": boolean;
  "raft-read-timeout": number;
  "raft-write-timeout": number;
  "feature-gates": FeatureGates;
  "unsafe-no-lock": boolean;
}>;

const NO_BBOLT = "the store is LMDB, which has no such setting";

export const MEMBER: TableOf<MemberFlags> = {
  name: textFlag("default", "Human-readable name for this member."),
  "data-dir": textFlag("", "Path to the data directory (default: <name>.etcd)."),
  "wal-dir": textFlag("", "Path to a directory for the write-ahead log alone."),
  "snapshot-count": flag(
    "10000",
    parseCountOr(10_000),
    "Applied entries between two trims of the log.",
  ),
  "heartbeat-interval": flag("100", parseUnsigned, "Time in milliseconds between two heartbeats."),
  "election-timeout": flag(
    "1000",
    parseUnsigned,
    "Time in milliseconds without a leader before an election.",
  ),
  "initial-election-tick-advance": accepted(
    "the first election waits as long as any other",
    booleanFlag("true", "Wait less for the first election after a start."),
  ),
  "listen-peer-urls": flag(
    "http://localhost:2380",
    parseUrls,
    "URLs to listen on for the other members.",
  ),
  "listen-client-urls": flag(
    "http://localhost:2379",
    parseUrls,
    "URLs to listen on for clients, separated by commas.",
  ),
  "listen-client-http-urls": flag(
    "",
    parseOptionalUrls,
    "URLs for plain HTTP alone; --listen-client-urls are gRPC's then.",
  ),
  "max-snapshots": accepted(
    "an image that is not needed any more is removed at once",
    flag("5", parseUnsigned, "Most snapshot files to retain."),
  ),
  "max-wals": accepted(
    "a file of the log that is not needed any more is removed at once",
    flag("5", parseUnsigned, "Most files of the log to retain."),
  ),
  "memory-mlock": promoted(
    "memory-mlock",
    accepted(
      "pages of the store may leave the memory as those of any file",
      booleanFlag("false", "Keep the store's pages in memory."),
    ),
  ),
  "quota-backend-bytes": flag(
    "0",
    parseQuota,
    "Size of the store above which it grows no more (0: 2 GiB; negative: no limit).",
  ),
  "backend-bbolt-freelist-type": promoted(
    "backend-bbolt-freelist-type",
    accepted(NO_BBOLT, textFlag("map", "Kind of bbolt's list of free pages.")),
  ),
  "backend-batch-interval": accepted(
    NO_BBOLT,
    flag("0s", parseDuration, "Longest time between two commits of the store."),
  ),
  "backend-batch-limit": accepted(
    NO_BBOLT,
    flag("0", parseInteger, "Most operations between two commits of the store."),
  ),
  "max-txn-ops": flag("128", parseUnsigned, "Most operations in one transaction."),
  "max-request-bytes": flag("1572864", parseUnsigned, "Largest request of a client, in bytes."),
  "max-concurrent-streams": flag(
    "4294967295",
    parseStreams,
    "Most streams that one connection of a client may have open at a time.",
  ),
  "grpc-keepalive-min-time": flag(
    "5s",
    parseDurationOr(5 * 60 * 1000, 0),
    "Time that a client must let pass between two pings.",
  ),
  "grpc-keepalive-interval": accepted(
    "a connection that is gone is noticed by the system",
    flag("2h0m0s", parseDuration, "Time between two pings to a client that is silent (0: none)."),
  ),
  "grpc-keepalive-timeout": accepted(
    "a connection that is gone is noticed by the system",
    flag("20s", parseDuration, "Time a client has to answer a ping before it is cut off."),
  ),
  "socket-reuse-port": booleanFlag("false", "Listen where others listen, too (SO_REUSEPORT)."),
  "socket-reuse-address": accepted(
    "SO_REUSEADDR is always set",
    booleanFlag("false", "Listen on an address that was in use a moment ago (SO_REUSEADDR)."),
  ),
  "enable-grpc-gateway": booleanFlag("true", "Serve the API as JSON over HTTP, too."),
  "raft-read-timeout": accepted(
    "silence between members is judged by heartbeats",
    flag("5s", parseDuration, "Longest time between two reads from another member."),
  ),
  "raft-write-timeout": accepted(
    "silence between members is judged by heartbeats",
    flag("5s", parseDuration, "Longest time of a write to another member."),
  ),
  "feature-gates": flag("", parseFeatureGates, "Features: name=true or name=false, by commas."),
  "unsafe-no-lock": booleanFlag(
    "false",
    "Start where the data directory cannot be locked; two processes on it destroy it.",
  ),
};
