// Reads a bbolt file, whoever wrote it and whatever has happened to it since. Nothing in the file
// is believed: a number that points nowhere, a page that comes twice or keys out of order end the
// reading with a sentence. Pages have no checksums, so a changed value may pass unnoticed here; the
// hash behind a snapshot is for that.

import type { Bytes, Result } from "../../core/contract.ts";
import { EMPTY, fromBytes } from "../../core/lib/bytes.ts";
import {
  BRANCH_BYTES,
  BUCKET_BYTES,
  BUCKET_ITEM,
  decodeMeta,
  FLAG,
  HEADER_BYTES,
  LEAF_BYTES,
  type Meta,
  META_BYTES,
  readHeader,
  viewOf,
  wordAt,
} from "./format.ts";

/** The bytes of a file. `read` may give fewer than asked for, at the end. */
export type Source = Readonly<{
  sizeBytes: number;
  read: (at: number, length: number) => Uint8Array;
}>;

export type Bolt = Readonly<{ source: Source; meta: Meta }>;

/** One reading of a file. `trouble` is set when it had to stop; look at it at the end. */
export type Reading = { readonly bolt: Bolt; readonly seen: Uint8Array; trouble: string | null };

/** The pairs must be read to their end before the next bucket is asked for. */
export type FoundBucket = Readonly<{
  name: Bytes;
  pairs: Iterable<readonly [key: Bytes, value: Uint8Array]>;
}>;

type Item = Readonly<{ key: Bytes; value: Uint8Array; isBucket: boolean }>;

const PAGE_BYTES_LEAST = 1024;
const PAGE_BYTES_MOST = 64 * 1024;
const HEIGHT_MAX = 32;

export function openBolt(source: Source): Result<Bolt, string> {
  const meta = newestMeta(source);
  if (meta === null) return failed("it is no bbolt file, or both of its meta pages are damaged");
  const { pageBytes, pages } = meta;
  if (!isPageSize(pageBytes)) return failed(`its pages would have ${pageBytes} bytes`);
  if (pages * pageBytes > source.sizeBytes) {
    const found = `it has ${source.sizeBytes} bytes`;
    return failed(`${found}, but its pages take ${pages * pageBytes}: its end is missing`);
  }
  return { ok: true, value: { source, meta } };
}

export function startReading(bolt: Bolt): Reading {
  return { bolt, seen: new Uint8Array(Math.ceil(bolt.meta.pages / 8)), trouble: null };
}

/** Every bucket, by name; those within buckets are refused, because etcd has none. */
export function* bucketsIn(reading: Reading): Generator<FoundBucket, void> {
  for (const { key, value, isBucket } of itemsIn(reading, reading.bolt.meta.root)) {
    if (!isBucket) return stop(reading, "it holds a pair outside of every bucket");
    yield { name: key, pairs: pairsIn(reading, value) };
    if (reading.trouble !== null) return;
  }
}

/** Null when every page that is in use makes sense. */
export function checkBolt(bolt: Bolt): string | null {
  const reading = startReading(bolt);
  for (const { pairs } of bucketsIn(reading)) for (const pair of pairs) void pair;
  return reading.trouble;
}

function newestMeta(source: Source): Meta | null {
  const first = decodeMeta(source.read(0, META_BYTES));
  let second: Meta | null = null;
  for (let size = PAGE_BYTES_LEAST; size <= PAGE_BYTES_MOST && second === null; size *= 2) {
    second = decodeMeta(source.read(size, META_BYTES));
  }
  if (first === null || second === null) return first ?? second;
  return first.transaction > second.transaction ? first : second;
}

function isPageSize(bytes: number): boolean {
  const isPower = (bytes & (bytes - 1)) === 0;
  return isPower && bytes >= PAGE_BYTES_LEAST && bytes <= PAGE_BYTES_MOST;
}

function* pairsIn(
  reading: Reading,
  bucket: Uint8Array,
): Generator<readonly [key: Bytes, value: Uint8Array], void> {
  if (bucket.length < BUCKET_BYTES) return stop(reading, "a bucket has no root");
  const root = wordAt(viewOf(bucket), 0);
  const items = root === 0 ? itemsInPlace(reading, bucket) : itemsIn(reading, root);
  for (const { key, value, isBucket } of items) {
    if (isBucket) return stop(reading, "it holds a bucket within a bucket");
    yield [key, value];
  }
}

/** A small bucket lies within its item, as one leaf page. */
function itemsInPlace(reading: Reading, bucket: Uint8Array): Iterable<Item> {
  const page = bucket.subarray(BUCKET_BYTES);
  if (page.length >= HEADER_BYTES && readHeader(page).flags === FLAG.leaf) {
    return ascending(reading, leafItems(reading, page));
  }
  stop(reading, "a bucket in place is damaged");
  return [];
}

function itemsIn(reading: Reading, root: number): Iterable<Item> {
  return ascending(reading, walk(reading, root, 0));
}

function* ascending(reading: Reading, items: Iterable<Item>): Generator<Item, void> {
  let before: Bytes = EMPTY;
  for (const item of items) {
    if (item.key <= before) return stop(reading, "the keys of a bucket are not in order");
    before = item.key;
    yield item;
  }
}

function* walk(reading: Reading, id: number, height: number): Generator<Item, void> {
  if (height > HEIGHT_MAX) return stop(reading, "its trees are too high");
  const page = readPage(reading, id);
  if (page === null) return;
  const { flags, count } = readHeader(page);
  if (flags === FLAG.leaf) return yield* leafItems(reading, page);
  if (flags !== FLAG.branch || count === 0) {
    return stop(reading, `page ${id} is neither a branch nor a leaf`);
  }
  if (HEADER_BYTES + count * BRANCH_BYTES > page.length) {
    return stop(reading, `page ${id} is too small for what it holds`);
  }
  const view = viewOf(page);
  for (let index = 0; index < count; index++) {
    yield* walk(reading, wordAt(view, HEADER_BYTES + index * BRANCH_BYTES + 8), height + 1);
    if (reading.trouble !== null) return;
  }
}

function* leafItems(reading: Reading, page: Uint8Array): Generator<Item, void> {
  const { count } = readHeader(page);
  const view = viewOf(page);
  if (HEADER_BYTES + count * LEAF_BYTES > page.length) {
    return stop(reading, "a leaf is too small for what it holds");
  }
  for (let index = 0; index < count; index++) {
    const element = HEADER_BYTES + index * LEAF_BYTES;
    const isBucket = (view.getUint32(element, true) & BUCKET_ITEM) !== 0;
    const from = element + view.getUint32(element + 4, true);
    const middle = from + view.getUint32(element + 8, true);
    const to = middle + view.getUint32(element + 12, true);
    if (to > page.length) return stop(reading, "an item reaches beyond its page");
    const key = fromBytes(page.subarray(from, middle));
    yield { key, value: page.subarray(middle, to), isBucket };
  }
}

/** The page with those that it overflows into; null is trouble. */
function readPage(reading: Reading, id: number): Uint8Array | null {
  const { source, meta } = reading.bolt;
  const { pageBytes } = meta;
  if (id < 2 || id >= meta.pages) return lost(reading, `it names page ${id}, which is not there`);
  const page = source.read(id * pageBytes, pageBytes);
  if (page.length < pageBytes) return lost(reading, `page ${id} cannot be read`);
  const { id: named, overflow } = readHeader(page);
  if (named !== id) return lost(reading, `page ${id} says that it is page ${named}`);
  if (id + overflow >= meta.pages) return lost(reading, `page ${id} reaches beyond the end`);
  for (let each = id; each <= id + overflow; each++) {
    const bit = 1 << (each & 7);
    const byte = reading.seen[each >> 3] ?? 0;
    if ((byte & bit) !== 0) return lost(reading, `page ${each} is in use twice`);
    reading.seen[each >> 3] = byte | bit;
  }
  if (overflow === 0) return page;
  const whole = source.read(id * pageBytes, (overflow + 1) * pageBytes);
  if (whole.length === (overflow + 1) * pageBytes) return whole;
  return lost(reading, `page ${id} cannot be read`);
}

function stop(reading: Reading, reason: string): void {
  reading.trouble ??= reason;
}

function lost(reading: Reading, reason: string): null {
  stop(reading, reason);
  return null;
}

function failed(error: string): Result<never, string> {
  return { ok: false, error };
}
