import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, Index, NodeId, Term } from "../contract.ts";
import type { KeyValue } from "../api/request.ts";
import { createMemoryKv } from "./memory-kv.ts";
import { decodeKeyValue, encodeKeyValue, putApplied, readApplied } from "./tables.ts";

const SEED = 20260903;
const counter = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat());
const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key: fc
    .uint8Array({ minLength: 1, maxLength: 9 })
    .map((raw) => String.fromCharCode(...raw) as Bytes),
  createRevision: counter,
  modRevision: counter,
  version: counter,
  value: fc.uint8Array({ maxLength: 200 }),
  lease: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
});

describe("a row of the table of keys", () => {
  it("is the very bytes that etcd writes", () => {
    const kv: KeyValue = {
      key: "foo" as Bytes,
      createRevision: 2,
      modRevision: 300,
      version: 5,
      value: new Uint8Array([0x62, 0x61, 0x72]),
      lease: 0n,
    };
    expect(hex(encodeKeyValue(kv))).toBe("0a03666f6f100218ac0220052a03626172");
    expect(hex(encodeKeyValue({ ...kv, lease: -1n })).slice(-22)).toBe("30ffffffffffffffffff01");
  });

  it("of a deleted key holds the key only", () => {
    const nothing = { createRevision: 0, modRevision: 0, version: 0, lease: 0n };
    const row = encodeKeyValue({ key: "foo" as Bytes, value: new Uint8Array(0), ...nothing });
    expect(hex(row)).toBe("0a03666f6f");
  });

  it("comes back as it was", () => {
    const property = fc.property(keyValue, (kv) => {
      expect(decodeKeyValue(encodeKeyValue(kv))).toEqual(kv);
    });
    fc.assert(property, { seed: SEED });
  });

  it("is refused, or still a key and its value, after any damage", () => {
    const property = fc.property(keyValue, fc.nat(), fc.nat({ max: 255 }), (kv, at, byte) => {
      const bytes = encodeKeyValue(kv);
      for (const damaged of [
        bytes.with(at % bytes.length, byte),
        bytes.slice(0, at % bytes.length),
      ]) {
        const decoded = decodeKeyValue(damaged);
        if (decoded === null) continue;
        expect(decoded.key.length).toBeGreaterThan(0);
        expect(Number.isSafeInteger(decoded.version)).toBe(true);
        expect(decodeKeyValue(encodeKeyValue(decoded))).toEqual(decoded);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });
});

describe("the record of the applied entry", () => {
  const applied = {
    index: 300 as Index,
    term: 7 as Term,
    voters: [1n, 0xffff_ffff_ffff_ffffn] as NodeId[],
    learners: [7n] as NodeId[],
  };

  it("is zero in a new store", () => {
    expect(readApplied(createMemoryKv())).toEqual({ index: 0, term: 0, voters: [], learners: [] });
  });

  it("comes back as it was", () => {
    const kv = createMemoryKv();
    kv.perform([putApplied(applied)]);
    expect(readApplied(kv)).toEqual(applied);
  });

  it("stops the boot when it is cut short", () => {
    const kv = createMemoryKv();
    const write = putApplied(applied);
    if (write.kind === "put") kv.perform([{ ...write, value: write.value.slice(0, -1) }]);
    expect(() => readApplied(kv)).toThrow("the record of the applied entry cannot be read");
  });
});

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
