// Between the symbols of steps and what one server calls the same: the ids of leases that it chose,
// its members, their URLs, tokens, and the revision at which the sequence began.

import type { Bytes } from "../../../core/contract.ts";
import type { MessageName } from "../../../net/wire/messages/etcd-messages.ts";
import type { Int64 } from "../../../net/wire/protobuf/varint.ts";
import { show } from "./show.ts";
import { CHOSEN, MEMBER, REIGN, RELATIVE_BELOW } from "./symbols.ts";

/** Of one side. */
export type Given = Readonly<{
  leases: bigint[]; // that it chose the ids of
  members: bigint[]; // the first, then those that were added
  urls: Map<string, string>; // of the first, with their symbols
  tokens: Map<string, string>; // the last of each user
  reigns: Map<Bytes, number>; // when the key of an election was created
}>;

/** Seconds that a sequence cannot last: a lease has lost less since it was granted, or since a new
 *  leader gave it some more, which etcd shows and detcd does not. */
const MOMENT_SECONDS = 60;

const REVISIONS: readonly string[] = [
  "revision",
  "startRevision",
  "modRevision",
  "createRevision",
  "minModRevision",
  "maxModRevision",
  "minCreateRevision",
  "maxCreateRevision",
  "rev",
];
const IDS: readonly string[] = ["id", "lease", "memberId", "leader"];
const UNORDERED: readonly string[] = ["leases", "members", "alarms", "errors"];
/** What no two servers have in common. */
const OWN: Partial<Record<MessageName, readonly string[]>> = {
  HashResponse: ["hash"],
  StatusResponse: [
    "version",
    "leader",
    "dbSize",
    "dbSizeInUse",
    "raftIndex",
    "raftTerm",
    "raftAppliedIndex",
    "storageVersion",
    "dbSizeQuota",
    "downgradeInfo",
  ],
};

export function nothingGiven(): Given {
  return {
    leases: [],
    members: [],
    urls: new Map(),
    tokens: new Map(),
    reigns: new Map(),
  };
}

/** The message as it is said to the side to which this was given. */
export function resolve<T>(message: T, base: number, given: Given): T {
  if (Array.isArray(message)) return message.map((each) => resolve(each, base, given)) as T;
  if (typeof message === "bigint") return idOf(message, given) as T;
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) {
    return message;
  }
  const { key } = message as { key?: Bytes };
  const fields = Object.entries(message).map(([name, value]): [string, unknown] => {
    if (name === "peerUrls") return [name, urlsOf(value as readonly string[], given)];
    if (typeof value !== "number" || !REVISIONS.includes(name)) {
      return [name, resolve(value, base, given)];
    }
    if (value === REIGN) return [name, given.reigns.get(key ?? ("" as Bytes)) ?? base];
    return [name, value > 0 && value < RELATIVE_BELOW ? base + value - 1 : value];
  });
  return Object.fromEntries(fields) as T;
}

function idOf(symbol: bigint, { leases, members }: Given): bigint {
  return leases[Number(symbol - CHOSEN)] ?? members[Number(symbol - MEMBER)] ?? symbol;
}

function urlsOf(symbols: readonly string[], { urls }: Given): readonly string[] {
  return symbols.map((symbol) => {
    return [...urls].find(([, each]) => each === symbol)?.[0] ?? symbol;
  });
}

/** The message with its ids and times in a form that both servers share. */
export function common(message: unknown, given: Given, name: MessageName | null = null): unknown {
  if (Array.isArray(message)) return message.map((each) => common(each, given));
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) {
    return message;
  }
  const own = name === null ? [] : (OWN[name] ?? []);
  const fields = Object.entries(message).map(([field, value]): [string, unknown] => {
    return [field, own.includes(field) ? 0 : commonField(field, value, given)];
  });
  const { ttl, grantedTtl } = message as { ttl?: unknown; grantedTtl?: unknown };
  if (typeof ttl === "number" && typeof grantedTtl === "number" && grantedTtl > 0) {
    const lost = grantedTtl - ttl; // below zero where etcd shows the grace of a new leader
    if (Math.abs(lost) < MOMENT_SECONDS) fields.push(["ttl", "nearly all"]);
  }
  return Object.fromEntries(fields);
}

function commonField(name: string, value: unknown, given: Given): unknown {
  if (name === "header") return commonHeader(value as Header | null);
  if (name === "token") return value === "" ? "" : "one";
  if (IDS.includes(name) && typeof value !== "object") return symbolOf(value as Int64, given);
  if (name === "keys" && Array.isArray(value)) return sorted(value);
  if (name === "errors") return sorted((value as readonly string[]).map(withoutIds));
  if (UNORDERED.includes(name)) return sorted(common(value, given) as readonly unknown[]);
  if (name === "peerUrls" || name === "clientUrls") {
    return (value as readonly string[]).map((url) => given.urls.get(url) ?? url);
  }
  return common(value, given);
}

function symbolOf(id: Int64, { leases, members }: Given): Int64 {
  const lease = leases.indexOf(BigInt(id));
  if (lease >= 0) return CHOSEN + BigInt(lease);
  const member = members.indexOf(BigInt(id));
  return member < 0 ? id : MEMBER + BigInt(member);
}

type Header = Readonly<Record<"clusterId" | "memberId" | "raftTerm" | "revision", unknown>>;

/** Whether the servers say who they are must be the same; who they are is not. */
function commonHeader(header: Header | null): unknown {
  if (header === null) return null;
  const { clusterId, memberId, raftTerm, revision } = header;
  const said = { cluster: clusterId, member: memberId, term: raftTerm };
  const names = Object.entries(said).flatMap(([name, id]) => (id === 0 ? [] : [name]));
  return { revision, names: names.length === 3 ? "all" : names.join(" ") };
}

/** Of a member's complaint. */
function withoutIds(text: string): string {
  return text.replace(/memberID:\d+/, "memberID");
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return list.toSorted((a, b) => (show(a) < show(b) ? -1 : 1));
}
