// Our codec against a library's, byte for byte, on arbitrary messages of every kind. The library is
// protobufjs, which grpc-js brings along; it reads etcd's .proto, not our tables.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { CODEC, MESSAGES } from "./etcd-messages.ts";
import type { MessageName } from "./etcd-messages.ts";
import { ENUMS } from "./enums.ts";
import { scalarOf, writtenName } from "../protobuf/protobuf.ts";
import type { Row } from "../protobuf/protobuf.ts";

type Plain = Record<string, unknown>;

const SEED = 20260;
const NAMES = Object.keys(MESSAGES) as MessageName[];
const reference = protobuf
  .parse(readFileSync(new URL("testdata/etcd.proto", import.meta.url), "utf8"), { keepCase: true })
  .root.resolveAll();

describe("the field tables", () => {
  it("have the fields of etcd's .proto, by number and type", () => {
    for (const name of NAMES) {
      const ours = rowsOf(name).map(([field, row]) => {
        const [number, type, label = "one"] = row;
        return `${number} ${type === "key" ? "bytes" : type} ${label} ${writtenName(field, row)}`;
      });
      const theirs = reference.lookupType(name).fieldsArray.map((field) => {
        const type = field.resolve().resolvedType;
        const isEnum = type instanceof protobuf.Enum;
        const label = field.repeated ? "repeated" : field.partOf ? "oneof" : "one";
        const typeName = isEnum ? `enum ${enumName(type)}` : field.type;
        return `${field.id} ${typeName} ${label} ${field.name}`;
      });
      expect([name, ...ours]).toEqual([name, ...theirs]);
    }
  });
});

describe("the words of the enums", () => {
  it("are those of etcd's .proto, each at the place of its number", () => {
    const seen = new Set<string>();
    const look = (type: protobuf.Type): void => {
      for (const field of type.fieldsArray) {
        const { resolvedType } = field.resolve();
        if (!(resolvedType instanceof protobuf.Enum)) continue;
        const name = enumName(resolvedType);
        seen.add(name);
        expect(Object.entries(resolvedType.values)).toEqual(
          (ENUMS[name] ?? []).map((word, number) => [word, number]),
        );
      }
    };
    for (const name of NAMES) look(reference.lookupType(name));
    expect(Object.keys(ENUMS).toSorted()).toEqual([...seen].toSorted());
  });
});

describe.each(NAMES)("%s", (name) => {
  const type = reference.lookupType(name);

  it("is written as the library writes it, and read back", () => {
    check(arbitraryMessage(name, 3), (message) => {
      const theirs = type.encode(type.fromObject(toReference(name, message))).finish();
      expect(hex(CODEC.encode(name, message as never))).toBe(hex(theirs));
      const decoded = CODEC.decode(name, theirs);
      expect(decoded).toEqual({ ok: true, value: withZeros(name, message) });
    });
  });

  it("is read alike when cut, flipped or extended, or refused; never with an exception", () => {
    const damage = fc.record({
      message: arbitraryMessage(name, 3),
      cut: fc.nat(),
      flips: fc.array(fc.nat(), { maxLength: 3 }),
      tail: fc.uint8Array({ maxLength: 8 }),
    });
    check(damage, ({ message, cut, flips, tail }) => {
      const whole = CODEC.encode(name, message);
      const bytes = Uint8Array.from([...whole.subarray(0, whole.length - (cut % 4)), ...tail]);
      for (const flip of flips) {
        const at = Math.floor(flip / 8) % Math.max(1, bytes.length);
        if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << (flip % 8));
      }
      const decoded = CODEC.decode(name, bytes);
      if (!decoded.ok) return;
      const again = CODEC.decode(name, CODEC.encode(name, decoded.value));
      expect(again).toEqual(decoded); // what was read is a message
    });
  });
});

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed: SEED, numRuns: 60 });
}

/** Messages without their zeros, as proto3 sends them. */
function arbitraryMessage(name: MessageName, depth: number): fc.Arbitrary<Plain> {
  const rows = rowsOf(name);
  const plain = rows.filter(([, row]) => row[2] !== "oneof");
  const choices = rows.filter(([, row]) => row[2] === "oneof");
  const fields = plain.map(([field, row]) => {
    const value = arbitraryValue(row[1], depth);
    if (row[2] === "repeated") {
      const list = depth > 0 ? fc.array(value, { minLength: 1, maxLength: 3 }) : null;
      return list === null ? [] : [[field, list] as const];
    }
    const isMessage = row[1] in MESSAGES;
    if (isMessage && depth === 0) return [];
    return [[field, isMessage ? value : value.filter((each) => !isZero(each))] as const];
  });
  const base = fc.record(Object.fromEntries(fields.flat()), { requiredKeys: [] });
  const chosen = choices
    .filter(([, row]) => depth > 0 || !(row[1] in MESSAGES))
    .map(([field, row]) => arbitraryValue(row[1], depth).map((value) => ({ [field]: value })));
  if (chosen.length === 0) return base;
  return fc.tuple(base, fc.oneof(fc.constant({}), ...chosen)).map(([a, b]) => ({ ...a, ...b }));
}

function arbitraryValue(type: string, depth: number): fc.Arbitrary<unknown> {
  switch (scalarOf(type)) {
    case "int64":
      return arbitraryInt64(-(2n ** 63n), 2n ** 63n - 1n);
    case "uint64":
      return arbitraryInt64(0n, 2n ** 64n - 1n);
    case "uint32":
      return fc.nat({ max: 2 ** 32 - 1 });
    case "enum":
      return fc.oneof(fc.nat({ max: 5 }), fc.integer());
    case "bool":
      return fc.boolean();
    case "bytes":
      return fc.uint8Array({ maxLength: 200 });
    case "key":
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes));
    case "string":
      return fc.string({ unit: fc.constantFrom("a", "z", "\0", "é", "€", "😀"), maxLength: 20 });
    default:
      return arbitraryMessage(type as MessageName, depth - 1);
  }
}

/** Canonical: a number where it is safe. */
function arbitraryInt64(min: bigint, max: bigint): fc.Arbitrary<number | bigint> {
  const edges = [
    0n,
    1n,
    127n,
    128n,
    2n ** 31n,
    2n ** 32n,
    2n ** 49n,
    2n ** 53n,
    2n ** 56n,
    max,
    min,
  ];
  const near = fc
    .tuple(fc.constantFrom(...edges), fc.bigInt(-2n, 2n))
    .map(([edge, by]) => edge + by)
    .filter((value) => value >= min && value <= max);
  return fc
    .oneof(near, fc.bigInt(min, max))
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
}

function rowsOf(name: MessageName): [string, Row][] {
  return Object.entries(MESSAGES[name]) as [string, Row][];
}

/** One enum of etcd has a name that only its message makes clear. */
function enumName({ name, parent }: protobuf.Enum): string {
  return name === "Type" ? `${parent?.name}Type` : name;
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value;
}

/** The same message in the library's words: its names, and 64-bit integers as text. */
function toReference(name: MessageName, message: Plain): Plain {
  const translated: Plain = {};
  for (const [field, [number, type]] of rowsOf(name)) {
    const value = message[field];
    if (value === undefined) continue;
    const one = (item: unknown): unknown => valueToReference(type, item);
    const theirName = reference.lookupType(name).fieldsById[number]?.name as string;
    translated[theirName] = Array.isArray(value) ? value.map(one) : one(value);
  }
  return translated;
}

function valueToReference(type: string, value: unknown): unknown {
  if (type in MESSAGES) return toReference(type as MessageName, value as Plain);
  if (type === "key") return Uint8Array.from(value as string, (char) => char.charCodeAt(0));
  return type === "int64" || type === "uint64" ? String(value) : value;
}

/** What a decoder makes of it: every field present. */
function withZeros(name: MessageName, message: Plain): Plain {
  const zeros: Readonly<Record<string, unknown>> = {
    int64: 0,
    uint64: 0,
    uint32: 0,
    enum: 0,
    bool: false,
    bytes: new Uint8Array(0),
    key: "",
    string: "",
  };
  const filled: Plain = {};
  for (const [field, [, type, label]] of rowsOf(name)) {
    const value = message[field];
    const isMessage = type in MESSAGES;
    const inner = (item: unknown): unknown =>
      isMessage ? withZeros(type as MessageName, item as Plain) : item;
    if (label === "repeated") filled[field] = ((value ?? []) as unknown[]).map(inner);
    else if (value !== undefined) filled[field] = inner(value);
    else filled[field] = isMessage || label === "oneof" ? null : zeros[scalarOf(type) ?? ""];
  }
  return filled;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
