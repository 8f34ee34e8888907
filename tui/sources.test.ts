import { describe, expect, it } from "vitest";
import type { Frame } from "../sim/run/frame.ts";
import type { Act } from "./acts.ts";
import { isDecisive, leaderOf } from "./cluster.ts";
import { SPLIT_VOTE } from "./made-election.ts";
import { makeFrame } from "./made-frames.ts";
import { isLive, shownFrame } from "./model.ts";
import { tellElections } from "./plain.ts";
import { createSession, REAL_TIME, type Session } from "./session.ts";
import { createSimulationSource, orderOf, watchOptions, type Source } from "./sources.ts";

const SEED = 3;

function started(): Source {
  return createSimulationSource(watchOptions(SEED, 5, 2));
}

function advance(source: Source, enough: (frame: Frame) => boolean): Frame {
  for (let step = 0; step < 5000; step++) {
    const frame = source.next();
    if (frame !== null && enough(frame)) return frame;
  }
  throw new Error("it never came to that");
}

function isLed(frame: Frame): boolean {
  return leaderOf(frame) !== null && !isDecisive(frame);
}

function watched(): Session {
  return createSession(started(), REAL_TIME);
}

describe("a simulation as a source", () => {
  it("elects, loses its leader to the c key, and elects another", () => {
    const session = watched();
    const texts = tellElections(session).join("\n");
    const told = texts.matchAll(/leads term (\d+): voted by/g);
    const led = [...new Set([...told].map((match) => Number(match[1])))];
    expect(led).toHaveLength(2);
    expect(texts).toContain(`crashed: term ${led[0]} lost its leader`);
    expect(led[1]).toBeGreaterThan(led[0] ?? 0);
  });

  it("is the same run whenever it is played again, faults included", () => {
    const source = started();
    const leader = leaderOf(advance(source, isLed))?.number ?? 0;
    source.act({ kind: "crash", node: leader });
    advance(source, isLed);
    source.act({ kind: "restart", node: leader });
    const there = advance(source, (frame) => frame.nodes.every((node) => node.status === "up"));
    const again = source.rerun(there);
    expect(again?.first).toEqual(there);
    for (let step = 0; step < 200; step++) expect(again?.next()).toEqual(source.next());
  });

  it("tells the moment before a fault from the moment after it", () => {
    const source = started();
    const before = advance(source, isLed);
    const { frame: after } = source.act({ kind: "isolate", node: 1, direction: "both" });
    expect(after?.step).toBe(before.step);
    if (after === null) throw new Error("the fault made a frame");
    advance(source, (frame) => frame.step > before.step + 50);
    expect(source.rerun(before)?.first.cuts).toEqual([]);
    expect(source.rerun(after)?.first.cuts).toHaveLength(8);
  });

  it("shows old frames exactly, and forks when one acts on them", () => {
    const session = watched();
    for (let at = 0; at < 100; at++) session.pass(5);
    session.press("space");
    const frames = Array.from({ length: 20 }, () => {
      session.press(",");
      return shownFrame(session.model());
    });
    for (const frame of frames.toReversed()) {
      expect(shownFrame(session.model())).toBe(frame);
      session.press(".");
    }
    session.press("home");
    session.press("]");
    const there = shownFrame(session.model());
    session.press("p");
    expect(session.model().branches).toBe(2);
    expect(shownFrame(session.model()).cuts).toHaveLength(8);
    expect(shownFrame(session.model()).step).toBe(there.step);
    expect(isLive(session.model())).toBe(true);
  });
});

function text(act: Act): string {
  return orderOf(act, SPLIT_VOTE).text;
}

describe("the orders", () => {
  it("answer what they do, or why they do nothing", () => {
    expect(text({ kind: "crash", node: 1 })).toContain("down already");
    expect(text({ kind: "fire", node: 1 })).toBe("n1 is not running");
    expect(text({ kind: "fire", node: 3 })).toContain("leaps 269 ms");
    expect(text({ kind: "split" })).toBe("the network splits: n1 n2 | n3 n4 n5");
    expect(text({ kind: "heal" })).toBe("everything heals");
  });

  it("split a cluster so that the leader has the smaller half", () => {
    const led = makeFrame({ nodes: [{}, {}, {}, {}, { role: "leader" }] });
    expect(orderOf({ kind: "split" }, led).fault).toMatchObject({
      kind: "partition",
      groups: [
        [1, 5],
        [2, 3, 4],
      ],
    });
  });
});
