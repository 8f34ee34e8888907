import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { linksIn, portsIn, scriptOf, stepsOf, withPorts } from "./testing.ts";

const NOWHERE = { root: "/checkout", ports: new Map<string, number>(), without: () => false };
const directory = fs.mkdtempSync(join(tmpdir(), "detcd-docs-"));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("A page", () => {
  it("is its blocks in their order, each as the comment before it says", () => {
    const steps = stepsOf(
      page(
        ["# One", sh("a")],
        ["<!-- not run: it takes hours -->", "", sh("b")],
        ["## Two", "<!-- runs on until it says 3 times: it: works -->", sh("c")],
        ["<!-- Ctrl-C -->", "<!-- file: d.json -->", block("json", "{}"), block("", "shown only")],
        ["<!-- not run: of another block -->", "words", sh("e")],
      ),
    );
    expect(steps).toMatchObject([
      { kind: "run", language: "sh", text: "a", section: "# One" },
      { kind: "skip", reason: "it takes hours" },
      { kind: "start", words: "it: works", times: 3, section: "## Two" },
      { kind: "interrupt" },
      { kind: "file", name: "d.json", text: "{}" },
      { kind: "run", text: "e" },
    ]);
  });

  it("fails at the first line that fails, in the middle of a block too", () => {
    const { status, stdout } = play(page([sh("echo before\nfalse\necho behind")], [sh("echo no")]));
    expect(status).not.toBe(0);
    expect(stdout).toContain("before");
    expect(stdout).not.toMatch(/behind|no/);
    expect(play(page([block("ts", 'throw new Error("it breaks");')])).status).not.toBe(0);
    expect(play(page([block("json", "{ no: 1 }")])).status).not.toBe(0);
    expect(play(page([block("json", '{ "yes": 1 }')])).status).toBe(0);
  });

  it("is one shell: what a section exports, the next one has", () => {
    const broken = page([sh("export WHERE=a,b,c")], ["## Next", sh('test "$WHERE" = a')]);
    expect(play(broken).status).not.toBe(0);
  });

  it("goes on when what runs on has said its words, and fails where it ends without", () => {
    const starts = (command: string): string[] => [
      "<!-- runs on until it says: ready -->",
      sh(command),
    ];
    expect(play(page(starts("echo ready; sleep 600"))).status).toBe(0);
    expect(play(page(starts("echo not yet"))).status).not.toBe(0);
    const interrupted = page(starts("echo ready; sleep 600"), ["<!-- Ctrl-C -->", sh("echo on")]);
    expect(play(interrupted).stdout).toContain("on");
  });

  it("has sections that are left out where a tool is missing", () => {
    const steps = stepsOf(page(["## A", sh("a")], ["## B", sh("b")]));
    const script = scriptOf(steps, { ...NOWHERE, without: (section) => section === "## A" });
    expect(script).toContain("\nb");
    expect(script).not.toContain("\na");
  });

  it("names ports, which are exchanged for those that are free, and links", () => {
    const text = "http://localhost:2379 127.0.0.1:12380 example.org:2379 [a](b.md#c) [d](http://e)";
    expect(portsIn(text)).toEqual(["2379", "12380"]);
    expect(withPorts(text, new Map([["2379", 5]]))).toContain("localhost:5 127.0.0.1:12380 ex");
    expect(linksIn(text)).toEqual(["b.md"]);
  });
});

function page(...parts: readonly (readonly string[])[]): string {
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}

function sh(text: string): string {
  return block("sh", text);
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function play(markdown: string): Readonly<{ status: number | null; stdout: string }> {
  const script = scriptOf(stepsOf(markdown), NOWHERE);
  return spawnSync("bash", ["-c", script], { cwd: directory, encoding: "utf8" });
}
