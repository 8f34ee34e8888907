import { describe, expect, it } from "vitest";
import { actionOf, KEYS, keyNames, type Pressed } from "./keys.ts";
import { ELECTION } from "./made-election.ts";
import { makeSource } from "./made-frames.ts";
import { isLive, shownFrame } from "./model.ts";
import { createSession, REAL_TIME, type Session } from "./session.ts";
import { textOf } from "./cells.ts";
import { helpPage, hints } from "./views/help.ts";

const AT_FULL_SPEED = { ...REAL_TIME, slowMotion: true };

function play(keys: string): Session {
  const session = createSession(makeSource(ELECTION), AT_FULL_SPEED);
  for (const key of keys) session.press(key === " " ? "space" : key);
  return session;
}

const NOTHING: Pressed = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  home: false,
  end: false,
  pageUp: false,
  pageDown: false,
  escape: false,
  ctrl: false,
};

describe("the keys", () => {
  it("all have their line on the help page", () => {
    const help = helpPage().body({ columns: 74, rows: 40 }).map(textOf).join("\n");
    for (const { label, text } of KEYS) {
      expect(help).toContain(label);
      expect(help).toContain(text);
    }
  });

  it("fit on the help page of the smallest common terminal", () => {
    const rows = helpPage().body({ columns: 76, rows: 22 });
    expect(rows.length).toBeLessThanOrEqual(22);
    expect(rows.map(textOf).join("\n")).not.toContain("~");
  });

  it("mean one thing each", () => {
    const names = KEYS.flatMap((binding) => binding.presses.map((press) => press.key));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(actionOf(name)).not.toBeNull();
  });

  it("offer what is asked for most where there is room for little", () => {
    expect(textOf(hints(74))).toContain("? help");
    expect(textOf(hints(74))).toContain("c crash");
    expect(textOf(hints(20))).toContain("? help");
    expect(textOf(hints(4))).toBe("");
  });

  it("have the names that the table uses", () => {
    expect(keyNames(" ", NOTHING)).toEqual(["space"]);
    expect(keyNames("", { ...NOTHING, leftArrow: true })).toEqual(["left"]);
    expect(keyNames("c", { ...NOTHING, ctrl: true })).toEqual(["ctrl-c"]);
    expect(keyNames("T", NOTHING)).toEqual(["T"]);
  });

  it("come apart when they are struck fast, and pasted text is no key", () => {
    expect(keyNames("4c", NOTHING)).toEqual(["4", "c"]);
    expect(keyNames("crash them all", NOTHING)).toEqual([]);
  });

  it("do nothing when they are not in the table", () => {
    const session = play("");
    expect(session.press("pasted text")).toBe(true);
    expect(session.press("")).toBe(true);
  });
});

describe("a session", () => {
  it("plays a run as time passes, and no faster", () => {
    const session = play("s");
    session.pass(126);
    expect(shownFrame(session.model()).step).toBe(3);
    session.pass(7);
    expect(shownFrame(session.model()).step).toBe(5);
  });

  it("passes slowly while votes travel", () => {
    const session = play("");
    session.pass(133);
    expect(shownFrame(session.model()).step).toBe(5);
    session.pass(40);
    expect(shownFrame(session.model()).step).toBe(5);
    session.pass(60);
    expect(shownFrame(session.model()).step).toBe(6);
  });

  it("does not move while it is paused, and makes frames when it is stepped", () => {
    const session = play(" ");
    session.pass(1000);
    expect(shownFrame(session.model()).step).toBe(1);
    session.press(".");
    expect(shownFrame(session.model()).step).toBe(2);
  });

  it("looks ahead for the next election", () => {
    expect(shownFrame(play("]").model()).step).toBe(3);
    expect(shownFrame(play("]]]]").model()).step).toBe(9);
    expect(play("]]]]]]").model().message).toContain("none after");
  });

  it("leaves on q and on ctrl-c only", () => {
    const session = play("");
    expect(session.press("q")).toBe(false);
    expect(session.press("ctrl-c")).toBe(false);
    expect(session.press("x")).toBe(true);
  });

  it("acts on the selected node, at the live end, and shows what became of it", () => {
    const acts: string[] = [];
    const session = createSession(makeSource(ELECTION, acts));
    for (const key of [".", "3", "c"]) session.press(key);
    expect(acts).toEqual(["crash n3"]);
    expect(shownFrame(session.model()).step).toBe(3);
    expect(session.model().message).toContain("done: crash");
  });

  it("forks when one acts in the past, and keeps the other future", () => {
    const session = play("........,,,,c");
    const forked = session.model();
    expect([forked.branch, forked.branches]).toEqual([1, 2]);
    expect(shownFrame(forked).step).toBe(6);
    expect(isLive(forked)).toBe(true);
    session.press("b");
    expect(session.model().branch).toBe(0);
    expect(shownFrame(session.model()).step).toBe(5);
    expect(session.model().history.end).toBe(9);
    session.press("b");
    expect([session.model().branch, shownFrame(session.model()).step]).toEqual([1, 6]);
  });

  it("has one branch until somebody forks", () => {
    expect(play("b").model().message).toContain("one branch");
    expect(play(".....f").model().message).toContain("live end");
    expect(play("......,,,f").model().branches).toBe(2);
  });

  it("says where one left", () => {
    expect(play("..").farewell()).toContain("event 3");
  });
});
