// The house rules that no compiler and no linter knows, executed: one table for the walls between
// rooms, one for the words that a room must not use, and the sizes that keep files readable.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

type Source = Readonly<{ path: string; text: string; code: string }>;

/** Which rooms a room may import from; `types:` in front of one: only with `import type`. */
const WALLS: Readonly<Record<string, readonly string[]>> = {
  "core/": ["core/"],
  "net/wire/": ["core/", "net/wire/"],
  "net/json/": ["core/", "net/wire/", "net/json/"],
  "net/http2/": ["core/", "net/http2/"],
  "net/bolt/": ["core/", "net/bolt/"],
  "net/socket/": ["core/", "net/wire/", "net/json/", "net/http2/", "net/socket/"],
  "checker/": ["types:core/api/", "types:core/contract.ts", "types:core/apply/", "checker/"],
  "sim/": ["core/", "net/wire/", "net/bolt/", "sim/"],
  "server/": ["core/", "net/", "server/"],
  "fuzz/": ["core/", "net/", "server/live/testing.ts", "fuzz/"],
  "scenarios/": ["core/", "sim/", "checker/", "scenarios/"],
  "tui/": ["core/", "sim/", "scenarios/", "net/socket/client.ts", "tui/"],
  "bench/": ["core/", "net/wire/", "sim/", "checker/", "scenarios/", "bench/"],
};

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "core/": [],
  "net/wire/": [],
  "net/json/": [],
  "net/http2/": [],
  "net/bolt/": [],
  "checker/": [],
  "sim/": ["seedrandom"],
  "net/socket/": ["@grpc/grpc-js", "asn1js", "pkijs", "node:"],
  "server/": ["bcryptjs", "lmdb", "pkijs", "yaml", "node:"],
  "fuzz/": ["@grpc/grpc-js", "fast-check", "node:"],
  "scenarios/": ["fast-check", "node:"],
  "tui/": ["ink", "react", "node:"],
  "bench/": ["node:"],
};

/** Words that must not occur in the code of a room (comments and strings do not count). */
const BANNED: readonly (readonly [room: string, word: RegExp, instead: string])[] = [
  [
    "core/",
    /\b(async|await|Promise)\b/,
    "a step is synchronous: say it with an effect and an input",
  ],
  ["checker/", /\b(async|await|Promise)\b/, "a judge is a function"],
  ["net/wire/", /\b(async|await|Promise)\b/, "a codec is a function"],
  ["core/", /\b(try|catch)\b/, "expected errors are Results, the others end the process"],
  ["net/wire/", /\b(try|catch|throw)\b/, "a decoder answers with a Result"],
  ["net/json/", /\b(async|await|Promise)\b/, "a codec is a function"],
  ["net/json/", /\b(try|catch|throw)\b/, "a decoder answers with a Result"],
  [
    "net/http2/",
    /\b(async|await|Promise)\b/,
    "a protocol is a state machine: bytes in, events out",
  ],
  ["net/http2/", /\b(try|catch|throw)\b/, "whatever a client sends has an answer"],
  ["net/bolt/", /\b(async|await|Promise)\b/, "a codec is a function"],
  ["net/bolt/", /\b(try|catch|throw)\b/, "a reader ends with a sentence"],
  ["core/", /\bthrow\b(?! new AssertionError)/, "assert from core/lib/assert.ts"],
  ["core/", /\bnew (Map|WeakMap)\b/, "state uses OrderedMap: a Map iterates in order of insertion"],
  ["core/", /\bclass\b(?! AssertionError)/, "state is plain data"],
  ["checker/", /\bclass\b/, "state is plain data"],
  ["sim/", /\bMath\.(random|pow|exp|log|sin)\b/, "integers, drawn from sim/world/random.ts"],
  ["", /\.only\(/, "run one test from the command line"],
  ["", /\bexport default\b/, "one name everywhere: a named export"],
  ["", /\bprocess\.exit\(/, "return the exit code from main"],
];

const CLUTTER = /\b(TODO|FIXME|XXX|HACK)\b/;
const LINE_MAX = 100;
const FILE_MAX = 600;
const FUNCTION_MAX = 70;

const root = join(import.meta.dirname, "..");
const sources = Object.keys(WALLS).flatMap((room) => filesOf(room));
const production = sources.filter(({ path }) => !/\.test\.tsx?$/.test(path));

describe("the house", () => {
  it("keeps the walls between the rooms", () => {
    expect(production.flatMap(brokenWalls)).toEqual([]);
  });

  it("says of every room what belongs there, and which rooms it uses", () => {
    const used = roomUses(production);
    expect([...used.keys()].flatMap((room) => wrongReadme(room, used.get(room) ?? []))).toEqual([]);
  });

  it("has no circle of rooms", () => {
    const used = roomUses(production, partOf);
    expect(circles(used)).toEqual([]);
    const made = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["b"]],
    ]);
    expect(circles(made)).toEqual(["b → c → b"]);
  });

  it("uses no package but those that a room is for", () => {
    expect(production.flatMap(strangePackages)).toEqual([]);
  });

  it("uses no banned word", () => {
    expect(production.flatMap(bannedWords)).toEqual([]);
  });

  it("spreads no list into arguments", () => {
    expect(production.flatMap(spreadLists)).toEqual([]);
    const told = (code: string): string[] => spreadLists({ path: "core/made.ts", text: "", code });
    expect(told("list.push(1, ...more.flat());")).toHaveLength(1);
    expect(
      told("const at = (...all: T[]) => f(...all, [...more], { ...more }, ...NAMES);"),
    ).toEqual([]);
  });

  it("opens every source file with a comment that says what it is for", () => {
    const silent = production.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it("leaves no note to itself behind", () => {
    const own = "scenarios/tidy.test.ts"; // this file spells the words
    const notes = sources.filter(({ path, text }) => path !== own && CLUTTER.test(text));
    expect(notes.map(({ path }) => path)).toEqual([]);
  });

  it(`keeps lines within ${LINE_MAX} columns and files within ${FILE_MAX} lines`, () => {
    expect(production.flatMap(oversize)).toEqual([]);
  });

  it(`keeps functions within ${FUNCTION_MAX} lines`, () => {
    expect(production.flatMap(longFunctions)).toEqual([]);
  });

  it("has a user for every module", () => {
    const imported = new Set(sources.flatMap(({ path, code }) => importsOf(path, code)));
    const unused = production
      .map(({ path }) => path)
      .filter(
        (path) =>
          !imported.has(path) &&
          !/(^|\/)(main\.tsx?|public\.ts|run\.ts|hunter\.ts|kill-table\.ts)$/.test(path),
      );
    expect(unused).toEqual([]);
  });

  it("has a test for every golden", () => {
    const tests = sources.filter(({ path }) => path.includes(".test.ts")).map(({ text }) => text);
    const goldens = Object.keys(WALLS)
      .flatMap((room) => walk(room))
      .filter(isGolden);
    const orphans = goldens.filter((path) => !isUsed(path, tests));
    expect(orphans).toEqual([]);
  });
});

function filesOf(room: string): Source[] {
  return walk(room)
    .filter((path) => roomOf(path) === room && /\.tsx?$/.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, code: withoutComments(text) };
    });
}

function walk(folder: string): string[] {
  const found = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => normalize(join(entry.parentPath, entry.name)).slice(root.length + 1))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** Good enough for searching words: comments go, strings become "". Imports are read from the text. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function roomOf(path: string): string {
  return Object.keys(WALLS).find((room) => path.startsWith(room)) ?? "";
}

function importLines(code: string): readonly (readonly [isType: boolean, from: string])[] {
  const pattern = /^(import|export)( type)?[^;"']*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...code.matchAll(pattern)].map((match) => [
    match[2] !== undefined,
    match[3] ?? match[4] ?? "",
  ]);
}

function importsOf(path: string, code: string): string[] {
  return importLines(code)
    .filter(([, from]) => from.startsWith("."))
    .map(([, from]) => normalize(join(dirname(path), from)));
}

function brokenWalls({ path, code }: Source): string[] {
  const allowed = WALLS[roomOf(path)] ?? [];
  return importLines(code)
    .filter(([, from]) => from.startsWith("."))
    .map(([isType, from]) => [isType, normalize(join(dirname(path), from))] as const)
    .filter(([isType, target]) => !allowed.some((door) => opens(door, isType, target)))
    .map(([isType, target]) => `${path} imports ${isType ? "types of " : ""}${target}`);
}

function opens(door: string, isType: boolean, target: string): boolean {
  if (door.startsWith("types:")) return isType && target.startsWith(door.slice("types:".length));
  return target.startsWith(door);
}

/** The rooms whose code each room uses. Types carry no behaviour: they may come from anywhere that
 *  the walls allow. */
function roomUses(
  files: readonly Source[],
  of: (path: string) => string = dirname,
): Map<string, string[]> {
  const used = new Map<string, Set<string>>();
  for (const { path, code } of files) {
    const room = of(path);
    const found = used.get(room) ?? used.set(room, new Set()).get(room);
    for (const [isType, from] of importLines(code)) {
      if (isType || !from.startsWith(".")) continue;
      const target = normalize(join(dirname(path), from));
      if (dirname(target) !== dirname(path)) found?.add(partOf(target));
      else if (of(target) !== room) found?.add(of(target));
    }
  }
  return new Map([...used].map(([room, rooms]) => [room, [...rooms].toSorted()]));
}

/** A folder; but what lies at the top of a room is a door or a router, each for itself. */
function partOf(path: string): string {
  return dirname(path).includes("/") ? dirname(path) : path;
}

function wrongReadme(room: string, used: readonly string[]): string[] {
  const path = join(root, room, "README.md");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (!text.startsWith(`# ${room}\n`)) return [`${room}/README.md must begin with "# ${room}"`];
  const told = [
    ...(/^Uses: ([^.]*(?:\.ts[^.]*)*)\.$/m.exec(text)?.[1]?.matchAll(/`([^`]+)`/g) ?? []),
  ];
  const names = told.map(([, name]) => name ?? "");
  return names.join() === used.join()
    ? []
    : [`${room}/README.md says that it uses ${names.join(", ")}; it is: ${used.join(", ")}`];
}

/** Every way from a room back to itself, each once. */
function circles(used: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (room: string, way: readonly string[]): void => {
    const at = way.indexOf(room);
    if (at >= 0) found.push([...way.slice(at), room].join(" → "));
    if (at >= 0 || done.has(room)) return;
    for (const next of used.get(room) ?? []) visit(next, [...way, room]);
    done.add(room);
  };
  for (const room of used.keys()) visit(room, []);
  return found;
}

function strangePackages({ path, code }: Source): string[] {
  const allowed = PACKAGES[roomOf(path)] ?? [];
  return importLines(code)
    .map(([, from]) => from)
    .filter((from) => !from.startsWith("."))
    .filter((from) => !allowed.some((name) => from === name || from.startsWith(name)))
    .map((from) => `${path} imports ${from}`);
}

/** Where a banned word is of use, and why. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  "core/mvcc/index-build.ts": /\bnew Map\b/, // it does not outlive its function
  "server/main.ts": /\bprocess\.exit\(/, // a failed disk leaves nothing to close
  // What is changed at once is gathered in one of these first: it does not outlive its function,
  // and keys are sorted where they are walked.
  "core/kv/overlay.ts": /\bnew Map\b/g,
  "core/lease/lessor.ts": /\bnew Map\b/g,
  "core/mvcc/key-index.ts": /\bnew Map\b/g,
  "core/mvcc/store.ts": /\bnew Map\b/,
  "core/services/watch/previous-values.ts": /\bnew Map\b/, // it does not outlive a step, and is not walked
};

const STRINGS = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;

function bannedWords({ path, code }: Source): string[] {
  const words = code.replace(STRINGS, '""').replace(ALLOWED[path] ?? /(?!)/, "");
  return BANNED.filter(([room, word]) => path.startsWith(room) && word.test(words)).map(
    ([, word, instead]) => `${path} uses ${word.source}: ${instead}`,
  );
}

/** Lists whose length the code itself says, or that only a test makes. */
const SHORT: Readonly<Record<string, RegExp>> = {
  "core/lib/binary.ts": /^chars$/, // a chunk
  "core/lib/ordered-map.ts": /^(smallest|parts)$/, // of a node that was halved
  "core/conformance/cases/txn.ts": /./,
};

/** Arguments lie on the stack, and a hundred thousand of them end the process. What may be spread
 *  is what its own file spells out: a constant, or the arguments of a function that passes them on.
 *  fast-check chooses among arguments only. */
function spreadLists({ path, code }: Source): string[] {
  const text = code.replace(STRINGS, '""');
  const passedOn = new Set([...text.matchAll(/\.\.\.(\w+)(?=:|\) =>)/g)].map(([, name]) => name));
  const isShort = (name: string): boolean =>
    /^[A-Z]/.test(name) || passedOn.has(name) || (SHORT[path]?.test(name) ?? false);
  return argumentsSpread(text)
    .filter(([callee, name]) => !isShort(name) && !/\.(constantFrom|oneof)$/.test(callee))
    .map(([callee, name]) => `${path} spreads ${name} into ${callee}: pushAll, highest, lowest`);
}

/** Every `f(… ...list …)`: what is called, and the first word of what is spread. */
function argumentsSpread(text: string): (readonly [callee: string, name: string])[] {
  const found: (readonly [callee: string, name: string])[] = [];
  const open: number[] = [];
  for (const { 0: token, index } of text.matchAll(/[([{]|[)\]}]|\.\.\./g)) {
    if (/[([{]/.test(token)) open.push(index);
    else if (token !== "...") open.pop();
    else {
      const at = open.at(-1) ?? 0;
      const callee = /[\w.#]+$/.exec(text.slice(Math.max(0, at - 80), at))?.[0];
      const [, name = "", end] = /^\W*(\w*)(:|\) =>)?/.exec(text.slice(index)) ?? [];
      const isParameter = end !== undefined;
      if (text[at] === "(" && callee !== undefined && !isParameter) found.push([callee, name]);
    }
  }
  return found;
}

function oversize({ path, text }: Source): string[] {
  const lines = text.split("\n");
  const ignored = new Set<number>(); // lines that prettier was told to leave alone
  lines.forEach((line, at) => {
    if (!line.includes("prettier-ignore")) return;
    for (let next = at + 1; next < lines.length && lines[next] !== "};"; next++) ignored.add(next);
  });
  const long = lines
    .map((line, at) => [line, at] as const)
    .filter(([line, at]) => line.length > LINE_MAX && !ignored.has(at))
    .map(([line, at]) => `${path}:${at + 1} has ${line.length} columns`);
  return lines.length > FILE_MAX ? [...long, `${path} has ${lines.length} lines`] : long;
}

/** A function starts at a line without indentation and ends at the next line that is only `}` or `};`. */
function longFunctions({ path, text }: Source): string[] {
  const lines = text.split("\n");
  const found: string[] = [];
  lines.forEach((line, start) => {
    const opensOne = /^(export )?(async )?function |^(export )?const \w+.*=> \{$/.test(line);
    if (!opensOne) return;
    const length = lines.slice(start).findIndex((other) => /^\}[;)]*$/.test(other)) + 1;
    if (length > FUNCTION_MAX) found.push(`${path}:${start + 1} is ${length} lines long`);
  });
  return found;
}

function isGolden(path: string): boolean {
  return path.includes("/testdata/");
}

function isUsed(path: string, tests: readonly string[]): boolean {
  const folder = path.slice(path.indexOf("testdata/"), path.lastIndexOf("/"));
  const name = path.slice(path.lastIndexOf("/") + 1);
  return tests.some((text) => text.includes(name) || text.includes(`${folder}/\${`));
}
