// Flags from variables: `--data-dir` is ETCD_DATA_DIR. An empty one counts as unset; the words
// about the others are etcd's. Who sets a flag and its variable is refused, as by etcd: one of the
// two would not count. So is a variable that asks for security and that nobody knows: what it asked
// for would not be there.

import type { Result } from "../../../core/contract.ts";
import { nearest } from "./nearest.ts";
import { type Notice, notice, type Setting, type Settings } from "./settings.ts";
import { FLAG_BY_WORD, type FlagName } from "./table.ts";

type FromVariables = Readonly<{ settings: Settings; notices: readonly Notice[] }>;

const SECURITY =
  /(^|[-_])(m?tls|ssl|certs?|certfile|keyfile|ca|cafile|crl|ciphers?|auth)([-_]|$)|key[-_]file$/i;
const ASKS_FOR_NOTHING = /^(false|f|no|off|0)$/i;
const PREFIX = "ETCD_";
const SPECIAL = "ETCD_VERSION"; // as in etcd: images have it for their own use

const NAMES: ReadonlyMap<string, FlagName> = new Map(
  [...FLAG_BY_WORD].map(([word, name]) => [environmentName(word), name]),
);

export function environmentName(word: string): string {
  return `${PREFIX}${word.toUpperCase().replaceAll(/[-.]/g, "_")}`;
}

/** Of a name that no flag has. */
export function asksForSecurity(name: string, text: string): boolean {
  return SECURITY.test(name) && !ASKS_FOR_NOTHING.test(text);
}

export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  line: Settings,
): Result<FromVariables, string> {
  const settings = new Map<FlagName, Setting>();
  const notices: Notice[] = [];
  for (const [variable, text = ""] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === "") continue;
    const fields = { "environment-variable": variable };
    const name = NAMES.get(variable);
    if (variable === SPECIAL) {
      notices.push(notice("cannot set special environment variable", { key: SPECIAL }));
    } else if (name === undefined) {
      if (asksForSecurity(variable, text)) return { ok: false, error: strangerOf(variable) };
      notices.push(notice("unrecognized environment variable", fields));
    } else if (line.has(name)) {
      return { ok: false, error: shadowed(variable, line.get(name)?.typed ?? "") };
    } else settings.set(name, { text, typed: variable });
  }
  return { ok: true, value: { settings, notices } };
}

function shadowed(variable: string, typed: string): string {
  return (
    "conflicting environment variable is shadowed by corresponding command-line flag " +
    `(either unset environment variable or disable flag): ${variable} and ${typed}`
  );
}

function strangerOf(variable: string): string {
  const close = nearest(variable, [...NAMES.keys()]);
  const hint = close === null ? "" : ` (did you mean ${close}?)`;
  return (
    `${variable} asks for security, and there is no such flag${hint}: ` +
    "correct or unset it; the flags are in detcd serve --help"
  );
}
