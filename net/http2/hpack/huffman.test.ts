// The Huffman code of header strings: the RFC's examples, every byte, and what is no code.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODE_LENGTHS, decodeHuffman } from "./huffman.ts";
import { bytesOf, fromHex } from "../testing.ts";

const CODES = canonicalCodes();

describe("Huffman decoding", () => {
  it("reads the strings of RFC 7541, C.4 and C.6", () => {
    const strings = {
      "f1e3 c2e5 f23a 6ba0 ab90 f4ff": "www.example.com",
      "a8eb 1064 9cbf": "no-cache",
      "25a8 49e9 5ba9 7d7f": "custom-key",
      "25a8 49e9 5bb8 e8b4 bf": "custom-value",
      "6402": "302",
      "aec3 771a 4b": "private",
      "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff": "Mon, 21 Oct 2013 20:13:21 GMT",
      "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3": "https://www.example.com",
    };
    for (const [code, text] of Object.entries(strings)) {
      expect(decode(fromHex(code))).toEqual(bytesOf(text));
    }
  });

  it("knows the codes at the edges of the table of RFC 7541, appendix B", () => {
    const known = { 0: "1111111111000", 33: "1111111000", 48: "00000", 116: "01001" };
    expect(Object.keys(known).map((symbol) => CODES[Number(symbol)])).toEqual(Object.values(known));
    expect(CODES[10]).toBe("1".repeat(28) + "00");
    expect(CODES[22]).toBe("1".repeat(28) + "10");
    expect(CODES[127]).toBe("1".repeat(26) + "00");
    expect(CODES[249]).toBe("1".repeat(27) + "0");
    expect(CODES[256]).toBe("1".repeat(30));
  });

  it("uses every code there is: no bits are without a meaning", () => {
    const used = CODE_LENGTHS.reduce((sum, length) => sum + 2 ** (30 - length), 0);
    expect(used).toBe(2 ** 30);
  });

  it("gives back any bytes", () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(decode(encode([...all]))).toEqual(all);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decode(encode([...bytes]))).toEqual(bytes);
      }),
      { seed: 1 },
    );
  });

  it("refuses EOS, padding of a byte or more, and padding that is not all ones", () => {
    expect(decode(encode([256]))).toBeNull();
    expect(decode(encode([48, 256, 48]))).toBeNull();
    expect(decode(fromHex("ff"))).toBeNull();
    expect(decode(fromHex("07ff"))).toBeNull(); // "0" needs five bits, the padding has eleven
    expect(decode(fromHex("07"))).toEqual(bytesOf("0"));
    for (const bad of ["00", "01", "03", "06"]) expect(decode(fromHex(bad))).toBeNull();
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const decoded = decode(bytes);
        if (decoded !== null) expect(encode([...decoded])).toEqual(bytes);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});

function decode(bytes: Uint8Array): Uint8Array | null {
  const into = new Uint8Array(2 * bytes.length);
  const length = decodeHuffman(bytes, 0, bytes.length, into);
  return length < 0 ? null : into.slice(0, length);
}

function encode(symbols: readonly number[]): Uint8Array {
  let bits = symbols.map((symbol) => CODES[symbol]).join("");
  while (bits.length % 8 !== 0) bits += "1";
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (each) => Number.parseInt(each, 2));
}

/** Written apart from the decoder: by length and then by symbol, one after the other. */
function canonicalCodes(): string[] {
  const order = CODE_LENGTHS.map((length, symbol) => ({ length, symbol })).toSorted(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  const codes: string[] = [];
  let next = 0n;
  let last = 0;
  for (const { length, symbol } of order) {
    next <<= BigInt(length - last);
    codes[symbol] = next.toString(2).padStart(length, "0");
    next += 1n;
    last = length;
  }
  return codes;
}
