// HPACK against the examples of RFC 7541, appendix C, and against blocks that mean harm.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createField } from "./header-field.ts";
import { HpackDecoder } from "./decoder.ts";
import type { DecodedBlock } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { concat, fromHex, outgoing, pairsOf, toHex } from "../testing.ts";
import type { Pair } from "../testing.ts";

const LIST_BYTES_MAX = 64 * 1024;
const RESIZE_256 = "3fe101";

const REQUESTS: readonly (readonly Pair[])[] = [
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ],
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];
const RESPONSES: readonly (readonly Pair[])[] = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];
const PLAIN_REQUESTS = [
  "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
  "8286 84be 5808 6e6f 2d63 6163 6865",
  "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
];
const HUFFMAN_REQUESTS = [
  "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
  "8286 84be 5886 a8eb 1064 9cbf",
  "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
];
const PLAIN_RESPONSES = [
  `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a
   3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
  "4803 3330 37c1 c0bf",
  `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04
   677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49
   553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
];
const HUFFMAN_RESPONSES = [
  `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
   919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
  "4883 640e ffc1 c0bf",
  `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7
   821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed
   4ee5 b106 3d50 07`,
];

describe("the HPACK decoder", () => {
  it("reads the single fields of RFC 7541, C.2", () => {
    expect(read("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")).toEqual([
      ["custom-key", "custom-header"],
    ]);
    expect(read("040c 2f73 616d 706c 652f 7061 7468")).toEqual([[":path", "/sample/path"]]);
    expect(read("1008 7061 7373 776f 7264 0673 6563 7265 74")).toEqual([["password", "secret"]]);
    expect(read("82")).toEqual([[":method", "GET"]]);
  });

  it.each([
    ["C.3", PLAIN_REQUESTS, REQUESTS, ""],
    ["C.4", HUFFMAN_REQUESTS, REQUESTS, ""],
    ["C.5", PLAIN_RESPONSES, RESPONSES, RESIZE_256],
    ["C.6", HUFFMAN_RESPONSES, RESPONSES, RESIZE_256],
  ] as const)("reads the lists of RFC 7541, %s, on one table", (_, blocks, lists, resize) => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    blocks.forEach((block, at) => {
      expect(read((at === 0 ? resize : "") + block, decoder)).toEqual(lists[at]);
    });
  });

  it("forgets the oldest fields when the table is full, and all for one that never fits", () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    read("3f29 4001 6101 62 4001 6301 64", decoder); // room for two of 34 bytes
    expect(read("bebf", decoder)).toEqual([
      ["c", "d"],
      ["a", "b"],
    ]);
    read("4001 6501 66", decoder);
    expect(read("bebf", decoder)).toEqual([
      ["e", "f"],
      ["c", "d"],
    ]);
    expect(read("c0", decoder)).toBe("malformed");
    const long = toHex(Uint8Array.from({ length: 60 }, () => 0x78));
    expect(read(`4001 61 3c ${long}`, new HpackDecoder(LIST_BYTES_MAX))).toHaveLength(1);
    const small = new HpackDecoder(LIST_BYTES_MAX);
    read(`3f29 4001 6101 62 4001 61 3c ${long}`, small);
    expect(read("be", small)).toBe("malformed");
  });

  it.each([
    ["index zero", "80"],
    ["an index that nothing has", "be"],
    ["a name index that nothing has", "7e01 61"],
    ["a table above what was allowed", "3fe2 1f"],
    ["a resize after a field", "823f e101"],
    ["an integer that stops", "ff"],
    ["an integer without an end", "ff80 8080 8080 8080 8080 8000"],
    ["an integer of seventy bits", "ffff ffff ffff ffff ffff 7f"],
    ["a string that stops", "0003 6161"],
    ["a literal without a value", "0001 61"],
    ["a literal without anything", "00"],
    ["Huffman padding of zeros", "0001 6181 00"],
  ])("refuses %s", (_, block) => {
    expect(read(block)).toBe("malformed");
  });

  it("keeps its table right through a list that is too large", () => {
    const decoder = new HpackDecoder(100);
    expect(read("4001 6101 62 be be be", decoder)).toBe("too large");
    expect(read("be", decoder)).toEqual([["a", "b"]]);
  });

  it("holds no more than the list allows, however often a field is named", () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    const value = "78".repeat(4000);
    expect(read(`4001 61 7fa1 1e ${value}`, decoder)).toHaveLength(1);
    expect(decoder.decode(new Uint8Array(60_000).fill(0xbe), 0, 60_000)).toBe("too large");
  });

  it("survives any block", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder(1000);
        for (const block of blocks) decoder.decode(block, 0, block.length);
      }),
      { seed: 3, numRuns: 3000 },
    );
  });
});

describe("the HPACK encoder", () => {
  it.each([
    ["C.3", PLAIN_REQUESTS, REQUESTS, 4096],
    ["C.5", PLAIN_RESPONSES, RESPONSES, 256],
  ] as const)("writes the lists of RFC 7541, %s", (_, blocks, lists, tableBytes) => {
    const encoder = new HpackEncoder();
    encoder.limitTable(tableBytes);
    lists.forEach((list, at) => {
      const resize = at === 0 && tableBytes === 256 ? RESIZE_256 : "";
      expect(toHex(encoder.encode(outgoing(list)))).toBe(resize + blocks[at]?.replace(/\s/g, ""));
    });
  });

  it("sends a list again as one byte per field, and gives the same bytes for it", () => {
    const encoder = new HpackEncoder();
    const list = outgoing([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]);
    expect(encoder.encode(list).length).toBeGreaterThan(10);
    const again = encoder.encode(list);
    expect(toHex(again)).toBe("88be");
    expect(encoder.encode(list)).toBe(again);
    encoder.encode(outgoing([["grpc-status", "0"]]));
    expect(toHex(encoder.encode(list))).toBe("88bf");
  });

  it("puts what is said once into no table", () => {
    const encoder = new HpackEncoder();
    const once = outgoing([["grpc-message", "no"]], false);
    expect(encoder.encode(once)).toEqual(encoder.encode(once));
  });

  it("is understood through any lists and any changes of the client's table", () => {
    const pair = fc.tuple(fc.constantFrom("a", "b", ":status", "content-type"), fc.string());
    const list = fc.array(fc.tuple(pair, fc.boolean()), { maxLength: 5 });
    const change = fc.option(fc.constantFrom(0, 33, 40, 100, 4096, 70_000));
    fc.assert(
      fc.property(fc.array(fc.tuple(change, change, list), { maxLength: 20 }), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(1 << 20);
        for (const [first, second, fields] of steps) {
          if (first !== null) encoder.limitTable(first);
          if (second !== null) encoder.limitTable(second);
          const sent = fields.map(([[name, value], repeats]) => ({
            ...createField(name, asBytes(value)),
            repeats,
          }));
          for (let times = 0; times < 2; times++) {
            const block = encoder.encode(sent);
            expect(pairs(decoder.decode(block, 0, block.length))).toEqual(pairsOf(sent));
          }
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it("obeys a smaller table even where the client forgets what does not fit", () => {
    const encoder = new HpackEncoder();
    const list = outgoing([["a", "b"]]);
    encoder.encode(list);
    encoder.limitTable(0);
    encoder.limitTable(4096);
    expect(toHex(encoder.encode(list))).toBe("203fe11f4001610162");
    expect(toHex(concat(encoder.encode(list)))).toBe("be");
  });
});

function read(hex: string, decoder = new HpackDecoder(LIST_BYTES_MAX)): Pair[] | string {
  const block = fromHex(hex);
  return pairs(decoder.decode(block, 0, block.length));
}

function pairs(decoded: DecodedBlock): Pair[] | string {
  return typeof decoded === "string" ? decoded : pairsOf(decoded);
}

function asBytes(text: string): string {
  return Array.from(text, (char) => String.fromCharCode(char.charCodeAt(0) & 0xff)).join("");
}
