import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes } from "../contract.ts";
import { decodeRowKey, encodeRowKey } from "./revision.ts";

const SEED = 20260904;
const number = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const rowKey = fc.record({ main: number, sub: number, tombstone: fc.boolean() });

describe("the key of a row", () => {
  it("is etcd's: main, '_', sub, and 't' where the row is a tombstone", () => {
    const key = encodeRowKey({ main: 0x1_0203_0405, sub: 255, tombstone: true });
    expect(key).toBe("\0\0\0\x01\x02\x03\x04\x05_\0\0\0\0\0\0\0\xfft");
  });

  it("comes back as it was, and sorts as history went", () => {
    const property = fc.property(rowKey, rowKey, (a, b) => {
      expect(decodeRowKey(encodeRowKey(a))).toEqual(a);
      const earlier = a.main !== b.main ? a.main < b.main : a.sub < b.sub;
      const same = a.main === b.main && a.sub === b.sub;
      if (!same) expect(encodeRowKey(a) < encodeRowKey(b)).toBe(earlier);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it("is refused when it is anything else", () => {
    const good = encodeRowKey({ main: 5, sub: 0, tombstone: false });
    for (const bad of ["", good.slice(1), `${good}u`, `${good}tt`, good.replace("_", "-")]) {
      expect(decodeRowKey(bad as Bytes)).toBeNull();
    }
    expect(decodeRowKey(`\xff${good.slice(1)}` as Bytes)).toBeNull();
  });
});
