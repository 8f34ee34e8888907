import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { fromText, toBytes } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";

describe("crc32c", () => {
  it("gives the published check value", () => {
    expect(crc32c(toBytes(fromText("123456789"))).toString(16)).toBe("e3069283");
  });

  it("gives the values of RFC 3720 (iSCSI), appendix B.4", () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
    expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
    expect(crc32c(new Uint8Array(32).fill(0xff)).toString(16)).toBe("62a8ab43");
    expect(crc32c(ascending).toString(16)).toBe("46dd794e");
    expect(crc32c(ascending.toReversed()).toString(16)).toBe("113fdb5c");
  });

  it("of nothing is the seed", () => {
    expect(crc32c(new Uint8Array(0))).toBe(0);
    expect(crc32c(new Uint8Array(0), 0xdeadbeef)).toBe(0xdeadbeef);
  });

  it("goes on where another call stopped, at any cut", () => {
    const cutBytes = fc.tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(100));
    const check = fc.property(cutBytes, ([bytes, cut]) => {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    });
    fc.assert(check, { seed: 1 });
  });

  it("differs after any single bit is flipped", () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, at) => at * 7);
    const seen = new Set([crc32c(bytes)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      seen.add(crc32c(flipped));
    }
    expect(seen.size).toBe(1 + bytes.length * 8);
  });
});
