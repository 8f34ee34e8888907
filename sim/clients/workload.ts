// What clients ask for. The n-th call of a client is a function of the seed, the client, n, and of
// what that client has learnt so far: nobody else's calls matter, so calls can be taken away one by
// one.

import type { Bytes, LeaseId, NodeId } from "../../core/contract.ts";
import { SORT_ORDERS, SORT_TARGETS } from "../../core/api/request.ts";
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  Request,
  Response,
  TxnRequest,
} from "../../core/api/request.ts";
import type { LeaderKey } from "../../core/api/request-concurrency.ts";
import { putOf as putTextOf, rangeOf } from "../../core/api/testing.ts";
import { must } from "../../core/lib/assert.ts";
import { fromText, prefixEnd, toBytes } from "../../core/lib/bytes.ts";
import { chooseLock } from "./lock-workload.ts";
import type { Micros } from "../run/frame.ts";
import type { CallName, ClientOptions, Mix } from "../options/options.ts";
import type { Fates } from "../world/random.ts";

/** What one client knows of the store. */
export type Memory = {
  revision: number;
  readonly modified: Map<Bytes, number>;
  leader: LeaderKey | null; // what its last campaign won
};

export function createMemory(): Memory {
  return { revision: 1, modified: new Map(), leader: null };
}

/** When this call is made, if its client is free then. */
export function plannedAt(fates: Fates, options: ClientOptions, name: CallName): Micros {
  const interval = options.intervalMs * 1000;
  const jitter = fates.below((interval >> 1) + 1, "planned", name.client, name.ordinal);
  const phase = fates.below(interval, "phase", name.client);
  return name.ordinal * interval + jitter + phase;
}

/** Asks for everything there is, linearizably: the last word of a run. */
export function readAll(): RangeRequest {
  return { ...READ, key: "\0" as Bytes, rangeEnd: "\0" as Bytes };
}

export function readOf(key: Bytes): RangeRequest {
  return { ...READ, key };
}

/** What the end of a lease does, if all and only these keys (ascending) hang on it. */
export function deletionOf(keys: readonly Bytes[], lease: LeaseId): TxnRequest {
  const target = { kind: "lease", operand: lease } as const;
  const starts = ["\0", ...keys.map((key) => `${key}\0`)];
  const others = starts.map((start, at) => {
    const rangeEnd = keys[at] ?? "\0"; // to the end of all keys
    return {
      key: start as Bytes,
      rangeEnd: rangeEnd as Bytes,
      result: "not_equal",
      target,
    } as const;
  });
  const own = keys.map((key) => compareOf(key, target));
  const success = keys.map((key) => {
    return { kind: "delete_range", key, rangeEnd: "" as Bytes, prevKv: false } as const;
  });
  return { kind: "txn", compare: [...own, ...others], success, failure: [] };
}

export function chooseRequest(
  fates: Fates,
  options: ClientOptions,
  name: CallName,
  memory: Memory,
): Request {
  const draw = (limit: number, what: string): number =>
    fates.below(limit, "call", name.client, name.ordinal, what);
  const key = keyOf(draw(options.keys, "key"));
  const value = valueOf(name, "", draw(8, "size"));
  switch (chooseKind(options.mix, draw)) {
    case "put":
      return { ...putOf(key, value), prevKv: draw(4, "prev") === 0 };
    case "get":
      return { ...READ, key };
    case "range":
      return { ...chooseRange(options.keys, draw) };
    case "serializable":
      return { ...chooseRange(options.keys, draw), serializable: true };
    case "historical": {
      const back = draw(20, "back");
      return { ...chooseRange(options.keys, draw), revision: Math.max(1, memory.revision - back) };
    }
    case "delete":
      return chooseDelete(key, draw);
    case "swap":
      return swapOf(key, value, memory.modified.get(key) ?? 0);
    case "txn":
      return chooseTxn(options.keys, name, draw);
    case "compact": {
      const revision = memory.revision - draw(8, "back");
      return { kind: "compact", revision, physical: draw(3, "physical") === 0 };
    }
    case "lease":
      return chooseLease(name, putOf(key, value), draw);
    case "alarm":
      return chooseAlarm(draw);
    case "lock":
      return chooseLock(name, value, memory.leader, draw);
    case "select":
      return chooseSelection(memory.revision, options.keys, draw);
    case "nested":
      return chooseNested(name, draw);
    case "hash":
      return { kind: "hash_kv", revision: Math.max(0, memory.revision - draw(6, "back")) };
    case "choice":
      return chooseChoice(memory.revision, draw);
  }
}

/** The leases of a client are its own, and few, so that ids come again. Every third one is a
 *  stranger's. */
function chooseLease(name: CallName, put: PutRequest, draw: Draw): Request {
  const owner = draw(3, "whose") === 0 ? name.client + 1 : name.client;
  const id = BigInt(1 + 10 * owner + draw(3, "lease")) as LeaseId;
  switch (draw(8, "lease call")) {
    case 0:
    case 1:
    case 2:
      return { kind: "lease_grant", id, ttlSeconds: 1 + draw(4, "ttl") };
    case 3:
      return { kind: "lease_revoke", id };
    case 4:
      return { kind: "lease_time_to_live", id, keys: true };
    default:
      return { ...put, lease: id };
  }
}

/** Mostly those of full stores, cleared; seldom the other kind, raised. */
function chooseAlarm(draw: Draw): Request {
  const memberId = BigInt(1 + draw(3, "alarm of")) as NodeId;
  const chance = draw(24, "alarm");
  if (chance === 0) return { kind: "alarm", action: "activate", memberId, alarm: "corrupt" };
  if (chance < 3) return { kind: "alarm", action: "get", memberId, alarm: "none" };
  const alarm = chance < 14 ? "corrupt" : "no_space";
  return { kind: "alarm", action: "deactivate", memberId, alarm };
}

/** What the answer to a call teaches its client. */
export function remember(memory: Memory, request: Request, response: Response): void {
  const { revision } = response.header;
  memory.revision = Math.max(memory.revision, revision);
  if (response.kind === "campaign") memory.leader = response.leader;
  if (request.kind === "put") memory.modified.set(request.key, revision);
  if (response.kind === "range" && (request.kind !== "range" || request.revision === 0)) {
    for (const kv of response.kvs) memory.modified.set(kv.key, kv.modRevision);
  }
  if (response.kind === "txn") {
    for (const inner of response.responses) {
      if (inner.kind !== "range") continue;
      for (const kv of inner.kvs) memory.modified.set(kv.key, kv.modRevision);
    }
  }
}

export type Draw = (limit: number, what: string) => number;

const READ: RangeRequest = rangeOf("");

function chooseKind(mix: Mix, draw: Draw): keyof Mix {
  const kinds = Object.keys(mix) as (keyof Mix)[]; // in the order of the options
  const total = kinds.reduce((sum, kind) => sum + mix[kind], 0);
  let left = draw(Math.max(1, total), "kind");
  for (const kind of kinds) {
    left -= mix[kind];
    if (left < 0) return kind;
  }
  return "get";
}

function chooseRange(keys: number, draw: Draw): RangeRequest {
  const all = { ...READ, key: fromText("k"), rangeEnd: must(prefixEnd(fromText("k")), "not 0xFF") };
  switch (draw(8, "form")) {
    case 0:
      return { ...READ, key: keyOf(draw(keys, "from")) };
    case 1:
      return { ...all, limit: 1 + draw(3, "limit") };
    case 2:
      return { ...all, countOnly: true };
    case 3:
      return { ...all, keysOnly: true };
    case 4:
      return { ...all, sortOrder: "descend", sortTarget: "key" };
    case 5:
      return { ...READ, key: keyOf(draw(keys, "from")), rangeEnd: "\0" as Bytes };
    default:
      return all;
  }
}

/** Every filter and order that a range knows, most of them off. */
function chooseSelection(revision: number, keys: number, draw: Draw): RangeRequest {
  const bound = (what: string): number =>
    draw(3, what) === 0 ? Math.max(1, revision - draw(15, `${what} back`)) : 0;
  return {
    ...chooseRange(keys, draw),
    sortOrder: SORT_ORDERS[draw(SORT_ORDERS.length, "order")] ?? "none",
    sortTarget: SORT_TARGETS[draw(SORT_TARGETS.length, "target")] ?? "key",
    limit: draw(2, "cut") * (1 + draw(3, "limit")),
    minModRevision: bound("min mod"),
    maxModRevision: bound("max mod"),
    minCreateRevision: bound("min create"),
    maxCreateRevision: bound("max create"),
    serializable: draw(6, "stale") === 0,
  };
}

/** A transaction in a transaction, over keys of its own: none may be written twice. */
function chooseNested(name: CallName, draw: Draw): TxnRequest {
  const [outer, inner, other] = ["kt0", "kt1", "kt2"].map(fromText) as [Bytes, Bytes, Bytes];
  const exists = { result: "greater", target: { kind: "version", operand: 0 } } as const;
  const has = (key: Bytes): Compare => ({ key, rangeEnd: "" as Bytes, ...exists });
  const drop = {
    kind: "delete_range",
    key: inner,
    rangeEnd: "kt3" as Bytes,
    prevKv: true,
  } as const;
  const nested: TxnRequest = {
    kind: "txn",
    compare: [has(inner)],
    success: [drop, { ...READ, key: inner, rangeEnd: "kt3" as Bytes }],
    failure: [
      putOf(inner, valueOf(name, "i", draw(8, "size"))),
      putOf(other, valueOf(name, "o", draw(8, "size"))),
    ],
  };
  const put = { ...putOf(outer, valueOf(name, "p", draw(8, "size"))), prevKv: true };
  const compare = draw(2, "guarded") === 0 ? [] : [has(outer)];
  return { kind: "txn", compare, success: [put, nested], failure: [nested, put] };
}

function chooseDelete(key: Bytes, draw: Draw): DeleteRangeRequest {
  const rangeEnd = draw(4, "wide") === 0 ? must(prefixEnd(key), "no key is all 0xFF") : "";
  const prevKv = draw(4, "prev") === 0;
  return { kind: "delete_range", key, rangeEnd: rangeEnd as Bytes, prevKv };
}

/** Puts if nobody has changed the key since this client saw it, and reads it otherwise. */
function swapOf(key: Bytes, value: Uint8Array, modified: number): TxnRequest {
  const unchanged = compareOf(key, { kind: "mod", operand: modified });
  const success = [putOf(key, value)];
  return { kind: "txn", compare: [unchanged], success, failure: [{ ...READ, key }] };
}

/** Several keys at one revision: two puts, a delete or a read between them, on either side of an
 *  if. */
function chooseTxn(keys: number, name: CallName, draw: Draw): TxnRequest {
  const at = draw(keys, "first");
  const first = keyOf(at);
  const second = keyOf((at + 1) % keys);
  const guard = compareOf(keyOf(draw(keys, "guard")), { kind: "version", operand: 0 });
  const compare = draw(3, "guarded") === 0 ? [] : [guard];
  const puts = [putOf(first, valueOf(name, "a", draw(8, "size")))];
  if (second !== first) puts.push(putOf(second, valueOf(name, "b", draw(8, "size"))));
  const failure: TxnRequest["failure"] = [
    { ...READ, key: first },
    { kind: "delete_range", key: second, rangeEnd: "" as Bytes, prevKv: false },
    { ...READ, key: second },
  ];
  return { kind: "txn", compare, success: [{ ...READ, key: second }, ...puts], failure };
}

/** All keys, if none of them was changed of late, and how many there are otherwise. */
function chooseChoice(revision: number, draw: Draw): TxnRequest {
  const keys = { key: fromText("k"), rangeEnd: fromText("l") };
  const operand = Math.max(1, revision + 2 - draw(6, "back"));
  const unchanged: Compare = { ...keys, result: "less", target: { kind: "mod", operand } };
  const failure = [{ ...READ, ...keys, countOnly: true }];
  return { kind: "txn", compare: [unchanged], success: [{ ...READ, ...keys }], failure };
}

function compareOf(key: Bytes, target: Compare["target"]): Compare {
  return { key, rangeEnd: "" as Bytes, result: "equal", target };
}

export function putOf(key: Bytes, value: Uint8Array): PutRequest {
  return { ...putTextOf("", ""), key, value };
}

function keyOf(number: number): Bytes {
  return fromText(`k${number}`);
}

/** No two puts of a run carry the same value, so that a value names its writer. */
function valueOf(name: CallName, part: string, size: number): Uint8Array {
  const text = `c${name.client}.${name.ordinal}${part}`;
  return toBytes(fromText(size < 6 ? text : text.padEnd(40 * size, ".")));
}
