// What was given for flags, wherever it was given, and what there is to say about it.

import type { LogFields } from "../../observe/log.ts";
import type { FlagName } from "./table.ts";

/** `typed`: what stands there for people: a flag, a variable, or a key of a file. */
export type Setting = Readonly<{ text: string; typed: string }>;
export type Settings = ReadonlyMap<FlagName, Setting>;

/** A line of the log, for when there is one. */
export type Notice = Readonly<{ level: "info" | "warn"; message: string; fields: LogFields }>;

export function notice(message: string, fields: LogFields = {}): Notice {
  return { level: "warn", message, fields };
}

/** As people wrote it, or would have. */
export function typedAs(name: FlagName, settings: Settings): string {
  return settings.get(name)?.typed ?? `--${name}`;
}
