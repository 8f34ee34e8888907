// Flags from a file of YAML, or of JSON, which is YAML. As in etcd it stands alone: flags and
// variables are ignored beside it, keys are names of flags, TLS has blocks of its own, and bare
// numbers are nanoseconds where a flag wants a time. An unknown key is told of, where etcd says
// nothing; one that asks for security ends the start, as an unknown variable does.

import { readFileSync } from "node:fs";
import type { Result } from "../../../core/contract.ts";
import { asksForSecurity } from "./environment.ts";
import { type Notice, notice, type Setting, type Settings } from "./settings.ts";
import { FLAG_BY_WORD, type FlagName, flagOf } from "./table.ts";

type FromFile = Readonly<{ settings: Settings; notices: readonly Notice[] }>;

const LOADED =
  "loaded server configuration, other configuration command line flags and environment variables " +
  "will be ignored if provided";

/** What stands in front of a block's keys where they are flags. */
const BLOCKS: Readonly<Record<string, string>> = {
  "client-transport-security": "client-",
  "peer-transport-security": "peer-",
  "discovery-config": "discovery-",
  "socket-options": "socket-",
};

/** An error is one sentence for the operator. */
export async function readConfigFile(path: string): Promise<Result<FromFile, string>> {
  const read = await readYaml(path);
  if (!read.ok) return read;
  const settings = new Map<FlagName, Setting>();
  const notices: Notice[] = [{ level: "info", message: LOADED, fields: { path } }];
  for (const [block, key, value] of entriesOf(read.value)) {
    const typed = `${block === "" ? "" : `${block}.`}${key} in ${path}`;
    const text = textOf(value);
    if (text === null) return { ok: false, error: `${typed} is no value that a flag can have` };
    if (text === "") continue;
    const name = flagNamed(block, key);
    if (name !== null) settings.set(name, { text: inUnits(name, value, text), typed });
    else if (asksForSecurity(key, text)) {
      const error = `${typed} asks for security, and there is no such flag: correct or remove it`;
      return { ok: false, error };
    } else notices.push(notice("unrecognized key of the configuration file", { key, path }));
  }
  keepAdvertised(settings, path);
  return { ok: true, value: { settings, notices } };
}

async function readYaml(path: string): Promise<Result<unknown, string>> {
  const { parseDocument } = await import("yaml"); // only whoever has a file pays for it
  try {
    const text = readFileSync(path, "utf8");
    const document = parseDocument(text, { version: "1.1", prettyErrors: true });
    const [error] = document.errors;
    if (error === undefined) return { ok: true, value: document.toJS() as unknown };
    const [line = ""] = error.message.split("\n");
    return { ok: false, error: `cannot read ${path} as YAML: ${line.replace(/:$/, "")}` };
  } catch (error) {
    return { ok: false, error: `cannot read --config-file: ${(error as Error).message}` };
  }
}

/** Keys are read without regard to capitals, as Go does. */
function entriesOf(document: unknown): readonly (readonly [string, string, unknown])[] {
  return entries(document).flatMap(([key, value]) =>
    Object.hasOwn(BLOCKS, key)
      ? entries(value).map(([inner, each]) => [key, inner, each] as const)
      : [["", key, value] as const],
  );
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, each]) => [key.toLowerCase(), each as unknown]);
}

/** "peer-cert-file", but also "cert-file" and "peer-cert-allowed-cn" (`allowed-cn`). */
function flagNamed(block: string, key: string): FlagName | null {
  const prefix = BLOCKS[block] ?? "";
  const inner = key.replace(/^allowed-/, "cert-allowed-");
  const words = [`${prefix}${inner}`, ...(prefix === "client-" ? [inner] : [])];
  const known = words.find((word) => FLAG_BY_WORD.has(word));
  return known === undefined ? null : (FLAG_BY_WORD.get(known) ?? null);
}

/** Null: no value of a flag. Nothing, and an empty text, leave a flag as it is. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(textOf).join(",");
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : null;
}

function inUnits(name: FlagName, value: unknown, text: string): string {
  const isTime = typeof value === "number" && !flagOf(name).parse(text).ok;
  return isTime && flagOf(name).parse(`${text}ns`).ok ? `${text}ns` : text;
}

/** As in etcd, a file need not advertise what it listens on. */
function keepAdvertised(settings: Map<FlagName, Setting>, path: string): void {
  if (!settings.has("listen-client-urls") || settings.has("advertise-client-urls")) return;
  const text = flagOf("advertise-client-urls").initial;
  settings.set("advertise-client-urls", { text, typed: `advertise-client-urls in ${path}` });
}
