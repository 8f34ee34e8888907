// A log in a file, and its rotation.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { consoleLine, terminalLine } from "./log-line.ts";
import { LogFile } from "./log-file.ts";
import { openOutputs } from "./log-outputs.ts";
import { parseLogRotation } from "./log-rotation.ts";

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-log-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

describe("the file of a log", () => {
  const rotation = { maxBytes: 10, maxAgeDays: 0, maxBackups: 2, localTime: false, compress: true };

  it("goes on where it ended", () => {
    for (const line of ["one\n", "two\n"]) new LogFile(at("m.log"), null, now).write(line);
    expect(fs.readFileSync(at("m.log"), "utf8")).toBe("one\ntwo\n");
  });

  it("gives way to a new one when it is full; old ones are compressed, and not too many", async () => {
    let minute = 0;
    const later = (): Date => new Date(Date.UTC(2026, 10, 21, 9, minute++, 7, 65));
    const file = new LogFile(at("m.log"), rotation, later);
    fs.writeFileSync(at("m-of-somebody-else.log"), "");
    for (const line of ["first\n", "second\n", "third\n", "fourth\n"]) {
      file.write(line);
      await file.tidied();
    }
    const names = fs.readdirSync(directory).filter((name) => !name.includes("somebody"));
    expect(names).toHaveLength(3);
    expect(names.at(-1)).toBe("m.log");
    expect(fs.readFileSync(at("m.log"), "utf8")).toBe("fourth\n");
    const old = names.slice(0, 2).map((name) => {
      expect(name).toMatch(/^m-2026-11-21T09-\d\d-07\.065\.log\.gz$/);
      return gunzipSync(fs.readFileSync(at(name))).toString();
    });
    expect(old).toEqual(["second\n", "third\n"]);
    expect(fs.existsSync(at("m-of-somebody-else.log"))).toBe(true);
  });

  it("that is old goes", async () => {
    const file = new LogFile(at("m.log"), { ...rotation, maxBackups: 0, maxAgeDays: 1 }, now);
    fs.writeFileSync(at("m-2020-01-01T00-00-00.000.log"), "");
    fs.utimesSync(at("m-2020-01-01T00-00-00.000.log"), 0, 0);
    for (const line of ["first\n", "second\n"]) file.write(line);
    await file.tidied();
    expect(fs.readdirSync(directory)).not.toContain("m-2020-01-01T00-00-00.000.log");
  });
});

describe("the outputs of a log", () => {
  it("may be several", () => {
    const outputs = openOutputs({ outputs: [at("a"), at("b")], format: null, rotation: null });
    if (!outputs.ok) throw new Error(outputs.error);
    outputs.value.write("x\n");
    expect(["a", "b"].map((name) => fs.readFileSync(at(name), "utf8"))).toEqual(["x\n", "x\n"]);
  });

  it("are refused in etcd's words", () => {
    const single =
      "--log-outputs requires a single file path when --log-rotate-config-json is defined";
    expect(errorOf(["stderr"], "{}")).toBe(single);
    expect(errorOf([at("a"), at("b")], "{}")).toBe(single);
    expect(errorOf([at("a")], "{")).toMatch(/^improperly formatted log rotation config: /);
    expect(errorOf([at("a")], '{"maxsize":"1"}')).toMatch(/^invalid log rotation config: /);
    expect(errorOf([at("none/a")], null)).toMatch(/^cannot write the log to .*: ENOENT/);
    expect(errorOf(["default", "stdout"], null)).toBe(
      'multi logoutput for "default" is not supported yet',
    );
  });
});

it("a rotation has lumberjack's defaults", () => {
  expect(parseLogRotation('{"maxbackups": 3}')).toEqual({
    ok: true,
    value: {
      maxBytes: 100 * 1024 * 1024,
      maxAgeDays: 0,
      maxBackups: 3,
      localTime: false,
      compress: false,
    },
  });
});

it("lines for people have the words of those for tools", () => {
  const ts = "2026-11-21T09:08:07.065Z";
  const fields = { count: 2, name: "m1" };
  const record = { level: "warn", ts, caller: "x.ts", message: "too slow", fields } as const;
  const words = `${ts}\twarn\tx.ts\ttoo slow`;
  expect(consoleLine(record)).toBe(`${words}\t{"count":2,"name":"m1"}\n`);
  expect(consoleLine({ ...record, fields: {} })).toBe(`${words}\n`);
  const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
  expect(terminalLine(record).replaceAll(colour, "")).toBe(
    "09:08:07.065 warn  too slow count=2 name=m1 x.ts\n",
  );
});

function at(name: string): string {
  return join(directory, name);
}

function now(): Date {
  return new Date();
}

function errorOf(outputs: readonly string[], rotation: string | null): string {
  const opened = openOutputs({ outputs, format: null, rotation });
  return opened.ok ? "" : opened.error;
}
