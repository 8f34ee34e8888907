import { describe, expect, it } from "vitest";
import { append, createHistory, frameAt, positionAt, upTo } from "./history.ts";
import { ELECTION } from "./made-election.ts";
import { makeFrame } from "./made-frames.ts";
import {
  createModel,
  isLive,
  reduce,
  shownFrame,
  SPEEDS,
  type Command,
  type Model,
} from "./model.ts";

const [FIRST] = ELECTION;

function recorded(): Model {
  if (FIRST === undefined) throw new Error("the run is empty");
  const model = createModel("a run", FIRST);
  return reduce(model, { kind: "frames", frames: ELECTION.slice(1), over: false });
}

function obeyed(model: Model, ...commands: readonly Command[]): Model {
  return commands.reduce((one, command) => reduce(one, { kind: "command", command }), model);
}

function many(by: 1 | -1): readonly Command[] {
  return Array.from({ length: 40 }, () => ({ kind: "speed", by }));
}

describe("the model", () => {
  it("stays where it is when frames arrive", () => {
    expect(shownFrame(recorded())).toBe(FIRST);
  });

  it("shows the newest frame that is not later than the moment on screen", () => {
    const model = reduce(recorded(), { kind: "pass", micros: 126_500 });
    expect(shownFrame(model).step).toBe(3);
    expect(model.now).toBe(1_126_500);
  });

  it("never passes the end of what is known", () => {
    const model = reduce(recorded(), { kind: "pass", micros: 1e12 });
    expect(shownFrame(model).step).toBe(10);
    expect(model.now).toBe(1_320_000);
    expect(isLive(model)).toBe(true);
  });

  it("steps back to the very frame that was shown before, and pauses", () => {
    const there = obeyed(recorded(), { kind: "step", by: 1 }, { kind: "step", by: 1 });
    const back = obeyed(there, { kind: "step", by: -1 });
    expect(shownFrame(back)).toBe(ELECTION[1]);
    expect(back.running).toBe(false);
  });

  it("goes from election to election, and says when there is none", () => {
    const first = obeyed(recorded(), { kind: "election", by: 1 });
    expect(shownFrame(first).step).toBe(3);
    const none = obeyed(first, { kind: "election", by: -1 });
    expect(none.message).toContain("none before");
    expect(shownFrame(none).step).toBe(3);
  });

  it("scrubs by parts of the timeline, and by one frame at the least", () => {
    const end = obeyed(recorded(), { kind: "end" });
    expect(shownFrame(obeyed(end, { kind: "scrub", by: -1 })).step).toBe(9);
    expect(shownFrame(obeyed(end, { kind: "scrub", by: -60 })).step).toBe(1);
    expect(shownFrame(obeyed(end, { kind: "start" })).step).toBe(1);
  });

  it("selects only nodes that exist", () => {
    expect(obeyed(recorded(), { kind: "select", node: 9 }).selected).toBe(5);
    expect(obeyed(recorded(), { kind: "select_next", by: -1 }).selected).toBe(1);
  });

  it("opens a page and closes it with the same key", () => {
    const open = obeyed(recorded(), { kind: "pane", pane: "why" });
    expect(open.pane).toBe("why");
    expect(obeyed(open, { kind: "pane", pane: "why" }).pane).toBe("cluster");
    expect(obeyed(open, { kind: "back" }).pane).toBe("cluster");
  });

  it("keeps the speed within its bounds", () => {
    expect(SPEEDS[obeyed(recorded(), ...many(1)).speed]).toBe(20);
    expect(SPEEDS[obeyed(recorded(), ...many(-1)).speed]).toBe(0.001);
  });
});

describe("the history", () => {
  const frames = Array.from({ length: 5000 }, (_, at) =>
    makeFrame({ step: at, ms: at * 2, nodes: [{}] }),
  );
  const [first, ...others] = frames;
  const grow = (limit: number): ReturnType<typeof createHistory> => {
    if (first === undefined) throw new Error("no frames");
    let history = createHistory(first, limit);
    for (let at = 0; at < others.length; at += 700) {
      history = append(history, others.slice(at, at + 700));
    }
    return history;
  };

  it("finds every frame again, by position and by time", () => {
    const history = grow(10_000);
    expect([0, 1023, 1024, 4999].map((at) => frameAt(history, at).step)).toEqual([
      0, 1023, 1024, 4999,
    ]);
    expect(positionAt(history, 4_001_000)).toBe(2000);
    expect(positionAt(history, -1)).toBe(0);
  });

  it("drops the oldest frames beyond its limit, and positions stay valid", () => {
    const history = grow(2000);
    expect(history.first).toBeGreaterThan(1500);
    expect(history.end - history.first).toBeLessThan(2000 + 2 * 1024);
    expect(frameAt(history, 4000).step).toBe(4000);
    expect(frameAt(history, 0).step).toBe(history.first);
  });

  it("forgets what lies after a moment, and goes on from there", () => {
    const cut = upTo(grow(10_000), 1500);
    expect(cut.end).toBe(1501);
    const other = append(cut, [makeFrame({ step: 9999, ms: 3001, nodes: [{}] })]);
    expect(frameAt(other, 1501).step).toBe(9999);
    expect(frameAt(other, 1500).step).toBe(1500);
  });
});
