// What of JSON is taken for a message, and what not: each answer is that of etcd 3.7's gateway.

import { describe, expect, it } from "vitest";
import { CODEC } from "../wire/messages/etcd-messages.ts";
import type { MessageName } from "../wire/messages/etcd-messages.ts";
import { readJson } from "./json-read.ts";
import { JsonValues } from "./json-values.ts";

/** What is wrong with it; or the bytes of what it says. */
function read(name: MessageName, text: string): string {
  const values = new JsonValues(1000);
  const cuts = values.feed(Buffer.from(text, "utf8"));
  const cut = cuts[0] ?? values.end();
  if (cut === null) return "nothing";
  if (cut.kind !== "value") return cut.kind === "wrong" ? cut.fault : cut.kind;
  const message = readJson(name, cut.text, 10);
  if (!message.ok) return message.error;
  return Buffer.from(CODEC.encode(name, message.value)).toString("latin1");
}

function range(text: string): string {
  return read("RangeRequest", text);
}

function nested(times: number): string {
  return `${'{"success":[{"request_txn":'.repeat(times)}{}${"}]}".repeat(times)}`;
}

function texts(values: JsonValues, bytes: string): string[] {
  return values.feed(Buffer.from(bytes, "latin1")).map((cut) => {
    return cut.kind === "value" ? cut.text : cut.kind;
  });
}

const FOO = "\n\x03foo";

describe("a message in JSON", () => {
  it.each([
    ['{"key":"Zm9v"}', FOO],
    [' \n{ "key" : "Zm9v" } ', FOO],
    ['{"k\\u0065y":"Zm\\u0039v"}', FOO],
    ['{"key":"Zm9v","nonsense":{"a":[1,"}",{"b\\"":null}]}}', FOO],
    ['{"key":"Zm9v\\n"}', FOO],
    ['{"key":"Zm8"}', "\n\x02fo"],
    ['{"key":"Zm8="}', "\n\x02fo"],
    ['{"key":"_-8="}', "\n\x02\xff\xef"],
    ['{"key":null,"limit":null}', ""],
    ['{"sort_order":"DESCEND","sortTarget":"VALUE"}', "(\x020\x04"],
    ['{"sort_order":2,"sort_target":4.0}', "(\x020\x04"],
    ['{"sort_order":"NOPE"}', ""],
    ['{"limit":"5"}', "\x18\x05"],
    ['{"limit":5}', "\x18\x05"],
    ['{"limit":5.0}', "\x18\x05"],
    ['{"limit":0.5e1}', "\x18\x05"],
    ['{"limit":"5.0"}', "\x18\x05"],
    ['{"limit":1e2}', "\x18d"],
    ['{"limit":-1}', "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"],
    ['{"limit":"9223372036854775807"}', "\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f"],
    ['{"limit":9223372036854775807}', "\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f"],
    ['{"serializable":true,"keys_only":false}', "8\x01"],
    ['{"key":"Zm9v"} trailing', FOO],
  ])("%s is read", (text, bytes) => {
    expect(range(text)).toBe(bytes);
  });

  it.each([
    ['{"sort_order":1.5}', "(line 1:15): invalid value for enum field sortOrder: 1.5"],
    ['{"limit":5.5}', "(line 1:10): invalid value for int64 field limit: 5.5"],
    ['{"limit":" 5"}', '(line 1:10): invalid value for int64 field limit: " 5"'],
    ['{"limit":""}', '(line 1:10): invalid value for int64 field limit: ""'],
    [
      '{"limit":"9223372036854775808"}',
      '(line 1:10): invalid value for int64 field limit: "9223372036854775808"',
    ],
    [
      '{"limit":9223372036854775808}',
      "(line 1:10): invalid value for int64 field limit: 9223372036854775808",
    ],
    ['{"limit":1e99999}', "(line 1:10): invalid value for int64 field limit: 1e99999"],
    ['{"limit":true}', "(line 1:10): invalid value for int64 field limit: true"],
    ['{"limit":[]}', "(line 1:10): invalid value for int64 field limit: ["],
    ['{"limit":{}}', "(line 1:10): invalid value for int64 field limit: {"],
    ['{"key":5}', "(line 1:8): invalid value for bytes field key: 5"],
    ['{"key":"!!!"}', '(line 1:8): invalid value for bytes field key: "!!!"'],
    ['{"key":"Zm9v="}', '(line 1:8): invalid value for bytes field key: "Zm9v="'],
    ['{"key":"-+8="}', '(line 1:8): invalid value for bytes field key: "-+8="'],
    ["null", "syntax error (line 1:1): unexpected token null"],
    ["[]", "syntax error (line 1:1): unexpected token ["],
    ["5", "syntax error (line 1:1): unexpected token 5"],
    ['"x"', 'syntax error (line 1:1): unexpected token "x"'],
    ['{"key":"","key":""}', '(line 1:11): duplicate field "key"'],
    ['{"range_end":"","rangeEnd":""}', '(line 1:17): duplicate field "rangeEnd"'],
    ['{"serializable":"true"}', '(line 1:17): invalid value for bool field serializable: "true"'],
    ['{"é":1,\n "limit":"é"}', '(line 2:10): invalid value for int64 field limit: "é"'],
  ])("%s is refused", (text, words) => {
    expect(range(text)).toBe(`proto: ${words}`);
  });

  it.each([
    ["{", "unexpected EOF"],
    ['{"key"', "unexpected EOF"],
    ["nonsense", "invalid character 'o' in literal null (expecting 'u')"],
    ["{key:1}", "invalid character 'k' looking for beginning of object key string"],
    ['{"key":"Zm9v",}', "invalid character '}' looking for beginning of object key string"],
    ['{"key" "Zm9v"}', "invalid character '\"' after object key"],
    ['{"key":1 "a":2}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ['"a\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["-a", "invalid character 'a' in numeric literal"],
    ["1.a", "invalid character 'a' after decimal point in numeric literal"],
    ["1ea", "invalid character 'a' in exponent of numeric literal"],
  ])("%s is no JSON", (text, words) => {
    expect(range(text)).toBe(words);
  });

  it("has one of what it may have one of", () => {
    expect(read("Compare", '{"version":1,"value":"YQ=="}')).toBe(
      'proto: (line 1:14): error parsing "value", oneof of Compare is already set',
    );
    expect(read("TxnRequest", '{"compare":{}}')).toBe(
      "proto: syntax error (line 1:12): unexpected token {",
    );
    expect(read("TxnRequest", '{"compare":[null]}')).toBe(
      "proto: syntax error (line 1:13): unexpected token null",
    );
    expect(read("RequestOp", '{"requestPut":null,"request_range":{}}')).toBe("\n\0");
    expect(read("AuthUserAddRequest", '{"name":"\\ud800"}')).toBe(
      'proto: syntax error (line 1:9): invalid escape code "\\\\ud800" in string',
    );
  });

  it("nests, and has lists, no further than is good", () => {
    const deep = readJson("TxnRequest", nested(3000), Infinity);
    expect(deep).toMatchObject({ ok: false, error: expect.stringContaining("recursion depth") });
    expect(readJson("TxnRequest", nested(3), 10).ok).toBe(true);
    expect(readJson("TxnRequest", nested(11), 10)).toEqual({
      ok: false,
      error: "too many repeated items",
    });
    const unknown = `{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}`;
    expect(readJson("TxnRequest", unknown, 10).ok).toBe(true);
  });
});

describe("a body of values", () => {
  it("is cut where they end, however it arrives", () => {
    const body = ' {"a":"}"} 12 [1,{"b":"\\""}]"x"true{}3';
    const expected = ['{"a":"}"}', "12", '[1,{"b":"\\""}]', '"x"', "true", "{}"];
    expect(texts(new JsonValues(100), body)).toEqual(expected);
    const drip = new JsonValues(100);
    expect(body.split("").flatMap((byte) => texts(drip, byte))).toEqual(expected);
    expect(drip.end()).toEqual({ kind: "value", text: "3" });
  });

  it("keeps no more than is allowed", () => {
    expect(texts(new JsonValues(10), '"123456789"')).toEqual(["too large"]);
    const drip = new JsonValues(10);
    expect(texts(drip, '"1234')).toEqual([]);
    expect(texts(drip, "567890")).toEqual(["too large"]);
    expect(texts(drip, '"{}')).toEqual([]);
    expect(texts(new JsonValues(10), " ".repeat(1000))).toEqual([]);
  });

  it("nests without recursion, and not without end", () => {
    const deep = "[".repeat(20_000);
    expect(new JsonValues(100_000).feed(Buffer.from(deep))).toEqual([
      { kind: "wrong", fault: "invalid character '[' exceeded max depth" },
    ]);
  });
});
