// One follower in the leader's eyes: every arrow of the picture in progress.ts, and those
// that are none.

import { describe, expect, it } from "vitest";
import type { Index, NodeId } from "../contract.ts";
import {
  accepted,
  createProgress,
  hasRoom,
  heard,
  needsSnapshot,
  rejected,
  sent,
  shouldSend,
  snapshotSent,
  unreachable,
  type Progress,
} from "./progress.ts";

const index = (value: number): Index => value as Index;
const NONE = index(0);
const probe: Progress = createProgress(2n as NodeId, index(11));
const replicate: Progress = accepted(probe, index(7), NONE) as Progress;
const snapshot: Progress = needsSnapshot({ ...probe, active: true }, index(20));

describe("a follower that is probed", () => {
  it("gets one append, and the next when that or a heartbeat is answered", () => {
    const asked = sent(probe, 3, NONE);
    expect([asked.next, asked.paused, asked.inFlight]).toEqual([11, true, []]);
    expect(shouldSend(asked, index(20), NONE, 4)).toBe(false);
    expect(shouldSend(heard(asked, false), index(20), NONE, 4)).toBe(false);
    expect(shouldSend(heard(asked, true), index(20), NONE, 4)).toBe(true);
  });

  it("is replicated to once it accepts, even what was known", () => {
    expect(replicate).toMatchObject({ mode: "replicate", match: 7, next: 8, paused: false });
    const again = accepted({ ...probe, match: index(10) }, index(10), NONE);
    expect(again).toMatchObject({ mode: "replicate", match: 10, next: 11 });
  });

  it("is probed lower when it refuses, as low as its hint and never below what it holds", () => {
    expect(rejected(probe, index(10), index(4))?.next).toBe(5);
    expect(rejected(probe, index(10), index(99))?.next).toBe(10);
    expect(rejected({ ...probe, match: index(8) }, index(10), index(4))?.next).toBe(9);
  });

  it("is not moved by an answer to another probe", () => {
    expect(rejected(probe, index(9), index(4))).toBe(null);
    expect(rejected(probe, index(11), index(4))).toBe(null);
  });
});

describe("a follower that is replicated to", () => {
  it("gets appends ahead of its answers, until the window is full", () => {
    const one = sent(replicate, 2, NONE);
    expect([one.next, one.inFlight]).toEqual([10, [9]]);
    const two = sent(one, 1, NONE);
    expect([two.next, two.inFlight, hasRoom(two, index(20), 2)]).toEqual([11, [9, 10], false]);
    const freed = accepted(two, index(9), NONE) as Progress;
    expect([freed.match, freed.next, freed.inFlight]).toEqual([9, 11, [10]]);
    expect(hasRoom(freed, index(20), 2)).toBe(true);
  });

  it("is asked again by an empty append after each heartbeat, while the window stays full", () => {
    const full = sent(replicate, 1, NONE);
    expect(shouldSend(full, index(20), NONE, 1)).toBe(false);
    const resumed = heard(full, true);
    expect(shouldSend(resumed, index(20), NONE, 1)).toBe(true);
    expect(shouldSend(sent(resumed, 0, NONE), index(20), NONE, 1)).toBe(false);
  });

  it("is told each new commit index once", () => {
    const caught = accepted(sent(replicate, 1, NONE), index(8), NONE) as Progress;
    expect(shouldSend(caught, index(8), index(8), 4)).toBe(true);
    expect(shouldSend(sent(caught, 0, index(8)), index(8), index(8), 4)).toBe(false);
  });

  it("is probed from what it holds when it refuses, or when messages to it are lost", () => {
    const ahead = sent(replicate, 3, NONE);
    expect(rejected(ahead, index(10), index(4))).toMatchObject({ mode: "probe", next: 8 });
    expect(unreachable(ahead)).toMatchObject({ mode: "probe", next: 8, inFlight: [] });
    expect(rejected(ahead, index(7), index(4))).toBe(null); // that was answered long ago
    expect(accepted(ahead, index(7), NONE)).toBe(null);
  });
});

describe("a follower that gets an image", () => {
  it("gets nothing else meanwhile", () => {
    expect(snapshot).toMatchObject({ mode: "snapshot", pendingSnapshot: 20 });
    expect(shouldSend(heard(snapshot, true), index(30), index(30), 4)).toBe(false);
    expect(rejected(snapshot, index(10), index(4))).toBe(null);
    expect(unreachable(snapshot)).toBe(snapshot);
    expect(() => needsSnapshot(snapshot, index(21))).toThrow("under way already");
  });

  it("is probed behind the image when it has left, and where it was when it has not", () => {
    const ok = snapshotSent(snapshot, true);
    expect(ok).toMatchObject({ mode: "probe", next: 21, paused: true, pendingSnapshot: 0 });
    expect(snapshotSent(snapshot, false)).toMatchObject({ mode: "probe", next: 1, paused: true });
    expect(snapshotSent(replicate, true)).toBe(replicate); // the answer came first
  });

  it("is replicated to as soon as its log can be continued, whatever image it took", () => {
    expect(accepted(snapshot, index(25), index(20))).toMatchObject({ mode: "replicate", next: 26 });
    expect(accepted(snapshot, index(15), index(20))).toMatchObject({ mode: "snapshot", match: 15 });
  });

  it("is not sent one that is no news", () => {
    expect(() => needsSnapshot(replicate, index(7))).toThrow("is no news");
  });
});
