// Messages out of JSON, by the tables of etcd's messages: what protobuf's JSON mapping says, as
// Go's protojson takes it, and in its words where it does not.
//
// The text is well-formed JSON, one char for each of its bytes: what is left to find out is whether
// it is this message. Fields are known by either name, unknown ones are skipped. Only messages
// nest here, no deeper than their bytes may.

import { decodeUtf8 } from "../../core/lib/utf8.ts";
import type { Result } from "../../core/contract.ts";
import { broken, must } from "../../core/lib/assert.ts";
import { toBytes } from "../../core/lib/bytes.ts";
import type { Bytes } from "../../core/contract.ts";
import { CODEC, MESSAGES } from "../wire/messages/etcd-messages.ts";
import type { MessageName } from "../wire/messages/etcd-messages.ts";
import { ENUMS } from "../wire/messages/enums.ts";
import { DEPTH_MAX, scalarOf, TOO_MANY_ITEMS, writtenName } from "../wire/protobuf/protobuf.ts";
import type { Row, Scalars } from "../wire/protobuf/protobuf.ts";
import type { AnyMessage } from "../wire/methods/method-row.ts";
import { readBase64 } from "./base64.ts";
import { readInteger } from "./json-integers.ts";

/** A message with every field present; or what is wrong with the text. */
export function readJson(
  name: MessageName,
  text: string,
  itemsMax: number,
): Result<AnyMessage, string> {
  const cursor: Cursor = { text, at: 0, itemsLeft: itemsMax, fault: "" };
  const shape = must(SHAPES.get(name), name);
  const message = readMessage(cursor, shape, 0);
  if (cursor.fault !== "") return { ok: false, error: cursor.fault };
  return { ok: true, value: message };
}

/** The first fault stays; whoever reads on after it reads for nothing, and not long. */
type Cursor = { readonly text: string; at: number; itemsLeft: number; fault: string };
type Values = Record<string, unknown>;
type Field = Readonly<{
  key: string;
  title: string; // its name in JSON
  scalar: keyof Scalars | null;
  message: string;
  words: readonly string[]; // of an enum
  label: "one" | "repeated" | "oneof";
}>;
type Shape = Readonly<{ name: string; fields: ReadonlyMap<string, Field>; zero: AnyMessage }>;

const SHAPES: ReadonlyMap<string, Shape> = new Map(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [name, createShape(name)]),
);

function createShape(name: MessageName): Shape {
  const fields = new Map<string, Field>();
  for (const [key, row] of Object.entries(MESSAGES[name]) as [string, Row][]) {
    const written = writtenName(key, row);
    const title = written.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    const [, type, label = "one"] = row;
    const words = type.startsWith("enum ") ? must(ENUMS[type.slice("enum ".length)], type) : [];
    const field = { key, title, scalar: scalarOf(type), message: type, words, label };
    fields.set(written, field).set(title, field);
  }
  const zero = CODEC.decode(name, new Uint8Array(0));
  return zero.ok ? { name, fields, zero: zero.value } : broken(`${name} has no zero`);
}

function readMessage(cursor: Cursor, shape: Shape, depth: number): AnyMessage {
  const values: Values = Object.assign({}, shape.zero);
  skipSpace(cursor);
  if (charOf(cursor) !== "{") return unexpected(cursor, values);
  if (depth > DEPTH_MAX) return failAt(cursor, null, "exceeded max recursion depth", values);
  const seen = new Set<string>();
  cursor.at += 1;
  skipSpace(cursor);
  while (charOf(cursor) !== "}" && cursor.fault === "") {
    readMember(cursor, shape, values, { seen, depth });
    skipSpace(cursor);
    if (charOf(cursor) === ",") cursor.at += 1;
    skipSpace(cursor);
  }
  cursor.at += 1;
  return values;
}

type Around = Readonly<{ seen: Set<string>; depth: number }>;

function readMember(cursor: Cursor, shape: Shape, values: Values, { seen, depth }: Around): void {
  const begin = cursor.at;
  const name = readString(cursor);
  const raw = cursor.text.slice(begin, cursor.at);
  skipSpace(cursor);
  cursor.at += 1; // the colon
  skipSpace(cursor);
  const field = shape.fields.get(name);
  if (field === undefined) return skipValue(cursor);
  if (seen.has(field.key)) return failAt(cursor, begin, `duplicate field ${utf8Of(raw)}`);
  seen.add(field.key);
  if (cursor.text.startsWith("null", cursor.at)) return skipValue(cursor);
  if (field.label === "repeated") return readList(cursor, field, values, depth);
  if (field.label === "oneof") {
    if (seen.has("")) {
      const words = `error parsing ${utf8Of(raw)}, oneof of ${shape.name} is already set`;
      return failAt(cursor, begin, words);
    }
    seen.add("");
  }
  const value = readOne(cursor, field, depth);
  if (value !== undefined) values[field.key] = value;
}

function readList(cursor: Cursor, field: Field, values: Values, depth: number): void {
  if (charOf(cursor) !== "[") return unexpected(cursor);
  const list: unknown[] = [];
  values[field.key] = list;
  cursor.at += 1;
  skipSpace(cursor);
  while (charOf(cursor) !== "]" && cursor.fault === "") {
    cursor.itemsLeft -= 1;
    if (cursor.itemsLeft < 0) {
      cursor.fault = TOO_MANY_ITEMS;
      return;
    }
    const value = readOne(cursor, field, depth);
    if (value !== undefined) list.push(value);
    skipSpace(cursor);
    if (charOf(cursor) === ",") cursor.at += 1;
    skipSpace(cursor);
  }
  cursor.at += 1;
}

/** Undefined: a word that is none of the enum's, which is no more known than an unknown field. */
function readOne(cursor: Cursor, field: Field, depth: number): unknown {
  if (field.scalar === null) {
    return readMessage(cursor, must(SHAPES.get(field.message), field.message), depth + 1);
  }
  const begin = cursor.at;
  const value = readScalar(cursor, field.scalar, field.words);
  if (value !== null || cursor.fault !== "") return value ?? undefined;
  const kind = field.scalar === "key" ? "bytes" : field.scalar;
  const token = tokenAt(cursor.text, begin);
  if (kind === "enum" && token.startsWith('"')) return undefined;
  failAt(cursor, begin, `invalid value for ${kind} field ${field.title}: ${utf8Of(token)}`);
  return undefined;
}

/** Null: it is none, and the cursor is behind it. */
function readScalar(
  cursor: Cursor,
  type: keyof Scalars,
  words: readonly string[],
): Scalars[keyof Scalars] | null {
  const isString = charOf(cursor) === '"';
  if (isString && type !== "bool") {
    const text = readString(cursor);
    if (type === "string") return text;
    if (type === "key") return readBase64(text)?.toString("latin1") ?? null;
    if (type === "bytes") return readBase64(text);
    if (type !== "enum") return readInteger(text, type);
    const number = words.indexOf(text);
    return number < 0 ? null : number;
  }
  const token = tokenAt(cursor.text, cursor.at);
  skipValue(cursor);
  if (type === "bool") return token === "true" || (token === "false" ? false : null);
  if (type === "key" || type === "bytes" || type === "string") return null;
  return readInteger(token, type);
}

/** A string of JSON, as text. */
function readString(cursor: Cursor): string {
  const { text, at: begin } = cursor;
  let end = text.indexOf('"', begin + 1);
  const escape = text.indexOf("\\", begin + 1);
  const isPlain = escape < 0 || escape > end;
  if (!isPlain) end = endOfString(text, begin);
  cursor.at = end + 1;
  if (isPlain && isAscii(text, begin, end)) return text.slice(begin + 1, end);
  const decoded = decodeUtf8(toBytes(text.slice(begin, end + 1) as Bytes));
  if (decoded === null) return failAt(cursor, begin, "invalid UTF-8 in string", "", true);
  const value = JSON.parse(decoded) as string;
  if (value.isWellFormed()) return value;
  const code = /\\u[dD][89a-fA-F][0-9a-fA-F]{2}/.exec(decoded)?.[0] ?? "";
  const words = `invalid escape code ${JSON.stringify(code)} in string`;
  return failAt(cursor, begin, words, "", true);
}

function isAscii(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** The place of the quote that ends it. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at;
}

/** Whatever it is, and however deep. */
function skipValue(cursor: Cursor): void {
  const { text } = cursor;
  let depth = 0;
  do {
    const char = charOf(cursor);
    if (char === '"') cursor.at = endOfString(text, cursor.at) + 1;
    else if (char === "{" || char === "[") {
      depth += 1;
      cursor.at += 1;
    } else if (char === "}" || char === "]") {
      depth -= 1;
      cursor.at += 1;
    } else if (/[\s,:]/.test(char)) cursor.at += 1;
    else cursor.at += tokenAt(text, cursor.at).length;
  } while (depth > 0);
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[\w+.-]+|./sy;

/** The whole of a scalar, or what a container begins with. */
function tokenAt(text: string, at: number): string {
  if (text.charAt(at) === '"') return text.slice(at, endOfString(text, at) + 1);
  TOKEN.lastIndex = at;
  return TOKEN.exec(text)?.[0] ?? "";
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (let code = text.charCodeAt(cursor.at); ; code = text.charCodeAt(cursor.at)) {
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
}

function charOf({ text, at }: Cursor): string {
  return text.charAt(at);
}

function unexpected(cursor: Cursor): void;
function unexpected<T>(cursor: Cursor, value: T): T;
function unexpected<T>(cursor: Cursor, value?: T): T | undefined {
  const token = utf8Of(tokenAt(cursor.text, cursor.at));
  return failAt(cursor, cursor.at, `unexpected token ${token}`, value, true);
}

/** In Go's words: lines and columns count from 1, and columns are characters. */
function failAt(cursor: Cursor, at: number | null, words: string): void;
function failAt<T>(cursor: Cursor, at: number | null, words: string, value: T, syntax?: boolean): T;
function failAt<T>(
  cursor: Cursor,
  at: number | null,
  words: string,
  value?: T,
  syntax = false,
): T | undefined {
  if (cursor.fault !== "") return value;
  if (at === null) {
    cursor.fault = `proto: ${words}`;
    return value;
  }
  const before = cursor.text.slice(0, at);
  const line = before.split("\n").length;
  const column = before.slice(before.lastIndexOf("\n") + 1).replace(/[\x80-\xbf]/g, "").length + 1;
  cursor.fault = `proto: ${syntax ? "syntax error " : ""}(line ${line}:${column}): ${words}`;
  return value;
}

/** For people, and no more than they read. */
function utf8Of(token: string): string {
  return Buffer.from(token, "latin1").toString("utf8");
}
