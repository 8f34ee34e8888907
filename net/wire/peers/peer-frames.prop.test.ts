// Peer messages through their bytes and back; and no damage passes for a message.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROMOTION_REFUSALS } from "../../../core/membership/promotion-message.ts";
import { HASH_TOPICS } from "../../../core/corruption/message.ts";
import type { Index, NodeId, Term } from "../../../core/contract.ts";
import { AssertionError } from "../../../core/lib/assert.ts";
import { crc32c } from "../../../core/lib/crc32c.ts";
import { APPEND_ENTRIES_MAX } from "../../../core/raft/message.ts";
import type { Message } from "../../../core/raft/message.ts";
import { decodePeerMessage, encodePeerMessage, PEER_FRAME_VERSION } from "./peer-frames.ts";

const SEED = 20261;
const SAMPLES = fc.sample(arbitraryMessage(), { seed: SEED, numRuns: 40 });

describe("a peer message", () => {
  it("survives its bytes, and shares no memory with them", () => {
    check(arbitraryMessage(), (message) => {
      const frame = Buffer.from(encodePeerMessage(message));
      const decoded = decodePeerMessage(frame);
      frame.fill(0xaa);
      expect(decoded).toEqual({ ok: true, value: message });
    });
  });

  it("is refused with any bit flipped", () => {
    for (const message of SAMPLES) {
      const frame = encodePeerMessage(message);
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const at = bit >> 3;
        frame[at] = (frame[at] as number) ^ (1 << (bit & 7));
        expect(decodePeerMessage(frame).ok).toBe(false);
        frame[at] ^= 1 << (bit & 7);
      }
    }
  });

  it("is refused when cut anywhere or extended", () => {
    for (const message of SAMPLES) {
      const frame = encodePeerMessage(message);
      for (let length = 0; length < frame.length; length++) {
        expect(decodePeerMessage(frame.subarray(0, length)).ok).toBe(false);
      }
      expect(decodePeerMessage(Uint8Array.of(...frame, 0)).ok).toBe(false);
    }
  });

  it("that a stranger made up, checksum and all, is well formed or refused", () => {
    const body = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.tuple(fc.constantFrom(...SAMPLES), fc.nat(), fc.uint8Array({ maxLength: 4 })).map(spoil),
    );
    check(body, (bytes) => {
      const decoded = decodePeerMessage(withChecksum(bytes));
      if (!decoded.ok) return;
      expect(decodePeerMessage(encodePeerMessage(decoded.value))).toEqual(decoded);
    });
  });

  it("has one encoding: no other truth than 0 and 1, and nothing behind the last field", () => {
    const voteResponse = 3;
    const isRead = (...body: number[]): boolean =>
      decodePeerMessage(withChecksum(Uint8Array.from([voteResponse, ...body]))).ok;
    expect([isRead(7, 0), isRead(7, 1), isRead(7, 2), isRead(7, 1, 0), isRead(7)]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("never holds an index that cannot be counted", () => {
    const max = Number.MAX_SAFE_INTEGER;
    const entry = { term: 1 as Term, index: max as Index, data: new Uint8Array(0) };
    const append: Message = {
      kind: "append",
      term: 1 as Term,
      previousIndex: (max - 1) as Index,
      previousTerm: 1 as Term,
      entries: [entry],
      commit: 0 as Index,
    };
    expect(decodePeerMessage(encodePeerMessage(append))).toEqual({ ok: true, value: append });
    const maxVarint = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    const body = [4, 1, ...maxVarint, 1, 0, 1, 1, 0];
    expect(decodePeerMessage(withChecksum(Uint8Array.from(body))).ok).toBe(false);
  });

  it("with a gap between its entries is a bug of the sender", () => {
    const entry = { term: 1 as Term, index: 5 as Index, data: new Uint8Array(0) };
    const gap: Message = {
      kind: "append",
      term: 1 as Term,
      previousIndex: 3 as Index,
      previousTerm: 1 as Term,
      entries: [entry],
      commit: 0 as Index,
    };
    expect(() => encodePeerMessage(gap)).toThrow(AssertionError);
  });

  it("of many entries that take two bytes each is none of ours, and is refused at once", () => {
    expect(decodePeerMessage(emptyEntries(APPEND_ENTRIES_MAX)).ok).toBe(true);
    expect(decodePeerMessage(emptyEntries(APPEND_ENTRIES_MAX + 1)).ok).toBe(false);
  });

  it("of another version is refused by name", () => {
    const frame = encodePeerMessage({ kind: "timeout_now", term: 1 as Term });
    frame[0] = 9;
    expect(decodePeerMessage(frame)).toEqual({
      ok: false,
      error: "peer frame version 9, this node speaks 2",
    });
  });
});

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed: SEED, numRuns: 1000 });
}

/** An append of so many. */
function emptyEntries(count: number): Uint8Array {
  const counted = [0x80 | (count & 0x7f), 0x80 | ((count >> 7) & 0x7f), count >> 14];
  const head = [4, 1, 0, 0, 0, ...counted];
  const body = new Uint8Array(head.length + 2 * count);
  body.set(head);
  return withChecksum(body);
}

function withChecksum(body: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + body.length);
  frame[0] = PEER_FRAME_VERSION;
  frame.writeUInt32LE(crc32c(body), 1);
  frame.set(body, 5);
  return frame;
}

/** The body of a frame with a few bytes overwritten. */
function spoil([message, nth, bytes]: [Message, number, Uint8Array]): Uint8Array {
  const body = encodePeerMessage(message).slice(5);
  const at = nth % body.length;
  body.set(bytes.subarray(0, body.length - at), at);
  return body;
}

function arbitraryMessage(): fc.Arbitrary<Message> {
  const counter = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
  const term = counter as fc.Arbitrary<Term>;
  const index = counter as fc.Arbitrary<Index>;
  const data = fc.uint8Array({ maxLength: 300 });
  const bits = fc.bigInt(0n, 2n ** 64n - 1n);
  const granted = fc.boolean();
  const election = { term, lastIndex: index, lastTerm: term };
  const append = fc
    .record({
      term,
      previousIndex: fc.nat() as fc.Arbitrary<never>,
      previousTerm: term,
      commit: index,
    })
    .chain((head) =>
      fc.array(fc.record({ term, data }), { maxLength: 5 }).map((entries) => ({
        kind: "append" as const,
        ...head,
        entries: entries.map((entry, at) => ({
          ...entry,
          index: ((head.previousIndex as number) + 1 + at) as Index,
        })),
      })),
    );
  const hint = { hintIndex: index, hintTerm: term };
  return fc.oneof(
    fc.record({ kind: kind("pre_vote"), ...election }),
    fc.record({ kind: kind("pre_vote_response"), term, granted }),
    fc.record({ kind: kind("vote"), ...election, transfer: fc.boolean() }),
    fc.record({ kind: kind("vote_response"), term, granted }),
    append,
    fc.record({ kind: kind("append_response"), term, rejected: granted, index, ...hint }),
    fc.record({ kind: kind("heartbeat"), term, commit: index, round: counter }),
    fc.record({ kind: kind("heartbeat_response"), term, round: counter }),
    fc.record({ kind: kind("propose"), term, sequence: counter, data }),
    fc.record({ kind: kind("read_index"), term, context: bits }),
    fc.record({ kind: kind("read_index_response"), term, context: bits, index }),
    fc.record({ kind: kind("timeout_now"), term }),
    fc.record({
      kind: kind("lease_ask"),
      term,
      id: bits,
      lease: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      renew: fc.boolean(),
    }),
    fc.record({
      kind: kind("lease_answer"),
      term,
      id: bits,
      ttlSeconds: fc.integer({ min: -1, max: 9_000_000_000 }),
      grantedTtlSeconds: counter,
      revision: counter,
    }),
    fc.record({
      kind: kind("promotion_ask"),
      term,
      life: bits,
      call: counter,
      member: bits as fc.Arbitrary<NodeId>,
    }),
    fc.record({
      kind: kind("promotion_refused"),
      term,
      life: bits,
      call: counter,
      reason: fc.constantFrom(...PROMOTION_REFUSALS),
    }),
    fc.record({
      kind: kind("hash_ask"),
      term,
      id: bits,
      topic: fc.constantFrom(...HASH_TOPICS),
      index,
      revision: counter,
    }),
    fc.record({
      kind: kind("hash_answer"),
      term,
      id: bits,
      index,
      revision: counter,
      compacted: fc.integer({ min: -1, max: 300 }),
      hashes: fc.array(
        fc.record({
          revision: counter,
          compacted: fc.integer({ min: -1, max: 300 }),
          hash: fc.integer({ min: 0, max: 0xffffffff }),
        }),
        { maxLength: 3 },
      ),
    }),
  );
}

function kind<K extends string>(name: K): fc.Arbitrary<K> {
  return fc.constant(name);
}
