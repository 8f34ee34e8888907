// What --auto-compaction-mode and --auto-compaction-retention say together. As in etcd, a bare
// number is one of hours in one mode and of revisions in the other.

import type { Result } from "../../../core/contract.ts";
import { REVISIONS_EVERY_MS } from "../../../core/mvcc/retention.ts";
import type { Retention } from "../../../core/mvcc/retention.ts";
import { parseGoDuration } from "./duration.ts";

const HOUR_MS = 60 * 60 * 1000;

export function parseRetention(
  mode: "periodic" | "revision",
  text: string,
): Result<Retention, string> {
  if (text === "") return { ok: true, value: { kind: "everything" } };
  const count = /^\d{1,15}$/.test(text) ? Number(text) : null;
  if (count === 0) return { ok: true, value: { kind: "everything" } };
  if (mode === "revision") {
    if (count === null) return refused("expected a number of revisions");
    return { ok: true, value: { kind: "revisions", count, everyMs: REVISIONS_EVERY_MS } };
  }
  const retentionMs = count === null ? parseGoDuration(text) : count * HOUR_MS;
  if (retentionMs === 0) return { ok: true, value: { kind: "everything" } };
  if (retentionMs === null || retentionMs < 1)
    return refused("expected hours, or a duration such as 5m");
  return { ok: true, value: { kind: "time", retentionMs } };
}

function refused(expected: string): Result<never, string> {
  return { ok: false, error: expected };
}
