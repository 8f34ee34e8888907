// The write-ahead log as text, and the very bytes of a small one: a change of the format shows
// here, and needs a new WAL_VERSION.

import { describe, expect, it } from "vitest";
import type { ClusterId, DiskOp, Index, NodeId, Term } from "../contract.ts";
import type { Entry, HardState } from "../raft/message.ts";
import { createMemoryDisk } from "./memory-disk.ts";
import { recover } from "./recovery.ts";
import {
  appendToWal,
  confirmWal,
  createWal,
  LOG_START,
  resetWal,
  segmentSequence,
  trimWal,
  walMark,
  type WalPlan,
  type WalState,
} from "./wal.ts";
import { transcribeSegment } from "./wal-transcript.ts";

const IDENTITY = { cluster: 0xc1n as ClusterId, node: 0xa1n as NodeId };

function entry(term: number, index: number, size: number): Entry {
  return { term: term as Term, index: index as Index, data: new Uint8Array(size).fill(0x61) };
}

function hardState(term: number, vote: bigint | null, commit: number): HardState {
  return { term: term as Term, vote: vote as NodeId | null, commit: commit as Index };
}

/** A small log's life, told by what is on the disk after each chapter. */
function tellStory(): readonly string[] {
  const disk = createMemoryDisk();
  const lines: string[] = [];
  const created = createWal(IDENTITY, 200);
  let wal: WalState = created.wal;
  const perform = (plan: WalPlan, confirmed = true): void => {
    disk.perform(plan.ops);
    wal = confirmed ? confirmWal(plan.wal, walMark(plan.wal)) : plan.wal;
  };
  const tell = (title: string, files = disk.list()): void => {
    lines.push(`# ${title}`);
    for (const file of files) {
      lines.push(...transcribeSegment(disk.read(file), segmentSequence(file)!, IDENTITY));
    }
    lines.push("");
  };
  perform(created);
  tell("a new log");

  perform(appendToWal(wal, hardState(1, 0xa1n, 0), []));
  perform(appendToWal(wal, null, [entry(1, 1, 10), entry(1, 2, 20)]));
  perform(appendToWal(wal, hardState(1, 0xa1n, 2), [entry(1, 3, 100)]));
  tell("a vote, two entries, their commit with a third");

  perform(appendToWal(wal, hardState(2, null, 2), [entry(2, 3, 8)]));
  perform(appendToWal(wal, null, [entry(2, 4, 8)]), false);
  perform(appendToWal(wal, null, [entry(2, 5, 8)]), false);
  tell("a new segment; a new term replaces entry 3; the last two are not yet known to be on disk");

  const last = disk.list().at(-1)!;
  const whole = disk.read(last).slice();
  const cut: DiskOp = { kind: "write", file: last, offset: 88, bytes: new Uint8Array(8) };
  disk.perform([cut]);
  tell("torn: entry 4 was lost, entry 5 was not", [last]);
  disk.perform([{ ...cut, offset: 48 }]);
  tell("damaged: entry 3 is gone, which was known to be on disk", [last]);
  disk.perform([{ kind: "write", file: last, offset: 0, bytes: whole }]);

  perform(trimWal(wal, 3 as Index));
  perform(resetWal(wal, { index: 90 as Index, term: 7 as Term }, hardState(8, null, 2)));
  tell("a snapshot replaces the log");
  return lines;
}

describe("the write-ahead log", () => {
  it("reads like this", async () => {
    await expect(`${tellStory().join("\n")}\n`).toMatchFileSnapshot("testdata/wal.txt");
  });

  it("has these bytes, for ever", () => {
    const { wal, ops } = createWal(IDENTITY, 300);
    const append = appendToWal(wal, hardState(1, 0xa1n, 0), [entry(1, 1, 3)]);
    const bytes = [...ops, ...append.ops].flatMap((op) => (op.kind === "write" ? [op.bytes] : []));
    expect(bytes.map(hex)).toMatchInlineSnapshot(`
      [
        "e148667a00000000170000000177616c01c100000000000000a10000000000000000000000000000",
        "6d4e0e57e148667a140000000277616c00010101a100000000000000000101010361616100000000",
      ]
    `);
    const disk = createMemoryDisk();
    disk.perform([...ops, ...append.ops]);
    expect(recover(disk, IDENTITY, LOG_START, 300)).toMatchObject({ ok: true });
  });
});

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
