import { expect, it } from "vitest";
import { parseRetention } from "./retention.ts";

const HOUR_MS = 3_600_000;
const EVERY_MS = 300_000;

it.each([
  ["periodic", "0", { kind: "everything" }],
  ["periodic", "1", { kind: "time", retentionMs: HOUR_MS }],
  ["periodic", "5m", { kind: "time", retentionMs: 300_000 }],
  ["periodic", "1h30m", { kind: "time", retentionMs: 1.5 * HOUR_MS }],
  ["periodic", "0s", { kind: "everything" }],
  ["revision", "0", { kind: "everything" }],
  ["revision", "1000", { kind: "revisions", count: 1000, everyMs: EVERY_MS }],
] as const)("a retention of the mode %s, %s, is read as etcd reads it", (mode, text, retention) => {
  expect(parseRetention(mode, text)).toEqual({ ok: true, value: retention });
});
