// Answers as text, for the conformance suite: every field that is not zero, so that a field nobody
// thought of cannot hide; and what is true before what has a value.

import type { Header, KeyValue } from "../api/request.ts";
import type { Bytes } from "../contract.ts";
import { fromBytes, quote } from "../lib/bytes.ts";
import { pushAll } from "../lib/lists.ts";

/** What a driver of the suite was told. */
export type Told = Readonly<
  | { kind: "response"; response: object & { readonly kind: string } }
  | { kind: "error"; code: number; message: string } // of a call, or at the end of a stream
  | { kind: "end" } // of a stream, in peace
  | { kind: "nothing" } // within the driver's patience
>;

/** The whole in one line, and one more for each thing in it, indented as deep as it lies. */
export function show(told: Told): readonly string[] {
  switch (told.kind) {
    case "response":
      return lines(told.response);
    case "error":
      return [`error ${told.code}: ${told.message}`];
    case "end":
      return ["end"];
    case "nothing":
      return ["nothing"];
  }
}

function lines(thing: object): readonly string[] {
  if (isKeyValue(thing)) return [keyValue(thing)];
  const shown = { kind: "", header: "" };
  const flags: string[] = [];
  const values: string[] = [];
  const below: string[] = [];
  for (const [name, value] of Object.entries(thing)) {
    if (name === "kind") shown.kind = value as string;
    else if (name === "header") shown.header = header(value as Header);
    else if (value === true) flags.push(name);
    else if (Array.isArray(value) && typeof value[0] === "object" && !isBytes(value[0])) {
      for (const item of value) pushAll(below, under(name, item as object));
    } else if (typeof value === "object" && value !== null && !isList(value)) {
      pushAll(below, under(name, value as object));
    } else values.push(field(name, value));
  }
  const words = [shown.kind, shown.header, ...flags.toSorted(byText), ...values];
  return [words.filter((word) => word !== "").join(" "), ...below];
}

function under(name: string, thing: object): readonly string[] {
  return lines(thing).map((line, at) => (at === 0 ? `  ${name}: ${line}` : `  ${line}`));
}

/** `@7`: a whole header; `~7`: nothing but a revision, as inside a transaction. */
function header({ clusterId, memberId, raftTerm, revision }: Header): string {
  const shown = revision === 0 ? "" : String(revision);
  if (clusterId !== 0n && memberId !== 0n && raftTerm > 0) return `@${shown}`;
  if (clusterId !== 0n || memberId !== 0n || raftTerm > 0) return `half-a-header@${shown}`;
  return revision === 0 ? "" : `~${shown}`;
}

function keyValue(kv: KeyValue): string {
  const { key, value, createRevision, modRevision, version, lease } = kv;
  const fields = { create: createRevision, mod: modRevision, version, lease };
  const shown = Object.entries(fields).map(([name, each]) => field(name, each));
  return [`${quote(key)}=${scalar(value)}`, ...shown].filter((word) => word !== "").join(" ");
}

function field(name: string, value: unknown): string {
  const nothing = value === 0 || value === 0n || value === "" || value === false || value === null;
  if (nothing || (isList(value) && value.length === 0)) return "";
  return `${name}=${scalar(value)}`;
}

function scalar(value: unknown): string {
  if (isBytes(value)) return isLong(value) ? `(${value.length} bytes)` : quote(fromBytes(value));
  if (Array.isArray(value)) return `[${value.map(scalar).join(",")}]`;
  return typeof value === "string" ? quoteText(value) : String(value);
}

/** Keys are bytes and words are text: spaces stay, what is not printable does not. */
function quoteText(text: string): string {
  return quote(text as Bytes).replaceAll("\\x20", " ");
}

function isKeyValue(thing: object): thing is KeyValue {
  return "createRevision" in thing && "modRevision" in thing && "value" in thing;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isList(value: unknown): value is readonly unknown[] | Uint8Array {
  return isBytes(value) || Array.isArray(value);
}

function isLong(value: Uint8Array): boolean {
  return value.length > 40;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
