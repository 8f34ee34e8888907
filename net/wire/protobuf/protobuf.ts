// A proto3 codec driven by field tables. The tables are literal data; the types of the messages
// follow from them, so a new field is one row.
//
// It reads what any protobuf writer may send: unknown fields are skipped, the last scalar wins,
// repeated scalars come packed or not, a second piece of an embedded message is merged into the
// first. It never throws and nests no deeper than DEPTH_MAX: malformed input is a failed result.
// So is input with more repeated items than its reader allows, for an item of two bytes becomes
// objects of hundreds.

import type { Bytes, Result } from "../../../core/contract.ts";
import { copyOf } from "../../../core/lib/allocate.ts";
import { assertNever, broken, must } from "../../../core/lib/assert.ts";
import {
  byteString,
  createReader,
  encoded,
  reserve,
  writeByteString,
  writeRun,
} from "../../../core/lib/binary.ts";
import type { Reader, Writer } from "../../../core/lib/binary.ts";
import { plainBytes } from "./plain-bytes.ts";
import { readTag, skipField } from "./skip-field.ts";
import { decodeUtf8, encodeUtf8 } from "../../../core/lib/utf8.ts";
import {
  readInt32,
  readInt64,
  readLength,
  readUint32,
  readUint64,
  varintSize,
  VARINT_BYTES_MAX,
  writeInt64,
  writeNumber,
} from "./varint.ts";
import type { Int64 } from "./varint.ts";

/** What a scalar is in the hand. `key` and `bytes` are the same on the wire. */
export type Scalars = {
  readonly int64: Int64;
  readonly uint64: Int64;
  readonly uint32: number;
  readonly enum: number;
  readonly bool: boolean;
  readonly bytes: Uint8Array; // a copy: what was decoded shares no memory with the input
  readonly key: Bytes; // a byte string, one char per byte
  readonly string: string;
};

/** `type` is a scalar, "enum" and its name, or the name of a message. A message has at most one
 *  group of `oneof`. `written` is the name in the .proto, where that is not ours in snake case. */
export type Row = readonly [
  number: number,
  type: string,
  label?: "one" | "repeated" | "oneof",
  written?: string,
];
export type Schema = Readonly<Record<string, Readonly<Record<string, Row>>>>;

/** A decoded message: every field present, null for an absent message or a `oneof` not chosen. */
export type Decoded<S extends Schema, N extends keyof S> = {
  readonly [F in keyof S[N]]: S[N][F] extends readonly [number, infer T, "repeated", ...unknown[]]
    ? readonly Of<S, T>[]
    : S[N][F] extends readonly [number, infer T, "oneof", ...unknown[]]
      ? Of<S, T> | null
      : S[N][F] extends readonly [number, infer T, ...unknown[]]
        ? T extends keyof S
          ? Of<S, T> | null
          : Of<S, T>
        : never;
};
type Of<S extends Schema, T> = T extends keyof S ? Decoded<S, T> : OfScalar<T>;
type OfScalar<T> = T extends keyof Scalars
  ? Scalars[T]
  : T extends `enum ${string}`
    ? number
    : never;

/** A message to encode: what is left out is zero. */
export type Encodable<S extends Schema, N extends keyof S> = {
  readonly [F in keyof S[N]]?: S[N][F] extends readonly [number, infer T, "repeated", ...unknown[]]
    ? readonly From<S, T>[]
    : S[N][F] extends readonly [number, infer T, ...unknown[]]
      ? From<S, T> | null
      : never;
};
type From<S extends Schema, T> = T extends keyof S ? Encodable<S, T> : OfScalar<T>;

export interface Codec<S extends Schema> {
  readonly encode: <N extends keyof S & string>(name: N, message: Encodable<S, N>) => Uint8Array;
  readonly decode: <N extends keyof S & string>(
    name: N,
    bytes: Uint8Array,
    itemsMax?: number, // of all its lists together; else any number
  ) => Result<Decoded<S, N>, string>;
}

/** The deepest nesting of messages that is read: fifty transactions inside each other. */
export const DEPTH_MAX = 100;

/** What is wrong with bytes, in the words of Go's protobuf. */
const NO_MESSAGE = "proto: cannot parse invalid wire-format data";
const NO_UTF8 = "string field contains invalid UTF-8";
export const TOO_MANY_ITEMS = "too many repeated items";

export function createCodec<S extends Schema>(schema: S): Codec<S> {
  const shapes = createShapes(schema);
  const laxShapes = createShapes(schema, "key"); // which take any bytes for a string
  const shapeOf = (name: string): Shape => shapes.get(name) ?? broken(`no message ${name}`);
  return {
    encode: (name, message) => encoded((writer) => writeMessage(writer, shapeOf(name), message)),
    decode: <N extends keyof S & string>(name: N, bytes: Uint8Array, itemsMax = Infinity) => {
      const shape = shapeOf(name);
      const values = Object.assign({}, shape.zero); // of so many shapes a spread is much slower
      const reader = readerOf(bytes, itemsMax);
      readMessage(reader, shape, values, 0);
      if (!reader.failed) return { ok: true, value: values as Decoded<S, N> };
      if (reader.itemsLeft < 0) return { ok: false, error: TOO_MANY_ITEMS };
      const lax = must(laxShapes.get(name), `no message ${name}`);
      const again = readerOf(bytes, itemsMax);
      readMessage(again, lax, { ...lax.zero }, 0);
      return { ok: false, error: again.failed ? NO_MESSAGE : NO_UTF8 };
    },
  };
}

// The tables, compiled once: a field is found by its number, a tag is ready to be copied.

type Values = Record<string, unknown>;
type Shape = { fields: Field[]; byNumber: (Field | undefined)[]; oneof: string[]; zero: Values };
type Field = {
  readonly name: string;
  readonly number: number;
  readonly type: keyof Scalars | "message";
  readonly label: "one" | "repeated" | "oneof";
  readonly wire: WireType;
  readonly tag: number;
  readonly shape: Shape | null; // of an embedded message
};
type WireType = 0 | 2;

const VARINT: WireType = 0;
const LENGTH: WireType = 2;
const NO_BYTES = new Uint8Array(0);
const NONE: readonly unknown[] = [];

const ZEROS: Scalars = {
  int64: 0,
  uint64: 0,
  uint32: 0,
  enum: 0,
  bool: false,
  bytes: NO_BYTES,
  key: "" as Bytes,
  string: "",
};

/** The scalar that a row names; null: it names a message. */
export function scalarOf(type: string): keyof Scalars | null {
  if (type.startsWith("enum ")) return "enum";
  return type in ZEROS ? (type as keyof Scalars) : null;
}

/** The name that a field has in the .proto. */
export function writtenName(field: string, [, , , written]: Row): string {
  return written ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function createShapes(
  schema: Schema,
  stringIs: keyof Scalars = "string",
): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const name of Object.keys(schema)) {
    shapes.set(name, { fields: [], byNumber: [], oneof: [], zero: {} });
  }
  for (const [message, rows] of Object.entries(schema)) {
    const shape = must(shapes.get(message), message);
    for (const [name, [number, type, ...label]] of Object.entries(rows)) {
      const row: Row = [number, type === "string" ? stringIs : type, ...label];
      addField(shape, createField(name, row, shapes));
    }
  }
  return shapes;
}

function createField(name: string, row: Row, shapes: ReadonlyMap<string, Shape>): Field {
  const [number, typeName, label = "one"] = row;
  const scalar = scalarOf(typeName);
  const shape = scalar ? null : must(shapes.get(typeName), `no message ${typeName} for ${name}`);
  const isRun = scalar === "bytes" || scalar === "key" || scalar === "string";
  const wire = scalar === null || isRun ? LENGTH : VARINT;
  const tag = number * 8 + wire;
  return { name, number, type: scalar ?? "message", label, wire, tag, shape };
}

function addField(shape: Shape, field: Field): void {
  shape.fields.push(field);
  shape.byNumber[field.number] = field;
  if (field.label === "oneof") shape.oneof.push(field.name);
  const isScalar = field.label === "one" && field.type !== "message";
  const zero = isScalar ? ZEROS[field.type] : null;
  shape.zero[field.name] = field.label === "repeated" ? NONE : zero;
}

// Reading.

function readerOf(bytes: Uint8Array, itemsMax: number): Reader {
  const reader = createReader(plainBytes(bytes));
  reader.itemsLeft = itemsMax;
  return reader;
}

/** For a run of so many bytes within what `reader` reads. */
function readerWithin(reader: Reader, length: number): Reader {
  const run = createReader(reader.bytes, reader.at, reader.at + length);
  run.itemsLeft = reader.itemsLeft;
  return run;
}

/** Reads on behind it. */
function leave(reader: Reader, run: Reader): void {
  reader.at = run.end;
  reader.itemsLeft = run.itemsLeft;
  if (run.failed) reader.failed = true;
}

function readMessage(reader: Reader, shape: Shape, values: Values, depth: number): void {
  if (depth > DEPTH_MAX) reader.failed = true;
  while (!reader.failed && reader.at < reader.end) {
    const tag = readTag(reader);
    const field = shape.byNumber[tag >>> 3];
    const wire = tag & 7;
    if (field === undefined) skipField(reader, tag);
    else if (wire === field.wire) readField(reader, shape, field, values, depth);
    else if (wire === LENGTH && field.label === "repeated") readPacked(reader, field, values);
    else skipField(reader, tag);
  }
}

function readField(r: Reader, shape: Shape, field: Field, values: Values, depth: number): void {
  const { name, label } = field;
  if (label === "oneof") {
    for (const other of shape.oneof) if (other !== name) values[other] = null;
  }
  if (field.shape === null) {
    const value = readScalar(r, field.type as keyof Scalars);
    if (label === "repeated") append(r, values, name, value);
    else values[name] = value;
    return;
  }
  const earlier = label === "repeated" ? null : (values[name] as Values | null);
  const inner = earlier ?? Object.assign({}, field.shape.zero);
  const run = readerWithin(r, readLength(r));
  readMessage(run, field.shape, inner, depth + 1);
  leave(r, run);
  if (label === "repeated") append(r, values, name, inner);
  else values[name] = inner;
}

/** A run of scalars under one tag. */
function readPacked(reader: Reader, field: Field, values: Values): void {
  const run = readerWithin(reader, readLength(reader));
  while (!run.failed && run.at < run.end) {
    append(run, values, field.name, readScalar(run, field.type as keyof Scalars));
  }
  leave(reader, run);
}

function readScalar(reader: Reader, type: keyof Scalars): Scalars[keyof Scalars] {
  switch (type) {
    case "int64":
      return readInt64(reader);
    case "uint64":
      return readUint64(reader);
    case "uint32":
      return readUint32(reader);
    case "enum":
      return readInt32(reader);
    case "bool":
      return readUint64(reader) !== 0;
    case "bytes":
    case "key":
    case "string":
      return readRun(reader, type);
    default:
      return assertNever(type);
  }
}

function readRun(reader: Reader, type: "bytes" | "key" | "string"): Uint8Array | string {
  const length = readLength(reader);
  const from = reader.at;
  reader.at += length;
  if (type === "bytes") return length === 0 ? NO_BYTES : copyOf(reader.bytes, from, reader.at);
  if (type === "key") return byteString(reader.bytes, from, reader.at);
  const text = decodeUtf8(reader.bytes.subarray(from, reader.at));
  if (text === null) reader.failed = true;
  return text ?? "";
}

function append(reader: Reader, values: Values, name: string, value: unknown): void {
  reader.itemsLeft -= 1;
  if (reader.itemsLeft < 0) reader.failed = true;
  const list = values[name] as unknown[];
  if (list === NONE) values[name] = [value];
  else list.push(value);
}

// Writing, in the order of the table, which is the order of the numbers.

function writeMessage(writer: Writer, shape: Shape, message: Values): void {
  for (const field of shape.fields) {
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    if (field.label !== "repeated") writeField(writer, field, value);
    else if (field.wire === LENGTH) for (const item of value as []) writeField(writer, field, item);
    else writePacked(writer, field, value as Scalars[keyof Scalars][]);
  }
}

/** A zero is not sent, unless that it was chosen is all there is to say. */
function writeField(writer: Writer, field: Field, value: unknown): void {
  if (field.shape !== null) {
    const from = beginRun(writer, field.number);
    writeMessage(writer, field.shape, value as Values);
    return endRun(writer, from);
  }
  const scalar = value as Scalars[keyof Scalars];
  if (field.label === "one" && isZero(scalar)) return;
  writeTag(writer, field.tag);
  writeScalar(writer, scalar, field.type);
}

function writePacked(writer: Writer, field: Field, items: readonly Scalars[keyof Scalars][]): void {
  if (items.length === 0) return;
  const from = beginRun(writer, field.number);
  for (const item of items) writeScalar(writer, item, field.type);
  endRun(writer, from);
}

function isZero(value: Scalars[keyof Scalars]): boolean {
  if (typeof value === "object") return value.length === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}

function writeScalar(writer: Writer, value: Scalars[keyof Scalars], type: Field["type"]): void {
  if (typeof value === "object") writeRun(writer, value);
  else if (typeof value === "boolean") writeInt64(writer, value ? 1 : 0);
  else if (typeof value !== "string") writeInt64(writer, value);
  else writeByteString(writer, type === "string" ? encodeUtf8(value) : value);
}

function writeTag(writer: Writer, tag: number): void {
  reserve(writer, VARINT_BYTES_MAX);
  writeNumber(writer, tag);
}

/** Keeps one byte for the length of what follows: most messages are shorter than 128 bytes. */
function beginRun(writer: Writer, number: number): number {
  writeTag(writer, number * 8 + LENGTH);
  reserve(writer, 1);
  return ++writer.length;
}

/** Writes the length, moving the run along when one byte does not hold it. */
function endRun(writer: Writer, from: number): void {
  const length = writer.length - from;
  const more = varintSize(length) - 1;
  reserve(writer, more);
  if (more > 0) writer.bytes.copyWithin(from + more, from, writer.length);
  writer.length = from - 1;
  writeNumber(writer, length);
  writer.length += length;
}
