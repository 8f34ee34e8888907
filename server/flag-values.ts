// What the values of flags may be: each parser gives the value, or what it expected instead.

import type { Result } from "../core/contract.ts";
import { DEFAULT_LIMITS } from "../core/config.ts";
import { parseGoDuration } from "./duration.ts";
import type { InitialMember } from "./ids.ts";
import { parseUrls } from "./urls.ts";

export function parseText(text: string): Result<string, string> {
  return { ok: true, value: text };
}

/** The words of Go's strconv.ParseBool. */
export function parseBoolean(text: string): Result<boolean, string> {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return { ok: true, value: true };
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return { ok: true, value: false };
  return { ok: false, error: "expected true or false" };
}

export function parseCount(text: string): Result<number, string> {
  const value = Number(text);
  const valid = /^\d+$/.test(text) && value >= 1 && value <= 0x7fffffff;
  return valid
    ? { ok: true, value }
    : { ok: false, error: "expected a whole number from 1 to 2147483647" };
}

/** A uint32, in which 0 is as many as there can be, as grpc-go takes it. */
export function parseStreams(text: string): Result<number, string> {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 0xffffffff) return { ok: true, value: value || 0xffffffff };
  return { ok: false, error: "expected a whole number up to 4294967295" };
}

/** An int64. */
export function parseQuota(text: string): Result<number, string> {
  if (!/^[-+]?\d{1,18}$/.test(text)) return { ok: false, error: "expected a number of bytes" };
  const bytes = Number(text);
  const quota =
    bytes < 0 ? Number.MAX_SAFE_INTEGER : bytes === 0 ? DEFAULT_LIMITS.quotaBytes : bytes;
  return { ok: true, value: Math.min(quota, Number.MAX_SAFE_INTEGER) };
}

/** As in etcd, a cost that bcrypt does not have is the usual one. */
export function parseCost(text: string): Result<number, string> {
  const count = parseCount(text);
  return count.ok && (count.value < 4 || count.value > 31) ? { ok: true, value: 10 } : count;
}

/** In milliseconds, at least 100, as etcd wants it here. */
export function parseDuration(text: string): Result<number, string> {
  const value = parseGoDuration(text);
  if (value !== null && value >= 100) return { ok: true, value };
  return { ok: false, error: "expected a duration of at least 100ms, such as 10m or 1.5s" };
}

/** In milliseconds; 0: never. */
export function parseInterval(text: string): Result<number, string> {
  const value = parseGoDuration(text);
  if (value !== null) return { ok: true, value };
  return { ok: false, error: "expected a duration such as 10m, or 0" };
}

export function oneOf<T extends string>(words: readonly T[]): (text: string) => Result<T, string> {
  return (text) => {
    const value = words.find((word) => word === text);
    if (value !== undefined) return { ok: true, value };
    return { ok: false, error: `expected ${words.join(" or ")}` };
  };
}

export function parseLogOutputs(text: string): Result<"stderr" | "stdout", string> {
  if (text === "default") return { ok: true, value: "stderr" };
  return oneOf(["stderr", "stdout"])(text);
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
