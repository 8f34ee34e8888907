// `detcd snapshot status`: what a snapshot holds, in the words and shapes of etcdutl.

import type { Result } from "../../core/contract.ts";
import type { Bytes } from "../../core/contract.ts";
import { decodeKeyValue } from "../../core/kv/tables.ts";
import { toBytes } from "../../core/lib/bytes.ts";
import { crc32c } from "../../core/lib/crc32c.ts";
import { decodeRowKey } from "../../core/mvcc/revision.ts";
import { BUCKETS, META } from "../../net/bolt/backend.ts";
import { type Bolt, bucketsIn, startReading } from "../../net/bolt/reader.ts";

export type Status = Readonly<{
  hash: number; // of all buckets: etcd's number
  revision: number;
  totalKey: number; // keys that are there at this revision
  totalSize: number;
  version: string; // of the storage; "": older than 3.6
}>;

export const FORMATS = ["simple", "table", "fields", "json"] as const;
export type Format = (typeof FORMATS)[number];

const HEADINGS = ["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE", "VERSION"];
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

export function statusOf(bolt: Bolt): Result<Status, string> {
  const reading = startReading(bolt);
  const keys = new Set<Bytes>();
  let [hash, revision, version] = [0, 0, ""];
  for (const { name, pairs } of bucketsIn(reading)) {
    hash = crc32c(toBytes(name), hash);
    for (const [key, value] of pairs) {
      hash = crc32c(value, crc32c(toBytes(key), hash));
      if (name === BUCKETS.meta && key === META.storageVersion) {
        version = Buffer.from(value).toString("utf8");
      }
      if (name !== BUCKETS.key) continue;
      const row = decodeRowKey(key);
      const kv = decodeKeyValue(value);
      if (row === null || (kv === null && value.length > 0)) {
        return { ok: false, error: `the row behind revision ${revision} cannot be read` };
      }
      revision = row.main;
      if (kv === null) continue;
      if (row.tombstone) keys.delete(kv.key);
      else keys.add(kv.key);
    }
  }
  if (reading.trouble !== null) return { ok: false, error: reading.trouble };
  const totalSize = bolt.meta.pages * bolt.meta.pageBytes;
  return { ok: true, value: { hash, revision, totalKey: keys.size, totalSize, version } };
}

export function printStatus(status: Status, format: Format): string {
  if (format === "json") return JSON.stringify(status);
  const { hash, revision, totalKey, totalSize, version } = status;
  const size = describeSize(totalSize);
  if (format === "fields") {
    const fields = { Hash: hash, Revision: revision, Keys: totalKey, Size: totalSize };
    const lines = Object.entries({ ...fields, Version: version });
    return lines.map(([name, value]) => `"${name}" : ${value}`).join("\n");
  }
  const cells = [hash.toString(16), String(revision), String(totalKey), size, version];
  return format === "simple" ? cells.join(", ") : printTable(HEADINGS, cells);
}

function printTable(headings: readonly string[], cells: readonly string[]): string {
  const widths = headings.map((heading, at) => Math.max(heading.length, cells[at]?.length ?? 0));
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const centred = headings.map((heading, at) => {
    const room = (widths[at] ?? 0) - heading.length;
    return ` ${heading.padStart(heading.length + Math.floor(room / 2)).padEnd(widths[at] ?? 0)} `;
  });
  const right = cells.map((cell, at) => ` ${cell.padStart(widths[at] ?? 0)} `);
  return [rule, line(centred), rule, line(right), rule].join("\n");
}

function line(words: readonly string[]): string {
  return `|${words.join("|")}|`;
}

/** As go-humanize says it: two digits at least, powers of a thousand. */
function describeSize(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  let unit = 0;
  let rest = bytes;
  for (; rest >= 1000 && unit < UNITS.length - 1; unit++) rest /= 1000;
  const rounded = Math.floor(rest * 10 + 0.5) / 10;
  return `${rounded < 10 ? rounded.toFixed(1) : rounded.toFixed(0)} ${UNITS[unit]}`;
}
