// The real write-ahead log on the simulated disk: whatever a crash leaves, nothing acknowledged is
// lost.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterId, DiskToken, Index, NodeId, Term } from "../../core/contract.ts";
import type { Entry, HardState } from "../../core/raft/message.ts";
import { recover, type Recovered } from "../../core/storage/recovery.ts";
import type { LogPoint } from "../../core/storage/wal-payload.ts";
import {
  appendToWal,
  confirmWal,
  LOG_START,
  resetWal,
  trimWal,
  type WalMark,
  walMark,
  type WalPlan,
  type WalState,
} from "../../core/storage/wal.ts";
import { DiskFailure, SimDisk } from "./disk.ts";
import type { Keep } from "./disk-crash.ts";
import { createFates } from "./random.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 1n as NodeId };
const TIMING = {
  syncMicros: 500,
  tailMicros: 0,
  tail: [0, 1],
  commitMicros: 0,
  roomBytes: 0,
} as const;
const SEGMENT_BYTES = 1200;

type Action = Readonly<
  | { kind: "append"; sizes: readonly number[]; overwrite: number; vote: boolean }
  | { kind: "settle"; count: number }
  | { kind: "apply" }
  | { kind: "trim" }
  | { kind: "snapshot"; ahead: number; reset: boolean }
  | { kind: "crash"; keep: Keep }
  | { kind: "fail"; how: "full" | "sync"; keep: Keep }
>;

/** What the log is after some write: what recovery must find if the disk holds just so much. */
type Version = Readonly<{ hard: HardState; log: readonly Entry[]; start: LogPoint }>;
type Issued = Readonly<{ token: DiskToken; mark: WalMark; version: Version }>;

/** A member with its disk, and what it may rely on. */
class Member {
  readonly disk: SimDisk;
  wal!: WalState;
  applied: LogPoint = LOG_START; // what the KV holds
  acknowledged: Version = {
    hard: { term: 0 as Term, vote: null, commit: 0 as Index },
    log: [],
    start: LOG_START,
  };
  latest: Version = this.acknowledged;
  issued: Issued[] = [];
  unsure: Version[] = []; // of earlier lives, after which nothing was ever acknowledged
  token = 0;
  born = false; // its log was on disk once

  constructor(seed: number) {
    this.disk = new SimDisk(1, createFates(seed), TIMING);
    this.boot();
  }

  boot(): void {
    const result = recover(this.disk, IDENTITY, this.applied, SEGMENT_BYTES);
    if (!result.ok) throw new Error(result.error);
    this.check(result.value);
    const { wal, repairs, hard, entries, compacted } = result.value;
    this.latest = { hard, log: entries, start: compacted };
    this.unsure = this.unsure.concat(this.issued.map(({ version }) => version));
    this.issued = [];
    this.perform({ wal, ops: repairs }, this.latest);
  }

  perform(plan: WalPlan, version: Version): void {
    if (plan.ops.length === 0) return;
    this.wal = plan.wal;
    this.latest = version;
    const token = ++this.token as DiskToken;
    this.disk.submit(token, plan.ops);
    this.issued.push({ token, mark: walMark(plan.wal), version });
  }

  settle(count: number): void {
    for (const { token, mark, version } of this.issued.splice(0, count)) {
      this.disk.settle(token);
      this.wal = confirmWal(this.wal, mark);
      this.acknowledged = version;
      this.unsure = [];
      this.born = true;
    }
  }

  /** Recovery found what was acknowledged, or what some later write had made of it. */
  check(found: Recovered): void {
    const issued = this.issued.map(({ version }) => version);
    const versions = [this.acknowledged, ...this.unsure, ...issued];
    const match = versions.findLastIndex((version) => this.fits(found, version));
    expect(match, describeMismatch(found, versions)).toBeGreaterThanOrEqual(0);
    expect(found.compacted.index).toBeLessThanOrEqual(this.applied.index);
    expect(found.hard.commit).toBeGreaterThanOrEqual(this.applied.index);
  }

  fits({ hard, entries, compacted }: Recovered, version: Version): boolean {
    const ahead = termAt(version, this.applied.index) !== this.applied.term;
    const log = ahead ? [] : version.log;
    const expected = log.filter((entry) => entry.index > compacted.index);
    if (ahead && this.applied.term > version.hard.term) {
      if (hard.term !== this.applied.term || hard.vote !== null) return false;
    } else if (hard.term !== version.hard.term || hard.vote !== version.hard.vote) return false;
    if (hard.commit !== Math.max(version.hard.commit, this.applied.index)) return false;
    if (entries.length !== expected.length) return false;
    return entries.every((entry, at) => sameEntry(entry, expected[at]));
  }

  act(action: Action): void {
    const { hard, log, start } = this.latest;
    const lastIndex = log.at(-1)?.index ?? start.index;
    switch (action.kind) {
      case "append": {
        const overwrite = Math.min(action.overwrite, lastIndex - hard.commit);
        const term = (hard.term + (overwrite > 0 || action.vote ? 1 : 0) || 1) as Term;
        const from = lastIndex - overwrite + 1;
        const entries = action.sizes.map((size, at) => entryOf(term, from + at, size));
        const kept = entries.length === 0 ? log : log.filter((entry) => entry.index < from);
        const next = { term, vote: action.vote ? (7n as NodeId) : hard.vote, commit: hard.commit };
        const changed = term !== hard.term || next.vote !== hard.vote;
        const version = { hard: next, log: [...kept, ...entries], start };
        return this.perform(appendToWal(this.wal, changed ? next : null, entries), version);
      }
      case "settle":
        return this.settle(action.count);
      case "apply": {
        const last = this.acknowledged.log.at(-1);
        const stable = last !== undefined && sameEntry(last, log[last.index - start.index - 1]);
        if (!stable || last.index <= this.applied.index) return;
        this.applied = { index: last.index, term: last.term };
        const next = { ...hard, commit: Math.max(hard.commit, last.index) as Index };
        return this.perform(appendToWal(this.wal, next, []), { hard: next, log, start });
      }
      case "trim":
        return this.perform(trimWal(this.wal, this.applied.index), this.latest);
      case "snapshot": {
        if (!this.born) return; // a node installs nothing before its first repairs are done
        const index = (Math.max(lastIndex, hard.commit) + action.ahead) as Index;
        this.applied = { index, term: (hard.term || 1) as Term };
        if (!action.reset) return this.restart("some");
        const next = { ...hard, term: Math.max(hard.term, 1) as Term, commit: index };
        const version = { hard: next, log: [], start: this.applied };
        return this.perform(resetWal(this.wal, this.applied, next), version);
      }
      case "crash":
        return this.restart(action.keep);
      case "fail":
        return this.fail(action.how, action.keep);
      default:
        return action satisfies never;
    }
  }

  fail(how: "full" | "sync", keep: Keep): void {
    this.disk.failNext(how);
    const hard = { ...this.latest.hard, term: (this.latest.hard.term + 1) as Term };
    const { ops } = appendToWal(this.wal, hard, []);
    expect(() => this.disk.submit((this.token + 1) as DiskToken, ops)).toThrow(DiskFailure);
    // It may be there all the same: not having been told is not knowing.
    const version = { ...this.latest, hard };
    const mark = walMark(this.wal);
    this.issued.push({ token: ++this.token as DiskToken, mark, version });
    this.restart(keep);
  }

  restart(keep: Keep): void {
    this.disk.crash(keep);
    this.boot();
  }
}

function entryOf(term: Term, index: number, size: number): Entry {
  return { term, index: index as Index, data: new Uint8Array(size).fill(term * 16 + index) };
}

function sameEntry(a: Entry, b: Entry | undefined): boolean {
  return a.index === b?.index && a.term === b.term && a.data.length === b.data.length;
}

function termAt({ log, start }: Version, index: Index): Term | null {
  if (index === start.index) return start.term;
  return log.find((entry) => entry.index === index)?.term ?? null;
}

function describeMismatch(found: Recovered, versions: readonly Version[]): string {
  const wanted = versions.map(({ hard, log }) => `  ${outline(hard, log)}`);
  return `found ${outline(found.hard, found.entries)}\nof\n${wanted.join("\n")}`;
}

function outline({ term, vote, commit }: HardState, entries: readonly Entry[]): string {
  const log = entries.map((entry) => `${entry.term}/${entry.index}`);
  return `${term} ${vote} ${commit}: ${log.join(" ")}`;
}

const keeps = fc.constantFrom<Keep>("none", "some", "all");
const actions = fc.oneof(
  { weight: 8, arbitrary: appends() },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("settle" as const), count: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.constant({ kind: "apply" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "trim" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("snapshot" as const),
      ahead: fc.integer({ min: 1, max: 9 }),
      reset: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("crash" as const), keep: keeps }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      how: fc.constantFrom("full" as const, "sync" as const),
      keep: keeps,
    }),
  },
);

function appends(): fc.Arbitrary<Action> {
  return fc.record({
    kind: fc.constant("append" as const),
    sizes: fc.array(fc.nat(700), { maxLength: 3 }),
    overwrite: fc.nat(3),
    vote: fc.boolean(),
  });
}

describe("the write-ahead log on a disk that crashes", () => {
  it("keeps everything acknowledged, and nothing but prefixes of the rest", () => {
    const run = fc.property(fc.nat(), fc.array(actions, { maxLength: 60 }), (seed, script) => {
      const member = new Member(seed);
      for (const action of script) member.act(action);
      member.restart("some");
    });
    fc.assert(run, { seed: 20, numRuns: 1500 });
  });

  it("would not survive a disk that lies: the property can fail", () => {
    const member = new Member(1);
    member.disk.lies = true;
    member.act({ kind: "append", sizes: [100], overwrite: 0, vote: true });
    member.settle(9);
    expect(() => member.restart("none")).toThrow("found 0 null 0");
  });
});
