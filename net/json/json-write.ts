// Messages as JSON, as etcd's gateway writes them: names of the .proto, 64-bit integers as text,
// bytes in base64, enums by name, and nothing said of what is zero.
//
// An answer may be larger than a text can be: it is made as pieces of bytes.

import { assertNever, must } from "../../core/lib/assert.ts";
import { MESSAGES } from "../wire/messages/etcd-messages.ts";
import type { MessageName } from "../wire/messages/etcd-messages.ts";
import { ENUMS } from "../wire/messages/enums.ts";
import { scalarOf, writtenName } from "../wire/protobuf/protobuf.ts";
import type { Row, Scalars } from "../wire/protobuf/protobuf.ts";
import type { AnyMessage } from "../wire/methods/method-row.ts";

/** What is written as one piece. */
const PIECE_CHARS = 32 * 1024;

/** Text that grows, and the pieces that it has become. */
export type JsonWriter = { text: string; pieces: Uint8Array[] };

export function createJsonWriter(): JsonWriter {
  return { text: "", pieces: [] };
}

/** All that was written since the last time. */
export function takePieces(writer: JsonWriter): readonly Uint8Array[] {
  if (writer.text !== "") cutPiece(writer);
  const { pieces } = writer;
  writer.pieces = [];
  return pieces;
}

export function writeJson(writer: JsonWriter, name: MessageName, message: AnyMessage): void {
  writer.text += "{";
  writeFields(writer, name, message, true);
  writer.text += "}";
}

/** What stands between the braces; whether it is still empty. */
export function writeFields(
  writer: JsonWriter,
  name: string,
  message: AnyMessage,
  isFirst: boolean,
): boolean {
  let first = isFirst;
  for (const field of must(SHAPES.get(name), name)) {
    const value = message[field.key];
    if (value === undefined || value === null) continue;
    if (field.label === "repeated") {
      if ((value as unknown[]).length === 0) continue;
      writer.text += first ? field.begin : field.next;
      writeList(writer, field, value as unknown[]);
    } else {
      if (field.label === "one" && field.scalar !== null && isZero(value)) continue;
      writer.text += first ? field.begin : field.next;
      writeOne(writer, field, value);
    }
    first = false;
  }
  return first;
}

/** The name of a field, by its key. */
export function beginField(w: JsonWriter, name: MessageName, key: string, isFirst: boolean): void {
  const field = SHAPES.get(name)?.find((each) => each.key === key);
  w.text += must(field, `${name} has no ${key}`)[isFirst ? "begin" : "next"];
}

/** The same of a list, whose items follow. */
export function beginList(w: JsonWriter, name: MessageName, key: string, isFirst: boolean): void {
  beginField(w, name, key, isFirst);
  w.text += "[";
}

/** Messages of a list. */
export function writeItems(w: JsonWriter, name: MessageName, items: readonly AnyMessage[]): void {
  items.forEach((item, at) => {
    if (at > 0) w.text += ",";
    writeJson(w, name, item);
    if (w.text.length > PIECE_CHARS) cutPiece(w);
  });
}

function writeList(writer: JsonWriter, field: Field, items: readonly unknown[]): void {
  writer.text += "[";
  if (field.scalar === null) {
    writeItems(writer, field.type as MessageName, items as readonly AnyMessage[]);
  } else {
    items.forEach((item, at) => {
      if (at > 0) writer.text += ",";
      writeOne(writer, field, item);
      if (writer.text.length > PIECE_CHARS) cutPiece(writer);
    });
  }
  writer.text += "]";
}

function writeOne(writer: JsonWriter, { scalar, type, words }: Field, value: unknown): void {
  if (scalar === null) writeJson(writer, type as MessageName, value as AnyMessage);
  else writer.text += scalarText(scalar, words, value as Scalars[keyof Scalars]);
}

function scalarText(
  type: keyof Scalars,
  words: readonly string[],
  value: Scalars[keyof Scalars],
): string {
  switch (type) {
    case "int64":
    case "uint64":
      return `"${value as number | bigint}"`;
    case "uint32":
    case "bool":
      return String(value);
    case "enum": {
      const word = words[value as number];
      return word === undefined ? String(value) : `"${word}"`;
    }
    case "key":
      return `"${Buffer.from(value as string, "latin1").toString("base64")}"`;
    case "bytes": {
      const { buffer, byteOffset, length } = value as Uint8Array;
      return `"${Buffer.from(buffer, byteOffset, length).toString("base64")}"`;
    }
    case "string":
      return JSON.stringify(value);
    default:
      return assertNever(type);
  }
}

function isZero(value: unknown): boolean {
  if (typeof value === "object") return (value as Uint8Array).length === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}

function cutPiece(writer: JsonWriter): void {
  writer.pieces.push(Buffer.from(writer.text, "utf8"));
  writer.text = "";
}

type Field = Readonly<{
  key: string;
  begin: string; // what it is announced with
  next: string; // the same, behind another
  type: string;
  scalar: keyof Scalars | null;
  words: readonly string[];
  label: "one" | "repeated" | "oneof";
}>;

const SHAPES: ReadonlyMap<string, readonly Field[]> = new Map(
  Object.entries(MESSAGES).map(([name, rows]) => [
    name,
    (Object.entries(rows) as [string, Row][]).map(createField),
  ]),
);

function createField([key, row]: readonly [string, Row]): Field {
  const [, type, label = "one"] = row;
  const begin = `${JSON.stringify(writtenName(key, row))}:`;
  const words = type.startsWith("enum ") ? must(ENUMS[type.slice("enum ".length)], type) : [];
  return { key, begin, next: `,${begin}`, type, scalar: scalarOf(type), words, label };
}
