// Profiles in the format that `go tool pprof`, Pyroscope and speedscope read: profile.proto of
// google/pprof, compressed. Stacks are trees here, as V8 gives them; a sample is a node of one.

import { gzipSync } from "node:zlib";
import { encoded, writeRun, writeVarint } from "../../../core/lib/binary.ts";
import type { Writer } from "../../../core/lib/binary.ts";

/** A function on a stack, from the root down. */
export type Frame = Readonly<{
  name: string;
  url: string;
  line: number;
  values: readonly number[]; // of this very stack, one for each kind
  children: readonly Frame[];
}>;

export type ProfileKind = Readonly<{ name: string; unit: string }>;

export type Profile = Readonly<{
  kinds: readonly ProfileKind[];
  period: number; // between two samples, in the unit of the last kind
  durationMs: number;
  root: Frame;
}>;

/** Field numbers of profile.proto. */
const PROFILE = {
  sampleType: 1,
  sample: 2,
  location: 4,
  functionOf: 5,
  strings: 6,
  durationNanos: 10,
  periodType: 11,
  period: 12,
} as const;

export function encodePprof(profile: Profile): Uint8Array {
  const strings = createTable<string>();
  strings.add("");
  const functions = createTable<string>();
  const samples: Uint8Array[] = [];
  const locations: Uint8Array[] = [];
  const visit = (frame: Frame, above: readonly number[]): void => {
    const [{ name, url, line }, known] = [frame, functions.size()];
    const id = functions.add(`${name}\n${url}\n${line}`) + 1;
    if (functions.size() > known) {
      const [named, file] = [strings.add(name === "" ? "(anonymous)" : name), strings.add(url)];
      locations.push(locationOf(id, line), functionOf(id, named, file, line));
    }
    const stack = [id, ...above]; // the leaf first
    if (frame.values.some((value) => value > 0)) samples.push(sampleOf(stack, frame.values));
    for (const child of frame.children) visit(child, stack);
  };
  for (const child of profile.root.children) visit(child, []);
  const types = profile.kinds.map(({ name, unit }) => typeOf(strings.add(name), strings.add(unit)));
  const bytes = encoded((writer) => {
    for (const type of types) writePart(writer, PROFILE.sampleType, type);
    for (const sample of samples) writePart(writer, PROFILE.sample, sample);
    for (const [at, part] of locations.entries()) {
      writePart(writer, at % 2 === 0 ? PROFILE.location : PROFILE.functionOf, part);
    }
    for (const text of strings.all()) writePart(writer, PROFILE.strings, Buffer.from(text));
    writeNumber(writer, PROFILE.durationNanos, Math.round(profile.durationMs * 1e6));
    writePart(writer, PROFILE.periodType, types.at(-1) as Uint8Array);
    writeNumber(writer, PROFILE.period, profile.period);
  });
  return gzipSync(bytes);
}

function typeOf(name: number, unit: number): Uint8Array {
  return encoded((writer) => {
    writeNumber(writer, 1, name);
    writeNumber(writer, 2, unit);
  });
}

function sampleOf(stack: readonly number[], values: readonly number[]): Uint8Array {
  return encoded((writer) => {
    for (const id of stack) writeNumber(writer, 1, id);
    for (const value of values) writeNumber(writer, 2, value);
  });
}

/** One for each function: a profile of V8 says where a function begins. */
function locationOf(id: number, line: number): Uint8Array {
  const place = encoded((writer) => {
    writeNumber(writer, 1, id);
    writeNumber(writer, 2, line);
  });
  return encoded((writer) => {
    writeNumber(writer, 1, id);
    writePart(writer, 4, place);
  });
}

function functionOf(id: number, name: number, file: number, line: number): Uint8Array {
  return encoded((writer) => {
    for (const [at, value] of [id, name, name, file, line].entries()) {
      writeNumber(writer, at + 1, value);
    }
  });
}

function writeNumber(writer: Writer, field: number, value: number): void {
  writeVarint(writer, field * 8);
  writeVarint(writer, value);
}

function writePart(writer: Writer, field: number, bytes: Uint8Array): void {
  writeVarint(writer, field * 8 + 2);
  writeRun(writer, bytes);
}

type Table<T> = Readonly<{
  add: (item: T) => number;
  size: () => number;
  all: () => readonly T[];
}>;

/** Numbers things in the order in which they are first seen. */
function createTable<T>(): Table<T> {
  const places = new Map<T, number>();
  const add = (item: T): number => {
    const place = places.get(item) ?? places.size;
    places.set(item, place);
    return place;
  };
  return { add, size: () => places.size, all: () => [...places.keys()] };
}
