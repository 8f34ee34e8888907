import { PassThrough, Writable } from "node:stream";
import { render, renderToString } from "ink";
import { describe, expect, it } from "vitest";
import { App, Screen } from "./app.tsx";
import { textOf } from "./cells.ts";
import { depthOf } from "./colours.ts";
import { parseFlags } from "./flags.ts";
import { ELECTION } from "./made-election.ts";
import { makeSource } from "./made-frames.ts";
import { createSession } from "./session.ts";
import { screen } from "./views/screen.ts";

describe("the Ink shell", () => {
  it("shows the rows of the views, and nothing else", () => {
    const session = createSession(makeSource(ELECTION));
    for (const key of ["space", ".", ".", ".", ".", "."]) session.press(key);
    const size = { columns: 80, rows: 24 };
    const drawn = renderToString(<Screen model={session.model()} size={size} depth={0} />, size);
    const codes = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, "gu");
    const rows = screen(session.model(), size).map((cells) => textOf(cells).trimEnd());
    const lines = drawn.replaceAll(codes, "").split("\n");
    expect(lines.map((line) => line.trimEnd())).toEqual(rows);
  });

  it("starts without a terminal", () => {
    const session = createSession(makeSource(ELECTION));
    expect(renderToString(<App session={session} depth={256} />)).toContain("detcd");
  });
});

class MadeKeyboard extends PassThrough {
  readonly isTTY = true;
  raw = false;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** A screen of 80 x 24 that writes down what it is sent. */
class MadeScreen extends Writable {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
  written = "";
  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.written += String(chunk);
    done();
  }
}

describe("on a terminal", () => {
  it("obeys keys, and gives the terminal back when one leaves", async () => {
    const stdin = new MadeKeyboard();
    const stdout = new MadeScreen();
    const session = createSession(makeSource(ELECTION));
    const app = render(<App session={session} depth={0} />, {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      alternateScreen: true,
      interactive: true,
      patchConsole: false,
    });
    await app.waitUntilRenderFlush();
    expect(stdin.raw).toBe(true);
    expect(stdout.written).toContain("\u001B[?1049h");
    expect(stdout.written).toContain("term 7");
    stdin.push("  ?");
    await expect.poll(() => session.model().pane).toBe("help");
    await app.waitUntilRenderFlush();
    expect(stdout.written).toContain("selected node");
    stdin.push("q");
    await app.waitUntilExit();
    expect(stdin.raw).toBe(false);
    expect(stdout.written).toContain("\u001B[?1049l");
  });
});

describe("the flags", () => {
  it("are read with a space or an equals sign", () => {
    const parsed = parseFlags(["--seed", "7", "--nodes=3", "--speed", "0.5", "--plain"], 1);
    expect(parsed).toMatchObject({ ok: true, flags: { seed: 7, nodes: 3, speed: 8, plain: true } });
  });

  it("take a seed as a campaign prints it", () => {
    const parsed = parseFlags(["--seed", "0x5f3a91c2"], 1);
    expect(parsed).toMatchObject({ ok: true, flags: { seed: 0x5f3a91c2 } });
  });

  it.each([
    ["--nodes=0", "--nodes 0: a whole number from 1 to 9 is needed"],
    ["--nodes=many", "--nodes many: a whole number from 1 to 9 is needed"],
    ["--seed=-1", "--seed -1: a whole number from 0 to 4294967295 is needed"],
    ["--seed=4294967296", "--seed 4294967296: a whole number"],
    ["--speed=3", "--speed 3: choose one of"],
    ["--speed", "--speed needs a value"],
    ["--plain=yes", "--plain takes no value"],
    ["--sped", 'unknown flag "--sped"'],
    ["hello", 'unknown flag "hello"'],
  ])("refuse %s in one line", (arg, error) => {
    const parsed = parseFlags([arg], 1);
    if (parsed.ok) throw new Error("it was accepted");
    expect(parsed.error).toContain(error);
    expect(parsed.error).not.toContain("\n");
  });
});

describe("colours", () => {
  it("are as many as the terminal has, and none when nobody wants them", () => {
    expect(depthOf({ TERM: "xterm-256color" }, false)).toBe(256);
    expect(depthOf({ TERM: "vt220" }, false)).toBe(16);
    expect(depthOf({ TERM: "xterm-256color", NO_COLOR: "1" }, false)).toBe(0);
    expect(depthOf({ TERM: "xterm-256color", NO_COLOR: "" }, false)).toBe(256);
    expect(depthOf({ TERM: "xterm-256color" }, true)).toBe(0);
    expect(depthOf({ TERM: "dumb" }, false)).toBe(0);
  });
});
