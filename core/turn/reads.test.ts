import { describe, expect, it } from "vitest";
import type { CallId, Index, Millis } from "../contract.ts";
import type { Reads } from "./reads.ts";
import { answerReads, confirmRead, joinReads, maybeAsk, NO_READS, takeServable } from "./reads.ts";

const LIFE = 0xfeed_0000_0000_0000n;
const RETRY_MS = 500;

describe("linearizable reads", () => {
  it("asks once for all reads that wait", () => {
    const [reads, context] = ask(joinReads(joinReads(NO_READS, call(1)), call(2)), 0);
    expect(context).toBe(LIFE + 1n);
    expect(reads.asked?.calls).toEqual([1, 2]);
  });

  it("never serves a read by a question that was asked before the read arrived", () => {
    const [asked, first] = ask(joinReads(NO_READS, call(1)), 0);
    const late = joinReads(asked, call(2));
    const answered = answerReads(late, first as bigint, 7 as Index);
    expect(takeServable(answered, 7 as Index)[1]).toEqual([1]);
    expect(answered.next).toEqual([2]);
  });

  it("asks again with a new context after a while, and ignores the late answer to the old one", () => {
    const [asked, first] = ask(joinReads(NO_READS, call(1)), 0);
    expect(ask(asked, 499)[1]).toBeNull();
    const [again, second] = ask(asked, 500);
    expect(second).not.toBe(first);
    expect(answerReads(again, first as bigint, 7 as Index)).toBe(again);
  });

  it("puts reads back at the front when no leader could vouch", () => {
    const [asked, context] = ask(joinReads(NO_READS, call(1)), 0);
    const back = answerReads(joinReads(asked, call(2)), context as bigint, null);
    expect(back.next).toEqual([1, 2]);
    expect(back.asked).toBeNull();
  });

  it("waits until the index is applied", () => {
    const [asked, context] = ask(joinReads(NO_READS, call(1)), 0);
    const answered = answerReads(asked, context as bigint, 7 as Index);
    expect(takeServable(answered, 6 as Index)[1]).toEqual([]);
    expect(takeServable(answered, 7 as Index)[1]).toEqual([1]);
  });

  it("serves a read that only waits for an image once the image is loaded", () => {
    const reads = confirmRead(NO_READS, call(3), 40 as Index);
    expect(takeServable(reads, 40 as Index)).toEqual([NO_READS, [3]]);
  });
});

function call(id: number): CallId {
  return id as CallId;
}

function ask(reads: Reads, now: number): readonly [Reads, bigint | null] {
  return maybeAsk(reads, LIFE, now as Millis, RETRY_MS);
}
