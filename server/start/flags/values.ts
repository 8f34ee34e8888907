// What the values of flags may be: each parser gives the value, or what it expected instead.

import type { Result } from "../../../core/contract.ts";
import { DEFAULT_LIMITS } from "../../../core/config.ts";
import { parseGoDuration } from "./duration.ts";
import { LOG_LEVELS, type LogLevel } from "../../observe/log.ts";
import { parseUrls } from "../../urls.ts";

/** One line of --initial-cluster. */
export type InitialMember = Readonly<{ name: string; peerUrls: readonly string[] }>;

export function parseText(text: string): Result<string, string> {
  return { ok: true, value: text };
}

/** The words of Go's strconv.ParseBool. */
export function parseBoolean(text: string): Result<boolean, string> {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return { ok: true, value: true };
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return { ok: true, value: false };
  return { ok: false, error: "expected true or false" };
}

/** One that may be 0, which may mean something else. */
export function parseUnsigned(text: string): Result<number, string> {
  const value = readInteger(text);
  if (value !== null && value >= 0n && value <= UINT64_MAX) return { ok: true, value: safe(value) };
  return { ok: false, error: "expected a whole number" };
}

/** An int, of which some may be below 0. */
export function parseInteger(text: string): Result<number, string> {
  const value = readInteger(text);
  if (value === null || value > INT64_MAX || value < -INT64_MAX) {
    return { ok: false, error: "expected a whole number" };
  }
  return { ok: true, value: safe(value) };
}

/** As in etcd, what is not above 0 stands for the usual; here that is the most, too. */
export function parseBatch(text: string): Result<number, string> {
  const usual = DEFAULT_LIMITS.compactionRows;
  const rows = parseInteger(text);
  if (!rows.ok) return rows;
  return { ok: true, value: rows.value <= 0 ? usual : Math.min(rows.value, usual) };
}

/** Words between commas; no text is no word. */
export function parseList(text: string): Result<readonly string[], string> {
  return { ok: true, value: text === "" ? [] : text.split(",").map((word) => word.trim()) };
}

/** No text is no URL. */
export function parseOptionalUrls(text: string): Result<readonly string[], string> {
  return text === "" ? { ok: true, value: [] } : parseUrls(text);
}

/** Where 0 stands for the usual. */
export function parseCountOr(usual: number): (text: string) => Result<number, string> {
  return (text) => {
    const count = parseUnsigned(text);
    return count.ok && count.value === 0 ? { ok: true, value: usual } : count;
  };
}

/** A uint32, in which 0 is as many as there can be, as grpc-go takes it. */
export function parseStreams(text: string): Result<number, string> {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 0xffffffff) return { ok: true, value: value || 0xffffffff };
  return { ok: false, error: "expected a whole number up to 4294967295" };
}

/** An int64. */
export function parseQuota(text: string): Result<number, string> {
  const bytes = readInteger(text);
  if (bytes === null || bytes > INT64_MAX || bytes < -INT64_MAX) {
    return { ok: false, error: "expected a number of bytes" };
  }
  if (bytes < 0n) return { ok: true, value: Number.MAX_SAFE_INTEGER };
  return { ok: true, value: bytes === 0n ? DEFAULT_LIMITS.quotaBytes : safe(bytes) };
}

/** As in etcd, a cost that bcrypt does not have is the usual one. */
export function parseCost(text: string): Result<number, string> {
  const count = parseUnsigned(text);
  return count.ok && (count.value < 4 || count.value > 31) ? { ok: true, value: 10 } : count;
}

/** In milliseconds. As in etcd, what is not above 0 stands for the usual, and what is below the
 *  least for that. */
export function parseDurationOr(
  usualMs: number,
  leastMs: number,
): (text: string) => Result<number, string> {
  return (text) => {
    const parsed = parseDuration(text);
    if (!parsed.ok) return parsed;
    return { ok: true, value: parsed.value <= 0 ? usualMs : Math.max(parsed.value, leastMs) };
  };
}

/** In milliseconds. */
export function parseDuration(text: string): Result<number, string> {
  const value = parseGoDuration(text);
  if (value !== null) return { ok: true, value };
  return { ok: false, error: "expected a duration such as 10m or 1.5s" };
}

/** In milliseconds, whole ones; 0: never. */
export function parseInterval(text: string): Result<number, string> {
  const value = parseGoDuration(text);
  if (value !== null && value >= 0) return { ok: true, value: Math.ceil(value) };
  return { ok: false, error: "expected a duration such as 10m, or 0" };
}

/** As zap's levels are written; what is above an error logs as little as errors do. */
export function parseLogLevel(text: string): Result<LogLevel, string> {
  const level = LOG_LEVELS.find((known) => [known, known.toUpperCase()].includes(text));
  if (level !== undefined) return { ok: true, value: level };
  if (text === "") return { ok: true, value: "info" };
  if (/^(dpanic|panic|fatal|DPANIC|PANIC|FATAL)$/.test(text)) return { ok: true, value: "error" };
  return { ok: false, error: `expected ${LOG_LEVELS.join(" or ")}` };
}

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** As Go reads integers of any base: "12", "0x10", "1_000", and "010", which is 8. */
function readInteger(text: string): bigint | null {
  const [, sign, digits = ""] = /^([-+]?)([0-9a-zA-Z_]+)$/.exec(text) ?? [];
  if (sign === undefined || /^_|_$|__/.test(digits)) return null;
  const plain = digits.replaceAll("_", "").replace(/^0(?=[0-7]+$)/, "0o");
  if (!/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9]\d*)$/i.test(plain)) return null;
  return sign === "-" ? -BigInt(plain) : BigInt(plain);
}

function safe(value: bigint): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

export function oneOf<T extends string>(words: readonly T[]): (text: string) => Result<T, string> {
  return (text) => {
    const value = words.find((word) => word === text);
    if (value !== undefined) return { ok: true, value };
    return { ok: false, error: `expected ${words.join(" or ")}` };
  };
}

/** `stderr`, `stdout`, `default`, `systemd/journal`, or paths of files. */
export function parseLogOutputs(text: string): Result<readonly string[], string> {
  const outputs = text.split(",").map((output) => output.trim());
  if (outputs.includes("")) return { ok: false, error: "expected stderr, stdout or a path" };
  return { ok: true, value: outputs };
}

/** `a=http://…,a=http://…,b=http://…`: a name may be repeated for a second URL. */
export function parseInitialCluster(text: string): Result<readonly InitialMember[], string> {
  const urlsByName = new Map<string, string[]>();
  for (const part of text === "" ? [] : text.split(",")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(equals, 0)).trim();
    if (name === "") return { ok: false, error: `expected name=url, not ${quoted(part)}` };
    const urls = parseUrls(part.slice(equals + 1));
    if (!urls.ok) return urls;
    urlsByName.set(name, [...(urlsByName.get(name) ?? []), ...urls.value]);
  }
  const urls = [...urlsByName.values()].flat();
  const twice = urls.find((url, at) => urls.indexOf(url) !== at);
  if (twice !== undefined) return { ok: false, error: `duplicate URL ${twice}` };
  const members = [...urlsByName].map(([name, peerUrls]) => ({ name, peerUrls }));
  return { ok: true, value: members };
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}
