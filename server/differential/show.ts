// Messages of the wire as one line of text, for people and for comparing: what is zero is left out,
// as on the wire, and what two servers cannot have in common is replaced by a word.

import type { Bytes } from "../../core/contract.ts";
import { fromBytes, quote, toBytes } from "../../core/lib/bytes.ts";
import { crc32c } from "../../core/lib/crc32c.ts";
import type { Int64 } from "../../net/wire/varint.ts";
import { CHOSEN } from "./step.ts";

/** Seconds that a sequence cannot last: a lease has lost less since it was granted, or since a new
 *  leader gave it some more, which etcd shows and detcd does not. */
const MOMENT_SECONDS = 60;

/** The message with its ids and times in a form that both servers share. */
export function common(message: unknown, chosen: readonly bigint[]): unknown {
  if (Array.isArray(message)) return message.map((each) => common(each, chosen));
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) {
    return message;
  }
  const fields = Object.entries(message).map(([name, value]): [string, unknown] => {
    if (name === "header") return [name, commonHeader(value as Header | null)];
    if (name === "token") return [name, value === "" ? "" : "one"];
    if (name === "id" || name === "lease") return [name, commonId(value as Int64, chosen)];
    if (name === "leases") return [name, sorted(common(value, chosen) as readonly unknown[])];
    if (name === "keys" && Array.isArray(value)) return [name, sorted(value)];
    return [name, common(value, chosen)];
  });
  const { ttl, grantedTtl } = message as { ttl?: unknown; grantedTtl?: unknown };
  if (typeof ttl === "number" && typeof grantedTtl === "number" && grantedTtl > 0) {
    const lost = grantedTtl - ttl; // below zero where etcd shows the grace of a new leader
    if (Math.abs(lost) < MOMENT_SECONDS) fields.push(["ttl", "nearly all"]);
  }
  return Object.fromEntries(fields);
}

export function show(value: unknown): string {
  if (value instanceof Uint8Array) return showBytes(fromBytes(value));
  if (typeof value === "string") return showBytes(value as Bytes);
  if (typeof value === "bigint" && value >= CHOSEN && value < CHOSEN + 1000n) {
    return `chosen${value - CHOSEN}`;
  }
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).filter(([, part]) => !isZero(part));
  return `{${fields.map(([name, part]) => `${name}: ${show(part)}`).join(", ")}}`;
}

function commonId(id: Int64, chosen: readonly bigint[]): Int64 {
  const at = chosen.indexOf(BigInt(id));
  return at < 0 ? id : CHOSEN + BigInt(at);
}

type Header = Readonly<Record<"clusterId" | "memberId" | "raftTerm" | "revision", unknown>>;

/** Whether the servers say who they are must be the same; who they are is not. */
function commonHeader(header: Header | null): unknown {
  if (header === null) return null;
  const { clusterId, memberId, raftTerm, revision } = header;
  const said = { cluster: clusterId, member: memberId, term: raftTerm };
  const names = Object.entries(said).flatMap(([name, id]) => (isZero(id) ? [] : [name]));
  return { revision, names: names.length === 3 ? "all" : names.join(" ") };
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return list.toSorted((a, b) => (show(a) < show(b) ? -1 : 1));
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return value === 0 || value === false || value === "" || value === null || value === undefined;
}

function showBytes(bytes: Bytes): string {
  if (bytes.length < 200) return `"${quote(bytes)}"`;
  return `${bytes.length} bytes with crc ${crc32c(toBytes(bytes))}`;
}
