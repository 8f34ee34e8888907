// When the file of a log gives way to a new one, and how long old ones stay: etcd's own JSON, which
// is lumberjack's.

import type { Result } from "../../core/contract.ts";

export type LogRotation = Readonly<{
  maxBytes: number;
  maxAgeDays: number; // of old files; 0: any
  maxBackups: number; // 0: all
  localTime: boolean; // in the names of old files
  compress: boolean;
}>;

const MEBIBYTE = 1024 * 1024;
const DEFAULT_MEBIBYTES = 100; // lumberjack's own
const NUMBERS = ["maxsize", "maxage", "maxbackups"] as const;
const BOOLEANS = ["localtime", "compress"] as const;

/** What is not said is lumberjack's default. An error is in etcd's words. */
export function parseLogRotation(text: string): Result<LogRotation, string> {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return refused(`improperly formatted log rotation config: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return refused("invalid log rotation config: it is no JSON object");
  }
  const given = new Map(Object.entries(parsed as Readonly<Record<string, unknown>>));
  for (const name of NUMBERS) {
    const value = given.get(name) ?? 0;
    if (Number.isSafeInteger(value) && Number(value) >= 0) continue;
    return refused(`invalid log rotation config: ${name} is ${JSON.stringify(value)}, no number`);
  }
  for (const name of BOOLEANS) {
    const value = given.get(name) ?? false;
    if (typeof value === "boolean") continue;
    return refused(`invalid log rotation config: ${name} is ${JSON.stringify(value)}`);
  }
  const numberOf = (name: (typeof NUMBERS)[number]): number => Number(given.get(name) ?? 0);
  const value = {
    maxBytes: (numberOf("maxsize") || DEFAULT_MEBIBYTES) * MEBIBYTE,
    maxAgeDays: numberOf("maxage"),
    maxBackups: numberOf("maxbackups"),
    localTime: given.get("localtime") === true,
    compress: given.get("compress") === true,
  };
  return { ok: true, value };
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}
