// The table of flags: what each is called, what it may be, and what it means. The parser, the help,
// the reference page, the defaults and the variables all come from it.

import { CLUSTERING, type ClusteringFlags } from "./clustering.ts";
import { booleanFlag, type Flag, type TableOf, textFlag } from "./flag.ts";
import { MEMBER, type MemberFlags } from "./member.ts";
import {
  LOGGING,
  type LoggingFlags,
  MONITORING,
  type MonitoringFlags,
  TRACING,
  type TracingFlags,
} from "./observing.ts";
import { RETIRED, type RetiredFlags } from "./retired.ts";
import { AUTH, type AuthFlags, SECURITY, type SecurityFlags } from "./security.ts";
import { TUNING, type TuningFlags, UNSAFE, type UnsafeFlags } from "./tuning.ts";

type OtherFlags = Readonly<{ "config-file": string; version: boolean; help: boolean }>;

/** What the flags say, by their names. */
export type Flags = MemberFlags &
  ClusteringFlags &
  SecurityFlags &
  AuthFlags &
  MonitoringFlags &
  LoggingFlags &
  TracingFlags &
  TuningFlags &
  UnsafeFlags &
  RetiredFlags &
  OtherFlags;
export type FlagName = keyof Flags;

const OTHER: TableOf<OtherFlags> = {
  "config-file": textFlag("", "Path to a file of settings; flags and variables are ignored then."),
  version: booleanFlag("false", "Print the version and exit."),
  help: booleanFlag("false", "Print this text and exit."),
};

/** In etcd's order, under etcd's titles. */
export const GROUPS: readonly (readonly [title: string, table: Partial<TableOf<Flags>>])[] = [
  ["Member", MEMBER],
  ["Clustering", CLUSTERING],
  ["Security", SECURITY],
  ["Auth", AUTH],
  ["Profiling and Monitoring", MONITORING],
  ["Logging", LOGGING],
  ["Distributed tracing", TRACING],
  ["Features", TUNING],
  ["Unsafe feature", UNSAFE],
  ["Retired", RETIRED],
  ["Other", OTHER],
];

export const TABLE: TableOf<Flags> = {
  ...MEMBER,
  ...CLUSTERING,
  ...SECURITY,
  ...AUTH,
  ...MONITORING,
  ...LOGGING,
  ...TRACING,
  ...TUNING,
  ...UNSAFE,
  ...RETIRED,
  ...OTHER,
};

export const FLAG_NAMES = Object.keys(TABLE) as readonly FlagName[];

/** Every word that means a flag: its name, and what it was called before. */
export const FLAG_BY_WORD: ReadonlyMap<string, FlagName> = new Map([
  ...FLAG_NAMES.map((name) => [name, name] as const),
  ...FLAG_NAMES.flatMap((name) => flagOf(name).older.map((word) => [word, name] as const)),
  ["h", "help"],
]);

/** Of any type: for what treats all flags alike. */
export function flagOf(name: FlagName): Flag<unknown> {
  return TABLE[name];
}

/** Whether a text means what the flag means without one. */
export function isInitial(name: FlagName, text: string): boolean {
  const { initial, parse } = flagOf(name);
  const [given, usual] = [parse(text), parse(initial)];
  return given.ok && usual.ok && JSON.stringify(given.value) === JSON.stringify(usual.value);
}
