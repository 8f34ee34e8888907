import { describe, expect, it } from "vitest";
import type { Bytes, Index, KvWrite } from "../../core/contract.ts";
import { fromBytes } from "../../core/lib/bytes.ts";
import { readerOf, SimKv, type Visibility, writesOf } from "./kv.ts";
import { createFates } from "./random.ts";

const KEY = "k" as Bytes;

function createKv(visibility: Visibility, seed = 1): SimKv {
  return new SimKv(1, createFates(seed), visibility);
}

function put(text: string): KvWrite {
  const value = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return { kind: "put", table: "keys", key: KEY, value };
}

function read(kv: SimKv): string | null {
  const value = kv.reader.get("keys", KEY);
  return value === null ? null : fromBytes(value);
}

function apply(kv: SimKv, applied: number): void {
  kv.apply(applied as Index, [put(`${applied}`)]);
}

describe("a simulated store", () => {
  it("shows what is durable, what is issued, or anything between", () => {
    const seen: Record<Visibility, Set<string | null>> = {
      durable: new Set(),
      issued: new Set(),
      any: new Set(),
    };
    for (const visibility of ["durable", "issued", "any"] as const) {
      for (let seed = 0; seed < 50; seed++) {
        const kv = createKv(visibility, seed);
        for (const applied of [1, 2, 3]) apply(kv, applied);
        kv.commit(1 as Index);
        seen[visibility].add(read(kv));
      }
    }
    expect(seen.durable).toEqual(new Set(["1"]));
    expect(seen.issued).toEqual(new Set(["3"]));
    expect(seen.any).toEqual(new Set(["1", "2", "3"]));
  });

  it("falls back to what is durable in a crash, or to a commit that it had not reported", () => {
    const found = new Set<string | null>();
    for (let seed = 0; seed < 50; seed++) {
      const kv = createKv("issued", seed);
      for (const applied of [1, 2, 3]) apply(kv, applied);
      kv.commit(1 as Index);
      kv.crash("some");
      expect(read(kv)).toBe(`${kv.appliedDurable}`);
      found.add(read(kv));
    }
    expect(found).toEqual(new Set(["1", "2", "3"]));
    const kv = createKv("issued");
    for (const applied of [1, 2]) apply(kv, applied);
    kv.crash("none");
    expect(read(kv)).toBe(null);
  });

  it("makes a piece durable together with its whole index", () => {
    const kv = createKv("issued");
    kv.apply(1 as Index, [put("first")]);
    kv.apply(1 as Index, [put("second")]);
    kv.commit(1 as Index);
    kv.crash("none");
    expect(read(kv)).toBe("second");
  });

  it("keeps its past roots as they were", () => {
    const kv = createKv("durable");
    apply(kv, 1);
    kv.commit(1 as Index);
    const past = kv.durable;
    apply(kv, 2);
    kv.commit(2 as Index);
    expect(fromBytes(readerOf(() => past).get("keys", KEY)!)).toBe("1");
  });

  it("is copied by the writes of a root", () => {
    const kv = createKv("durable");
    apply(kv, 1);
    kv.commit(1 as Index);
    const other = createKv("durable");
    other.stage(1 as Index, writesOf(kv.durable));
    expect(read(other)).toBe(null);
    other.install(1 as Index);
    expect(read(other)).toBe("1");
    expect(other.appliedDurable).toBe(1);
    expect(other.reader.sizeBytes()).toBe(kv.reader.sizeBytes());
  });

  it("refuses to install what was not staged, or staged before a crash", () => {
    const kv = createKv("durable");
    expect(() => kv.install(5 as Index)).toThrow("no image is staged");
    kv.stage(5 as Index, [put("5")]);
    expect(() => kv.install(6 as Index)).toThrow("5 is staged, 6 is wanted");
    kv.crash("all");
    expect(() => kv.install(5 as Index)).toThrow("no image is staged");
  });
});
