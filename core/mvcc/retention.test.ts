// Retention over virtual time: one revision is written in each interval, and the compactions that
// come of it are told.

import { describe, expect, it } from "vitest";
import type { Millis } from "../contract.ts";
import type { Retention } from "./retention.ts";
import { createCompactor, keep, REVISIONS_EVERY_MS } from "./retention.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

type Story = Readonly<{
  retention: Retention;
  tickMs: number;
  writeMs: number; // one revision in so much time
  lastMs: number;
  leads?: (now: number) => boolean;
  fails?: (now: number) => boolean; // what is asked for now does not come about
}>;

describe("history that is kept for a time", () => {
  it("of 5 minutes is compacted every 5 minutes, at what was there a sample before", () => {
    const retention: Retention = { kind: "time", retentionMs: 5 * MINUTE };
    const told = tell({ retention, tickMs: SECOND, writeMs: MINUTE, lastMs: 21 * MINUTE });
    expect(told).toEqual(["5m compact 1", "10m compact 5", "15m compact 10", "20m compact 15"]);
  });

  it("of 24 hours is compacted every hour from the 24th on", () => {
    const retention: Retention = { kind: "time", retentionMs: 24 * HOUR };
    const told = tell({ retention, tickMs: MINUTE, writeMs: HOUR, lastMs: 27 * HOUR });
    expect(told).toEqual(["1440m compact 1", "1506m compact 2", "1566m compact 3"]);
  });

  it("is not compacted again at the same revision", () => {
    const retention: Retention = { kind: "time", retentionMs: 5 * MINUTE };
    const told = tell({ retention, tickMs: SECOND, writeMs: HOUR, lastMs: 60 * MINUTE });
    expect(told).toEqual(["5m compact 1"]);
  });

  it("is tried again after a tenth of the period if nothing came of it", () => {
    const retention: Retention = { kind: "time", retentionMs: 10 * MINUTE };
    const fails = (now: number): boolean => now < 12 * MINUTE;
    const story = { retention, tickMs: SECOND, writeMs: MINUTE, lastMs: 23 * MINUTE, fails };
    expect(tell(story)).toEqual([
      "10m compact 1",
      "11m compact 1",
      "12m compact 2",
      "22m compact 12",
    ]);
  });

  it("is compacted by a new leader at once: it took samples before", () => {
    const retention: Retention = { kind: "time", retentionMs: 5 * MINUTE };
    const leads = (now: number): boolean => now > 13 * MINUTE;
    const story = { retention, tickMs: SECOND, writeMs: MINUTE, lastMs: 20 * MINUTE, leads };
    expect(tell(story)).toEqual(["13.5m compact 9", "18.5m compact 14"]);
  });
});

describe("history that is kept by its length", () => {
  it("is compacted every 5 minutes, at so many revisions back", () => {
    const retention: Retention = { kind: "revisions", count: 7, everyMs: REVISIONS_EVERY_MS };
    const told = tell({ retention, tickMs: SECOND, writeMs: MINUTE, lastMs: 16 * MINUTE });
    expect(told).toEqual(["10m compact 4", "15m compact 9"]);
  });

  it("is not compacted again while nothing is written", () => {
    const retention: Retention = { kind: "revisions", count: 2, everyMs: REVISIONS_EVERY_MS };
    const told = tell({ retention, tickMs: SECOND, writeMs: 4 * MINUTE, lastMs: 7 * HOUR });
    expect(new Set(told.map((line) => line.split(" ")[2])).size).toBe(told.length);
  });
});

it("everything is kept where nobody asked for anything else", () => {
  const retention: Retention = { kind: "everything" };
  expect(tell({ retention, tickMs: MINUTE, writeMs: MINUTE, lastMs: 9 * HOUR })).toEqual([]);
});

function tell({ retention, tickMs, writeMs, lastMs, leads, fails }: Story): readonly string[] {
  const told: string[] = [];
  let compactor = createCompactor(retention, 1, 0 as Millis);
  let compacted = -1;
  for (let now = tickMs; now <= lastMs; now += tickMs) {
    const revision = 1 + Math.floor(now / writeMs);
    const isLeader = leads?.(now) ?? true;
    const kept = keep(compactor, retention, now as Millis, revision, compacted, isLeader);
    compactor = kept.compactor;
    if (kept.compact === null) continue;
    told.push(`${now / MINUTE}m compact ${kept.compact}`);
    if (fails?.(now) !== true) compacted = Math.max(compacted, kept.compact);
  }
  return told;
}
