import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bytes, Index, KvReader, KvWrite, Table } from "../../core/contract.ts";
import { ABOVE_ALL } from "../../core/lib/bytes.ts";
import { LmdbKv } from "./lmdb-kv.ts";

const MODULE = pathToFileURL(join(import.meta.dirname, "lmdb-kv.ts")).href;
/** Writes until it cannot, and says how far it came and why. */
const FILL = `
  const { LmdbKv } = await import(process.env.MODULE);
  let last = 0;
  const kv = new LmdbKv(process.env.STORE, {
    onDone: (applied) => (last = applied),
    onFailure: (error) => {
      console.log(last, error.message);
      process.exit();
    },
  });
  for (let at = 1; at < 100; at++) {
    kv.apply(at, [{ kind: "put", table: "keys", key: "k" + at, value: new Uint8Array(200000) }]);
    await kv.idle();
  }
`;

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-kv-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function openKv(): { kv: LmdbKv; done: number[] } {
  const done: number[] = [];
  const kv = new LmdbKv(directory, {
    onDone: (applied) => done.push(applied),
    onFailure: (error) => {
      throw error;
    },
  });
  return { kv, done };
}

function put(table: Table, key: string, value: string): KvWrite {
  return { kind: "put", table, key: key as Bytes, value: Buffer.from(value) };
}

function remove(table: Table, key: string): KvWrite {
  return { kind: "delete", table, key: key as Bytes };
}

function index(value: number): Index {
  return value as Index;
}

function get(reader: KvReader, table: Table, key: string): string | null {
  const value = reader.get(table, key as Bytes);
  return value === null ? null : Buffer.from(value).toString();
}

function scan(reader: KvReader, table: Table, from: string, to: string, reverse = false): string {
  const pairs = [...reader.scan(table, from as Bytes, to as Bytes, reverse)];
  return pairs.map(([key, value]) => `${key}=${Buffer.from(value).toString()}`).join(" ");
}

describe("the LMDB store", () => {
  it("shows what it has reported, and keeps tables apart", async () => {
    const { kv, done } = openKv();
    kv.apply(index(1), [put("meta", "a", "1"), put("keys", "a", "2"), put("keys", "b", "3")]);
    kv.apply(index(2), [remove("keys", "b"), put("members", "", "empty key")]);
    await kv.idle();
    expect(done.at(-1)).toBe(2);
    expect(get(kv.reader, "meta", "a")).toBe("1");
    expect(get(kv.reader, "keys", "a")).toBe("2");
    expect(get(kv.reader, "keys", "b")).toBeNull();
    expect(get(kv.reader, "members", "")).toBe("empty key");
    expect(kv.reader.sizeBytes()).toBeGreaterThan(0);
    await kv.close();
  });

  it("shows it again after a restart", async () => {
    const first = openKv();
    first.kv.apply(index(1), [put("keys", "k", "v")]);
    await first.kv.close();
    const second = openKv();
    expect(get(second.kv.reader, "keys", "k")).toBe("v");
    await second.kv.close();
  });

  it("scans [from, to) upwards and downwards, within one table", async () => {
    const { kv } = openKv();
    const writes = ["a", "b", "b\x00", "c", "\xff", "\xff\xff"].map((key) => put("keys", key, "x"));
    kv.apply(index(1), [...writes, put("members", "b", "other"), put("meta", "b", "other")]);
    await kv.idle();
    const { reader } = kv;
    expect(scan(reader, "keys", "b", "c")).toBe("b=x b\x00=x");
    expect(scan(reader, "keys", "b", "c", true)).toBe("b\x00=x b=x");
    expect(scan(reader, "keys", "", "b", true)).toBe("a=x");
    expect(scan(reader, "keys", "c", ABOVE_ALL)).toBe("c=x \xff=x \xff\xff=x");
    expect(scan(reader, "keys", "c", ABOVE_ALL, true)).toBe("\xff\xff=x \xff=x c=x");
    expect(scan(reader, "meta", "", ABOVE_ALL)).toBe("b=other");
    expect(scan(reader, "members", "", ABOVE_ALL, true)).toBe("b=other");
    expect(scan(reader, "keys", "c", "b")).toBe("");
    expect(scan(reader, "keys", "d", "e", true)).toBe("");
    await kv.close();
  });

  it("gives values that nothing overwrites, small and large, and bytes of every kind", async () => {
    const { kv } = openKv();
    const sizes = [0, 1, 100, 4000, 33_000, 70_000, 1_500_000, 5];
    const values = sizes.map((size, at) => Buffer.alloc(size, at + 1));
    kv.apply(
      index(1),
      values.map((value, at) => ({
        kind: "put",
        table: "keys",
        key: `${at}\x80\xff` as Bytes,
        value,
      })),
    );
    await kv.idle();
    const scanned = [...kv.reader.scan("keys", "" as Bytes, ABOVE_ALL)];
    const got = values.map((_, at) => kv.reader.get("keys", `${at}\x80\xff` as Bytes));
    for (const [at, value] of values.entries()) {
      expect(scanned[at]?.[0]).toBe(`${at}\x80\xff`);
      expect(Buffer.compare(scanned[at]?.[1] as Uint8Array, value)).toBe(0);
      expect(Buffer.compare(got[at] as Uint8Array, value)).toBe(0);
    }
    await kv.close();
  });

  it("stops a scan early without holding on to anything", async () => {
    const { kv } = openKv();
    kv.apply(index(1), [put("keys", "a", "1"), put("keys", "b", "2")]);
    await kv.idle();
    for (let round = 0; round < 300; round++) {
      for (const [key] of kv.reader.scan("keys", "" as Bytes, ABOVE_ALL)) {
        expect(key).toBe("a");
        break;
      }
      kv.apply(index(round + 2), [put("keys", "a", String(round))]);
      if (round % 100 === 0) await kv.idle();
    }
    await kv.idle();
    expect(get(kv.reader, "keys", "a")).toBe("299");
    await kv.close();
  });

  it("keeps an image as it was while commits go on", async () => {
    const { kv } = openKv();
    kv.apply(index(1), [put("keys", "a", "old")]);
    await kv.idle();
    const image = kv.image();
    kv.apply(index(2), [put("keys", "a", "new"), put("keys", "b", "new")]);
    await kv.idle();
    expect(scan(image.reader, "keys", "", ABOVE_ALL)).toBe("a=old");
    expect(get(image.reader, "keys", "a")).toBe("old");
    expect(scan(kv.reader, "keys", "", ABOVE_ALL)).toBe("a=new b=new");
    image.release();
    await kv.close();
  });

  it("reports an index that came in two pieces only when both are durable", async () => {
    const { kv, done } = openKv();
    kv.apply(index(1), [put("keys", "a", "1")]);
    const running = kv.idle();
    kv.apply(index(1), [put("keys", "b", "2")]);
    kv.apply(index(2), [put("keys", "c", "3")]);
    await running;
    expect(done).toEqual([2]);
    await kv.close();
  });

  it("commits what is large as it does the rest: whole, in order, in every table", async () => {
    const { kv, done } = openKv();
    kv.apply(index(1), [put("keys", "gone", "1"), put("leases", "l", "1")]);
    const many = Array.from({ length: 6000 }, (_, at) => put("keys", `\xff${at}`, `v${at}`));
    kv.apply(index(2), [
      ...many,
      remove("keys", "gone"),
      put("meta", "", ""),
      put("leases", "l", "2"),
    ]);
    kv.apply(index(3), [put("keys", "\xff0", "later")]);
    const image = kv.image();
    await kv.idle();
    expect(scan(image.reader, "keys", "", ABOVE_ALL)).toBe("");
    image.release();
    expect(done).toEqual([1, 2, 3]);
    expect([...kv.reader.scan("keys", "" as Bytes, ABOVE_ALL)]).toHaveLength(6000);
    expect(get(kv.reader, "keys", "\xff0")).toBe("later");
    expect(get(kv.reader, "keys", "\xff5999")).toBe("v5999");
    expect([get(kv.reader, "meta", ""), get(kv.reader, "leases", "l")]).toEqual(["", "2"]);
    await kv.close();
  });

  it("writes nothing of what is large and cannot be kept", async () => {
    const many = Array.from({ length: 6000 }, (_, at) => put("keys", `k${at}`, ""));
    const failed: string[] = [];
    const kv = new LmdbKv(directory, {
      onDone: () => undefined,
      onFailure: ({ message }) => failed.push(message),
    });
    kv.apply(index(1), [...many, put("keys", "k".repeat(5000), "")]);
    await kv.idle();
    expect(failed.join()).toContain('a key of "keys" has 5000 bytes');
    expect(scan(kv.reader, "keys", "", ABOVE_ALL)).toBe("");
    await kv.close();
  });

  it("says why it cannot be written, and keeps what it had reported", async () => {
    const shell = `ulimit -f 4000; exec "${process.execPath}" --input-type=module -e '${FILL}'`;
    const { stdout } = spawnSync("bash", ["-c", shell, "fill"], {
      encoding: "utf8",
      env: { ...process.env, STORE: directory, MODULE: MODULE },
    });
    const [, last, reason] = /^(\d+) (.*)$/m.exec(stdout) ?? [];
    expect(reason).toMatch(/^cannot write the store .*data\.mdb: i\/o error: look at the disk/);
    expect(Number(last)).toBeGreaterThan(2);
    const { kv } = openKv();
    expect(kv.reader.get("keys", `k${last}` as Bytes)).toHaveLength(200_000);
    await kv.close();
  });
});
