import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DiskOp, DiskToken, FileName } from "../../core/contract.ts";
import { createDiskReader, WalDisk } from "./disk.ts";

const A = "a.wal" as FileName;
const B = "b.wal" as FileName;

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-disk-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function openDisk(): { disk: WalDisk; answered: number[]; failures: string[] } {
  const answered: number[] = [];
  const failures: string[] = [];
  const disk = new WalDisk(directory, {
    onDone: (done) => answered.push(done),
    onFailure: (error) => failures.push(error.message),
  });
  return { disk, answered, failures };
}

function token(value: number): DiskToken {
  return value as DiskToken;
}

function write(file: FileName, offset: number, text: string): DiskOp {
  return { kind: "write", file, offset, bytes: Buffer.from(text) };
}

function sync(file: FileName): DiskOp {
  return { kind: "sync", file };
}

function contents(): Record<string, string> {
  const reader = createDiskReader(directory);
  return Object.fromEntries(
    reader.list().map((file) => [file, Buffer.from(reader.read(file)).toString()]),
  );
}

describe("the WAL's disk", () => {
  it("syncs nothing where it is told so, and answers all the same", async () => {
    const answered: number[] = [];
    const events = {
      onDone: (done: DiskToken) => answered.push(done),
      onFailure: (error: Error) => expect.fail(error.message),
      onSync: () => expect.fail("it was synced"),
    };
    const disk = new WalDisk(directory, events, false);
    disk.perform(token(1), [write(A, 0, "one"), sync(A)]);
    await disk.close();
    expect([answered, contents()]).toEqual([[1], { "a.wal": "one" }]);
  });

  it("answers every token in order, with the bytes in the files", async () => {
    const { disk, answered } = openDisk();
    disk.perform(token(1), [write(A, 0, "one"), sync(A)]);
    disk.perform(token(2), [write(A, 3, "two"), sync(A)]);
    disk.perform(token(3), [write(B, 0, "three"), sync(B)]);
    await disk.idle();
    disk.perform(token(4), [write(A, 6, "four"), sync(A)]);
    await disk.close();
    expect(answered).toEqual([1, 2, 3, 4]);
    expect(contents()).toEqual({ "a.wal": "onetwofour", "b.wal": "three" });
  });

  it("takes more orders while a batch is in flight, and more vectors than one call may have", async () => {
    const { disk, answered } = openDisk();
    let expected = "";
    for (let at = 0; at < 3000; at++) {
      disk.perform(token(at), [write(A, at, String(at % 10)), sync(A)]);
      expected += String(at % 10);
      if (at === 1000) await new Promise((resolve) => setImmediate(resolve));
    }
    await disk.close();
    expect(answered).toEqual(Array.from({ length: 3000 }, (_, at) => at));
    expect(contents()).toEqual({ "a.wal": expected });
  });

  it("truncates and removes, also files of an earlier life", async () => {
    fs.writeFileSync(join(directory, A), "old bytes");
    fs.writeFileSync(join(directory, B), "gone soon");
    const { disk, answered } = openDisk();
    disk.perform(token(1), [{ kind: "truncate", file: A, length: 3 }, sync(A)]);
    disk.perform(token(2), [{ kind: "remove", file: B }]);
    disk.perform(token(3), [write(A, 3, "+new"), sync(A)]);
    await disk.close();
    expect(answered).toEqual([1, 2, 3]);
    expect(contents()).toEqual({ "a.wal": "old+new" });
  });

  it("never answers after a failure, and says what to do", async () => {
    const { disk, answered, failures } = openDisk();
    disk.perform(token(1), [write(A, 0, "x"), sync(A)]);
    await disk.idle();
    disk.perform(token(2), [{ kind: "remove", file: B }]); // there is no such file
    await disk.idle();
    disk.perform(token(3), [write(A, 1, "y"), sync(A)]);
    await disk.idle();
    expect(answered).toEqual([1]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/^cannot write the log .*: no such file or directory: put it back/);
    expect(contents()).toEqual({ "a.wal": "x" });
  });

  it.skipIf(!fs.existsSync("/dev/full"))("says that the disk is full", async () => {
    fs.symlinkSync("/dev/full", join(directory, A));
    const { disk, answered, failures } = openDisk();
    disk.perform(token(1), [write(A, 0, "x"), sync(A)]);
    await disk.idle();
    expect(answered).toEqual([]);
    expect(failures[0]).toContain("no space left on device: free some");
  });
});
