// What a giant asks for: everything as large as it may be, now and then one more than that. The
// n-th call is a function of the seed, the giant, n, and of the revision that it has heard of.

import type {
  LeaseKeepAliveRequest,
  Request,
  RequestOp,
  TxnRequest,
} from "../../core/api/request.ts";
import { rangeOf } from "../../core/api/testing.ts";
import type { Limits } from "../../core/config.ts";
import type { Bytes } from "../../core/contract.ts";
import { fromText, prefixEnd } from "../../core/lib/bytes.ts";
import { must } from "../../core/lib/assert.ts";
import { encodeRequest } from "../../net/wire/methods/methods.ts";
import type { Sizes } from "../options/sizes.ts";
import { STOCK, STOCK_LEASE, stockKey } from "../cluster/initial-data.ts";
import type { Draw } from "./workload.ts";
import { putOf, readOf } from "./workload.ts";

export type Surroundings = Readonly<{
  name: string; // of this very call: no two puts carry the same value
  sizes: Sizes;
  limits: Limits;
  revision: number; // the highest that this giant has heard of
}>;

type Asked = Exclude<Request, LeaseKeepAliveRequest>;

const LENGTH_BYTES = 4; // what the length of a large value takes in a message
const PUT_BYTES = 32; // what a put takes besides its value, or so
const NO_VALUE = new Uint8Array(0);

export function chooseGiant(draw: Draw, around: Surroundings): Asked {
  switch (draw(15, "kind")) {
    case 0:
    case 1:
    case 2:
      return chooseRange(draw, around);
    case 3:
    case 4:
      return chooseDelete(draw, around);
    case 5:
      return putOfLimit(draw, around);
    case 6:
      return txnOfLimit(draw, around);
    case 7:
      return nestedOfLimit(draw, around);
    case 8:
      return chooseName(draw, around);
    case 9:
      return { kind: "compact", revision: around.revision, physical: draw(2, "physical") === 0 };
    case 10:
      return { kind: "hash_kv", revision: draw(2, "at") * around.revision };
    case 11:
      return { kind: "lease_time_to_live", id: STOCK_LEASE, keys: true };
    case 12:
      return { kind: "defragment" };
    case 13:
      return draw(4, "end") === 0
        ? { kind: "lease_revoke", id: STOCK_LEASE }
        : chooseRange(draw, around);
    default:
      return readTxn(draw, around);
  }
}

/** All of the stock, or most of it. */
function chooseRange(draw: Draw, { sizes, revision }: Surroundings): Asked {
  const from = draw(3, "from") === 0 ? stockKey(draw(sizes.keys + 1, "first")) : STOCK.key;
  const all = { ...rangeOf(""), key: from, rangeEnd: STOCK.end };
  switch (draw(9, "form")) {
    case 0:
      return { ...all, keysOnly: true };
    case 1:
      return { ...all, countOnly: true, revision: draw(2, "past") * Math.max(1, revision - 2) };
    case 2:
      return { ...all, sortOrder: "descend", sortTarget: "key" };
    case 3:
      return { ...all, sortOrder: "ascend", sortTarget: "value", limit: 10 };
    case 4:
      return { ...all, revision: Math.max(1, revision - draw(3, "back")) };
    case 5:
      return { ...all, limit: Math.max(1, sizes.keys - draw(3, "less")) };
    case 6:
      return { ...all, minModRevision: Math.max(1, revision - 5) };
    case 7:
      return { ...all, serializable: true };
    default:
      return all;
  }
}

/** One in ten of the keys, or all. */
function chooseDelete(draw: Draw, { sizes }: Surroundings): Asked {
  const prevKv = draw(3, "prev") === 0;
  const isWhole = draw(4, "whole") === 0;
  if (isWhole) return { kind: "delete_range", key: STOCK.key, rangeEnd: STOCK.end, prevKv };
  const digits = 7 - Math.max(1, Math.ceil(Math.log10(Math.max(10, sizes.keys))) - 1);
  const key = stockKey(draw(Math.max(1, sizes.keys), "key")).slice(0, STOCK.key.length + digits);
  const rangeEnd = must(prefixEnd(key as Bytes), "no key is all 0xFF");
  return { kind: "delete_range", key: key as Bytes, rangeEnd, prevKv };
}

/** A request of exactly as many bytes as it may have, or a few more or less. */
function putOfLimit(draw: Draw, { name, limits, sizes }: Surroundings): Asked {
  const key = nameOf(draw, sizes, "g/value", 3);
  const empty = encodeRequest(putOf(key, NO_VALUE)).length;
  const room = Math.max(0, limits.requestBytes - empty - LENGTH_BYTES);
  return putOf(key, valueOf(name, room + draw(5, "bytes") - 2));
}

/** As many operations as one may have, or one more. */
function txnOfLimit(draw: Draw, { name, limits, sizes }: Surroundings): TxnRequest {
  const count = limits.transactionOperations + Number(draw(6, "more") === 0);
  const first = draw(sizes.keys + 1, "first");
  const success = Array.from({ length: count }, (_, nth): RequestOp => {
    const key = stockKey(first + nth);
    if (nth % 5 === 4) return readOf(key);
    return putOf(key, valueOf(`${name}.${nth}`, shareOf(limits)));
  });
  return { kind: "txn", compare: [], success, failure: [] };
}

/** The last keys of the stock, as many as one may write at once. */
export function overwrite(
  name: string,
  { sizes, limits }: Pick<Surroundings, "sizes" | "limits">,
): TxnRequest {
  const count = Math.min(sizes.keys, limits.transactionOperations);
  const success = Array.from({ length: count }, (_, nth) =>
    putOf(stockKey(sizes.keys - 1 - nth), valueOf(`${name}.${nth}`, shareOf(limits))),
  );
  return { kind: "txn", compare: [], success, failure: [] };
}

/** The operations of all levels, one in the other, count together. */
function nestedOfLimit(draw: Draw, { name, limits }: Surroundings): TxnRequest {
  const depth = 2 + draw(4, "depth");
  const each = Math.floor(limits.transactionOperations / depth);
  let inner: TxnRequest | null = null;
  for (let level = 0; level < depth; level++) {
    const success: RequestOp[] = inner === null ? [] : [inner];
    while (success.length < each) {
      const key = fromText(`g/nested${level}.${success.length}`);
      success.push(putOf(key, valueOf(`${name}.${level}.${success.length}`, 0)));
    }
    inner = { kind: "txn", compare: [], success, failure: success };
  }
  return must(inner, "there are two levels or more");
}

/** Several ranges in one: what each would take, all of them take together. */
function readTxn(draw: Draw, { sizes }: Surroundings): TxnRequest {
  const success = Array.from({ length: 1 + draw(3, "ranges") }, (_, nth): RequestOp => {
    const key = stockKey(draw(sizes.keys + 1, `from ${nth}`));
    const limit = 1 + draw(Math.max(1, sizes.keys >> 1), `limit ${nth}`);
    return { ...rangeOf(""), key, rangeEnd: STOCK.end, limit };
  });
  return { kind: "txn", compare: [], success, failure: [] };
}

function chooseName(draw: Draw, { name, sizes }: Surroundings): Asked {
  const long = nameOf(draw, sizes, "g/name", 5);
  switch (draw(4, "of")) {
    case 0:
      return { kind: "role_add", name: long };
    case 1:
      return { kind: "role_delete", name: long };
    case 2:
      return { kind: "user_delete", name: long };
    default:
      return putOf(long, valueOf(name, 0));
  }
}

/** Of any length up to the longest: the edges lie where nobody thinks of them. */
function nameOf(draw: Draw, { nameBytes }: Sizes, prefix: string, kinds: number): Bytes {
  const length = draw(2, "full") === 0 ? nameBytes : draw(nameBytes + 1, "length");
  return fromText(`${prefix}${draw(kinds, "name")}`.padEnd(length, "x"));
}

/** So long are the values of as many puts as there may be, if all fit into one request. */
function shareOf({ requestBytes, transactionOperations }: Limits): number {
  return Math.max(0, Math.floor(requestBytes / transactionOperations) - PUT_BYTES);
}

function valueOf(name: string, length: number): Uint8Array {
  const value = new Uint8Array(Math.max(length, name.length));
  for (let at = 0; at < name.length; at++) value[at] = name.charCodeAt(at);
  return value;
}
