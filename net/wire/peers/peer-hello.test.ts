// The first words between members, their damage, and UTF-8 as both sides must spell it.

import { describe, expect, it } from "vitest";
import type { ClusterId, NodeId, Term } from "../../../core/contract.ts";
import { toBytes } from "../../../core/lib/bytes.ts";
import { decodeAnswer, decodeHello, encodeAnswer, encodeHello } from "./peer-hello.ts";
import { HELLO_BYTES_MAX } from "./peer-hello.ts";
import { decodeUtf8, encodeUtf8 } from "../../../core/lib/utf8.ts";

const IDS = {
  cluster: 0xffff_0000_1234_5678n as ClusterId,
  from: 1n as NodeId,
  to: (2n ** 63n) as NodeId,
};

describe("a hello", () => {
  it("survives its bytes", () => {
    const messages = { ...IDS, purpose: "messages" } as const;
    const snapshot = { ...IDS, purpose: "snapshot", term: 300 as Term } as const;
    expect(decodeHello(encodeHello(messages))).toEqual({ ok: true, value: messages });
    expect(decodeHello(encodeHello(snapshot))).toEqual({ ok: true, value: snapshot });
    const members = { ...IDS, purpose: "members" } as const;
    expect(decodeHello(encodeHello(members))).toEqual({ ok: true, value: members });
  });

  it("is refused when cut, extended or of another kind", () => {
    const hello = encodeHello({ ...IDS, purpose: "messages" });
    for (let length = 0; length < hello.length; length++) {
      expect(decodeHello(hello.subarray(0, length)).ok).toBe(false);
    }
    expect(decodeHello(Uint8Array.of(...hello, 0)).ok).toBe(false);
    expect(decodeHello(Buffer.from("GET / HTTP/1.1"))).toEqual({
      ok: false,
      error: "it is no detcd member",
    });
    const future = hello.slice();
    future[10] = 9;
    expect(decodeHello(future)).toEqual({
      ok: false,
      error: "it speaks version 9 of the peer protocol, this member 3",
    });
  });

  it("is answered by a welcome or a reason", () => {
    expect(decodeAnswer(encodeAnswer(null))).toBeNull();
    const reason = "member 1 belongs to another cluster — ".repeat(5);
    expect(decodeAnswer(encodeAnswer(reason))).toBe(reason);
    expect(encodeAnswer(reason).length).toBeLessThan(HELLO_BYTES_MAX);
    expect(decodeAnswer(Uint8Array.of(0, 9, 1))).toBe("its reason is not readable");
    expect(decodeAnswer(new Uint8Array(0))).toBe("its reason is not readable");
  });
});

describe("UTF-8", () => {
  it("is what Node makes of a text", () => {
    for (const text of ["", "a", "\0", "é", "€", "😀", "\u{10ffff}", "\ud7ff\ue000", "aé€😀"]) {
      expect(Buffer.from(toBytes(encodeUtf8(text))).toString("utf8")).toBe(text);
      expect(decodeUtf8(Buffer.from(text, "utf8"))).toBe(text);
    }
    expect(decodeUtf8(toBytes(encodeUtf8("a\ud800b")))).toBe("a\ufffdb");
  });

  it("has one spelling of each text: others are refused", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const isText = (bytes: Uint8Array): boolean => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const bytes = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0];
    bytes.push(0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff);
    for (const first of bytes) {
      for (const second of bytes) {
        for (const third of bytes) {
          for (const all of [
            [first, second],
            [first, second, third],
            [first, second, third, 0x80],
          ]) {
            const sequence = Uint8Array.from(all);
            expect([all, decodeUtf8(sequence) !== null]).toEqual([all, isText(sequence)]);
          }
        }
      }
    }
  });
});
