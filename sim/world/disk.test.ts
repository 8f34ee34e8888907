import { describe, expect, it } from "vitest";
import type { DiskOp, DiskToken, FileName } from "../../core/contract.ts";
import { SECTOR_BYTES } from "./disk-crash.ts";
import { DiskFailure, SimDisk } from "./disk.ts";
import { createFates } from "./random.ts";

const TIMING = {
  syncMicros: 500,
  tailMicros: 5000,
  tail: [1, 10],
  commitMicros: 0,
  roomBytes: 0,
} as const;
const FILE = "000000000000000a.wal" as FileName;
const OTHER = "000000000000000b.wal" as FileName;

function createDisk(seed = 1): SimDisk {
  return new SimDisk(1, createFates(seed), TIMING);
}

function write(file: FileName, offset: number, length: number, byte: number): DiskOp {
  return { kind: "write", file, offset, bytes: new Uint8Array(length).fill(byte) };
}

function appendAt(offset: number): readonly DiskOp[] {
  return [write(FILE, offset, 1, 1), sync(FILE)];
}

function sync(file: FileName): DiskOp {
  return { kind: "sync", file };
}

/** An effect, done at once or left under way. */
function perform(disk: SimDisk, token: number, settled: boolean, ...ops: readonly DiskOp[]): void {
  disk.submit(token as DiskToken, ops);
  if (settled) disk.settle(token as DiskToken);
}

/** What is found after the same crash on many disks. */
function outcomes(prepare: (disk: SimDisk) => void): ReadonlySet<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const disk = createDisk(seed);
    prepare(disk);
    disk.crash("some");
    found.add(
      disk
        .list()
        .map((file) => `${file[15]}:${sectors(disk.read(file))}`)
        .join(" "),
    );
  }
  return found;
}

/** One char per sector, its first byte; a sector that is no whole one in brackets. */
function sectors(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    const piece = bytes.subarray(at, at + SECTOR_BYTES);
    const uniform = piece.every((byte) => byte === piece[0]);
    text += uniform ? `${piece[0]}` : `(${[...new Set(piece)].join("")})`;
  }
  return text;
}

describe("a simulated disk", () => {
  it("shows a write at once and keeps it once it is settled", () => {
    const disk = createDisk();
    perform(disk, 1, false, write(FILE, 0, 10, 7), sync(FILE));
    expect(disk.read(FILE).length).toBe(10);
    expect(disk.durableBytes(FILE)).toBe(null);
    expect(disk.vulnerable).toBe(true);
    disk.settle(1 as DiskToken);
    expect(disk.durableBytes(FILE)?.length).toBe(10);
    expect(disk.vulnerable).toBe(false);
    disk.crash("none");
    expect(disk.read(FILE).length).toBe(10);
  });

  it("tears an unsettled write at sectors, each on its own", () => {
    const found = outcomes((disk) => {
      perform(disk, 1, true, write(FILE, 0, 3 * SECTOR_BYTES, 1), sync(FILE));
      perform(disk, 2, false, write(FILE, 0, 3 * SECTOR_BYTES, 2), sync(FILE));
    });
    const every = ["111", "112", "121", "122", "211", "212", "221", "222"];
    expect([...found].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      every.map((text) => `a:${text}`),
    );
  });

  it("keeps of one sector the writes up to some point, never a later one alone", () => {
    const found = outcomes((disk) => {
      perform(disk, 1, true, write(FILE, 0, 100, 1), sync(FILE));
      perform(disk, 2, false, write(FILE, 100, 100, 2), sync(FILE));
      perform(disk, 3, false, write(FILE, 200, 100, 3), sync(FILE));
    });
    expect(found).toContain("a:1");
    expect(found).toContain("a:(12)");
    expect(found).toContain("a:(123)");
    expect(found).toContain("a:(120)"); // the length is there, the bytes are not
    expect([...found].some((text) => text.includes("03") || text.includes("13"))).toBe(false);
  });

  it("may keep a later write and lose an earlier one, of one sync", () => {
    const found = outcomes((disk) => {
      perform(disk, 1, false, write(FILE, 0, SECTOR_BYTES, 1), sync(FILE));
      perform(disk, 2, false, write(FILE, SECTOR_BYTES, SECTOR_BYTES, 2), sync(FILE));
    });
    for (const text of ["", "a:", "a:1", "a:02", "a:12"]) expect(found).toContain(text);
  });

  it("never begins what had to wait for a sync", () => {
    const found = outcomes((disk) => {
      perform(disk, 1, false, write(FILE, 0, SECTOR_BYTES, 1), sync(FILE));
      perform(disk, 2, false, write(OTHER, 0, SECTOR_BYTES, 2), sync(OTHER), {
        kind: "remove",
        file: FILE,
      });
    });
    for (const text of ["", "a:", "a:1", "a:1 b:2", "b:2"]) expect(found).toContain(text);
    expect([...found].filter((text) => text.startsWith("b") && text !== "b:2")).toEqual([]);
    expect([...found].filter((text) => text.startsWith("a: b"))).toEqual([]);
  });

  it("keeps all when only the process dies, and still may lose it", () => {
    const disk = createDisk();
    perform(disk, 1, false, write(FILE, 0, 10, 7), sync(FILE));
    disk.crash("all");
    expect(disk.read(FILE).length).toBe(10);
    disk.crash("none");
    expect(disk.list()).toEqual([]);
  });

  it("fails when it is full, having written some", () => {
    const disk = createDisk();
    disk.failNext("full");
    perform(disk, 1, false, sync(FILE));
    expect(() => perform(disk, 2, false, write(FILE, 0, 1000, 7), sync(FILE))).toThrow(DiskFailure);
    expect(disk.read(FILE).length).toBeLessThan(1000);
  });

  it("leaves, after a failed sync, what kernels leave", () => {
    const found = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const disk = createDisk(seed);
      perform(disk, 1, true, write(FILE, 0, SECTOR_BYTES, 1), sync(FILE));
      disk.failNext("sync");
      const ops = [write(FILE, 0, SECTOR_BYTES, 2), sync(FILE)];
      expect(() => disk.submit(2 as DiskToken, ops)).toThrow("the disk could not sync");
      disk.crash("all");
      const seen = sectors(disk.read(FILE));
      perform(disk, 3, true, sync(FILE)); // another sync, which succeeds …
      disk.crash("none");
      found.add(`${seen}, then ${sectors(disk.read(FILE))}`);
    }
    // … and in the second case has written nothing.
    expect(found).toEqual(new Set(["2, then 2", "2, then 1", "1, then 1"]));
  });

  it("can be slow, and some syncs take long", () => {
    const disk = createDisk();
    const usual = Array.from({ length: 200 }, (_, at) =>
      disk.submit(at as DiskToken, appendAt(at)),
    );
    expect(Math.min(...usual)).toBeGreaterThanOrEqual(500);
    expect(usual.filter((micros) => micros > 1000).length).toBeGreaterThan(3);
    expect(usual.filter((micros) => micros > 1000).length).toBeLessThan(60);
    disk.slowFactor = 10;
    expect(disk.submit(200 as DiskToken, appendAt(7))).toBe((usual[7] as number) * 10);
  });

  it("can be made from an image: an old disk, put back", () => {
    const disk = createDisk();
    perform(disk, 1, true, write(FILE, 0, 10, 7), sync(FILE));
    const image = disk.durableImage();
    perform(disk, 2, true, write(FILE, 5, 10, 8), sync(FILE));
    const old = new SimDisk(1, createFates(1), TIMING, image);
    expect(old.read(FILE)).toEqual(new Uint8Array(10).fill(7));
    expect(disk.visibleImage()).not.toEqual(image);
  });

  it("takes what there is room for, until something is removed or it is made larger", () => {
    const disk = new SimDisk(1, createFates(1), { ...TIMING, roomBytes: 1000 });
    perform(disk, 1, true, write(FILE, 0, 900, 1), sync(FILE));
    perform(disk, 2, true, write(FILE, 500, 100, 2), sync(FILE)); // it has that already
    expect(() => perform(disk, 3, true, write(OTHER, 0, 200, 3))).toThrow(DiskFailure);
    expect(disk.crash("all")).toEqual({ lost: 0, torn: 0 });
    expect(disk.read(OTHER).length).toBe(100);
    expect(() => perform(disk, 4, true, write(OTHER, 100, 1, 3))).toThrow("no space left");
    expect(disk.timesFull).toBe(2);
    perform(disk, 5, true, { kind: "remove", file: FILE });
    perform(disk, 6, true, write(OTHER, 0, 1000, 4), sync(OTHER));
    expect(() => perform(disk, 7, true, write(OTHER, 1000, 1, 4))).toThrow(DiskFailure);
    disk.extend();
    perform(disk, 8, true, write(OTHER, 1000, 1000, 4), sync(OTHER));
    expect(disk.read(OTHER).length).toBe(2000);
  });
});
