// From the command line and the environment to flags that a member can start with. The one table
// gives the parser, the help, the defaults and the names in the environment.
//
// The syntax is Go's: `-x v`, `--x v`, `--x=v`; a boolean is `--x` or `--x=false`; the last one
// wins. A variable (`--data-dir` is ETCD_DATA_DIR) beats the default, and may not be set beside its
// flag. As from etcd, what cannot be read ends with exit code 2, what is read and refused with 1.

import { whyRefused, withDerived } from "./check.ts";
import { readEnvironment } from "./environment.ts";
import { warningsOf } from "./gates.ts";
import { helpText } from "./help.ts";
import { nearest } from "./nearest.ts";
import { notice, type Notice, type Setting, type Settings } from "./settings.ts";
import { FLAG_BY_WORD, FLAG_NAMES, type FlagName, flagOf, type Flags, isInitial } from "./table.ts";
import { quoted } from "./values.ts";
import { warningsAbout } from "./warnings.ts";

export type ParsedFlags = Readonly<
  | { kind: "run"; flags: Flags; given: ReadonlySet<FlagName>; notices: readonly Notice[] }
  | { kind: "help"; text: string }
  | { kind: "version" }
  | { kind: "refused"; message: string; exitCode: 1 | 2 }
>;
/** With a file, nothing else counts. */
export type FlagsOrFile = ParsedFlags | Readonly<{ kind: "file"; path: string }>;
type Refused = Extract<ParsedFlags, { kind: "refused" }>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Whatever these say, etcd reads it first, and refuses it then. */
const REFUSED_WHEN_READ: ReadonlySet<FlagName> = new Set([
  "auto-compaction-mode",
  "log-outputs",
  "log-format",
  "logger",
  "tls-min-version",
  "tls-max-version",
]);
const SEE_HELP = "see detcd serve --help";

export function parseFlags(args: readonly string[], environment: Environment): FlagsOrFile {
  const line = readLine(args);
  if (line.kind === "refused") return line;
  const mistake = firstUnreadable(line.settings);
  if (mistake !== null) return mistake;
  if (isAsked("help", line.settings)) return { kind: "help", text: helpText() };
  if (isAsked("version", line.settings)) return { kind: "version" };
  const path = line.settings.get("config-file")?.text ?? environment["ETCD_CONFIG_FILE"] ?? "";
  if (path !== "") return { kind: "file", path };
  const variables = readEnvironment(environment, line.settings);
  if (!variables.ok) return refused(1, variables.error);
  const { settings, notices } = variables.value;
  return flagsOf(new Map([...settings, ...line.settings]), notices);
}

/** What is not set has its initial value. */
export function flagsOf(settings: Settings, notices: readonly Notice[]): ParsedFlags {
  const values = new Map<string, unknown>();
  for (const name of FLAG_NAMES) {
    const { parse, initial } = flagOf(name);
    const parsed = parse(settings.get(name)?.text ?? initial);
    if (!parsed.ok) return unreadable(name, settings, parsed.error);
    values.set(name, parsed.value);
  }
  const given = new Set(settings.keys());
  const flags = withDerived(Object.fromEntries(values) as Flags, given);
  const reason = whyRefused(flags, settings);
  if (reason !== null) return refused(1, reason);
  const about = [...meaningsOf(settings), ...warningsOf(flags)].map((words) => notice(words));
  const warnings = warningsAbout(flags, settings);
  return { kind: "run", flags, given, notices: [...notices, ...about, ...warnings] };
}

type Line = Readonly<{ kind: "read"; settings: Settings }> | Refused;

function readLine(args: readonly string[]): Line {
  const settings = new Map<FlagName, Setting>();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    const [, name, , attached] = /^--?([^-=][^=]*)(=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) return refused(1, `${quoted(word)} is not a valid flag; ${SEE_HELP}`);
    const known = FLAG_BY_WORD.get(name);
    if (known === undefined) return refused(2, unknownFlag(name));
    const typed = `--${name}`;
    if (attached !== undefined) settings.set(known, { text: attached, typed });
    else if (flagOf(known).boolean) settings.set(known, { text: "true", typed });
    else if (at + 1 < args.length) settings.set(known, { text: args[++at] as string, typed });
    else return refused(2, `flag needs an argument: ${typed}; ${SEE_HELP}`);
  }
  return { kind: "read", settings };
}

function unknownFlag(name: string): string {
  const close = nearest(name, [...FLAG_BY_WORD.keys()]);
  const hint = close === null ? "" : ` (did you mean --${close}?)`;
  return `flag provided but not defined: --${name}${hint}; ${SEE_HELP}`;
}

function firstUnreadable(settings: Settings): Refused | null {
  for (const [name, { text }] of settings) {
    const parsed = flagOf(name).parse(text);
    if (!parsed.ok) return unreadable(name, settings, parsed.error);
  }
  return null;
}

/** Under the name that was typed. Only what stands in the command line cannot be read: the rest has
 *  been read before it is looked at. */
function unreadable(name: FlagName, settings: Settings, expected: string): Refused {
  const { text, typed } = settings.get(name) ?? { text: "", typed: `--${name}` };
  const exitCode = REFUSED_WHEN_READ.has(name) || !typed.startsWith("--") ? 1 : 2;
  return refused(exitCode, `invalid value ${quoted(text)} for ${typed}: ${expected}`);
}

/** Of a text that can be read. */
function isAsked(name: "help" | "version", settings: Settings): boolean {
  const text = settings.get(name)?.text;
  return text !== undefined && !isInitial(name, text);
}

/** Of what was given, is only accepted, and is not what would be without it. */
function meaningsOf(settings: Settings): readonly string[] {
  return [...settings].flatMap(([name, { text, typed }]) => {
    const { standing } = flagOf(name);
    if (standing.kind !== "accepted" || isInitial(name, text)) return [];
    return [`${typed} changes nothing: ${standing.meaning}`];
  });
}

function refused(exitCode: 1 | 2, message: string): Refused {
  return { kind: "refused", message, exitCode };
}
