// Messages of every kind through JSON: read back they are the same message, and a library that
// reads etcd's .proto, not our tables, takes the JSON for the same bytes.

import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { createDice } from "../../fuzz/wire/chance.ts";
import { drawMessage } from "../../fuzz/wire/messages.ts";
import { CODEC, MESSAGES } from "../wire/messages/etcd-messages.ts";
import type { MessageName } from "../wire/messages/etcd-messages.ts";
import { readJson } from "./json-read.ts";
import { createJsonWriter, takePieces, writeJson } from "./json-write.ts";

const NAMES = Object.keys(MESSAGES) as MessageName[];
const RUNS = 40;
const reference = protobuf
  .parse(readFileSync(new URL("../wire/messages/testdata/etcd.proto", import.meta.url), "utf8"), {
    keepCase: true,
  })
  .root.resolveAll();

function jsonOf(name: MessageName, bytes: Uint8Array): string {
  const message = CODEC.decode(name, bytes);
  if (!message.ok) throw new Error(message.error);
  const writer = createJsonWriter();
  writeJson(writer, name, message.value);
  return Buffer.concat(takePieces(writer)).toString("utf8");
}

describe.each(NAMES)("%s", (name) => {
  it("comes back from JSON, and a library reads the same out of it", () => {
    const type = reference.lookupType(name);
    for (let run = 0; run < RUNS; run++) {
      const bytes = drawMessage(name, createDice(20260, run));
      const json = jsonOf(name, bytes);
      const read = readJson(name, Buffer.from(json, "utf8").toString("latin1"), Infinity);
      if (!read.ok) throw new Error(`${json}\n${read.error}`);
      expect(hex(CODEC.encode(name, read.value))).toBe(hex(bytes));
      const theirs = type.encode(type.fromObject(JSON.parse(json) as object)).finish();
      expect(hex(theirs)).toBe(hex(bytes));
    }
  });

  it("is read or refused whatever becomes of its text, never with an exception", () => {
    for (let run = 0; run < RUNS; run++) {
      const dice = createDice(2026, run);
      const json = jsonOf(name, drawMessage(name, dice));
      if (json.length > 10_000) continue;
      const values = json.match(/"[^"]*"|true|\d+|\[[^[\]]*\]|\{\}/g) ?? ["{}"];
      const harmed = json.replace(dice.pick(values), dice.pick(WRONG));
      if (!isJson(harmed)) continue;
      const read = readJson(name, Buffer.from(harmed, "utf8").toString("latin1"), Infinity);
      if (read.ok) CODEC.encode(name, read.value);
      else expect(read.error).toMatch(/^proto: (syntax error )?\(line 1:\d+\): \S/);
    }
  });
});

const WRONG = [
  "null",
  "{}",
  "[]",
  "[null]",
  "-1",
  "1.5",
  "1e400",
  '"!"',
  '"\\ud800"',
  "18446744073709551616",
  '{"a":[{"b":"}"}]}',
];

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
