// Sorted pairs → the pages of a bbolt file, in one direction and in little memory: what is open at
// any time is one leaf and, for each level above it, at most two branch pages.
//
//   meta  meta  freelist  │ bucket: leaf leaf … branch leaf … branch │ next bucket …  │ root bucket
//
// A meta page names the root and the size, and so do those who send a file piecemeal. Hence two
// passes over the same pairs: `measureBolt` lays the pages out, `writeBolt` does it again and makes
// their bytes.

import type { Bytes } from "../../core/contract.ts";
import { assert, must } from "../../core/lib/assert.ts";
import { EMPTY } from "../../core/lib/bytes.ts";
import {
  BRANCH_BYTES,
  BUCKET_ITEM,
  encodeBucket,
  encodeMeta,
  FIRST_PAGES,
  FLAG,
  HEADER_BYTES,
  LEAF_BYTES,
  PAGE_BYTES,
  viewOf,
  writeHeader,
  writeKey,
} from "./format.ts";

/** A bucket by its name; `pairs` may be asked for twice and must give the same both times. */
export type Bucket = Readonly<{
  name: Bytes;
  pairs: () => Iterable<readonly [key: Bytes, value: Uint8Array]>;
}>;

/** What the first pass finds. */
export type BoltSize = Readonly<{ pages: number; root: number; bytes: number }>;

type Item = Readonly<{ key: Bytes; value: Uint8Array; flags: number }>;
type Child = Readonly<{ key: Bytes; page: number }>;
type Page = Readonly<
  | { kind: "leaf"; id: number; length: number; items: readonly Item[] }
  | { kind: "branch"; id: number; length: number; children: readonly Child[] }
>;

/** The open end of one level. No branch page may have a single child, or bbolt fails when it
 *  deletes; so a full page waits until the next one has two. */
type Level = { full: Child[]; next: Child[]; closed: number };

/** Where the next page goes, and pages that are complete. */
type Layout = { nextPage: number; pages: Page[]; levels: Level[] };

/** Yields after every page, so that the caller may do something else. */
export function* measureBolt(buckets: readonly Bucket[]): Generator<undefined, BoltSize> {
  let last = { id: 0, length: 0 };
  for (const page of layOut(buckets)) {
    last = page;
    yield;
  }
  const pages = last.id + pagesFor(last.length);
  return { pages, root: last.id, bytes: pages * PAGE_BYTES };
}

/** The file, a page or a run of overflow pages at a time. */
export function* writeBolt(
  buckets: readonly Bucket[],
  { pages, root }: BoltSize,
): Generator<Uint8Array, void> {
  const meta = { pageBytes: PAGE_BYTES, root, freelist: 2, pages, transaction: 1 };
  yield encodeMeta(0, meta);
  yield encodeMeta(1, { ...meta, transaction: 0 });
  const freelist = new Uint8Array(PAGE_BYTES);
  writeHeader(freelist, { id: 2, flags: FLAG.freelist, count: 0, overflow: 0 });
  yield freelist;
  let end = FIRST_PAGES;
  for (const page of layOut(buckets)) {
    end = page.id + pagesFor(page.length);
    yield page.kind === "leaf" ? encodeLeaf(page) : encodeBranch(page);
  }
  assert(end === pages, `the file has ${end} pages, but was measured to have ${pages}`);
}

/** The pages behind the freelist, in the order of the file; the last one is the root. */
function* layOut(buckets: readonly Bucket[]): Generator<Page, void> {
  let nextPage = FIRST_PAGES;
  const roots: Item[] = [];
  for (const { name, pairs } of buckets) {
    const tree = yield* layOutTree(itemsOf(pairs()), nextPage);
    roots.push({ key: name, value: encodeBucket(tree.root), flags: BUCKET_ITEM });
    nextPage = tree.nextPage;
  }
  yield* layOutTree(roots, nextPage);
}

function* itemsOf(pairs: ReturnType<Bucket["pairs"]>): Generator<Item, void> {
  for (const [key, value] of pairs) yield { key, value, flags: 0 };
}

type Tree = Readonly<{ root: number; nextPage: number }>;

function* layOutTree(items: Iterable<Item>, firstPage: number): Generator<Page, Tree> {
  const layout: Layout = { nextPage: firstPage, pages: [], levels: [] };
  let leaf: Item[] = [];
  let length = HEADER_BYTES;
  let before = EMPTY;
  for (const item of items) {
    assert(item.key > before, "the pairs of a bucket must come in the order of their keys");
    before = item.key;
    const more = LEAF_BYTES + item.key.length + item.value.length;
    if (leaf.length > 0 && length + more > PAGE_BYTES) {
      closeLeaf(layout, leaf, length);
      yield* taken(layout);
      leaf = [];
      length = HEADER_BYTES;
    }
    leaf.push(item);
    length += more;
  }
  closeLeaf(layout, leaf, length);
  const root = closeLevels(layout);
  yield* taken(layout);
  return { root, nextPage: layout.nextPage };
}

function taken(layout: Layout): readonly Page[] {
  const { pages } = layout;
  layout.pages = [];
  return pages;
}

function closeLeaf(layout: Layout, items: readonly Item[], length: number): void {
  const id = layout.nextPage;
  layout.pages.push({ kind: "leaf", id, length, items });
  layout.nextPage += pagesFor(length);
  addChild(layout, 0, { key: items[0]?.key ?? EMPTY, page: id });
}

function addChild(layout: Layout, height: number, child: Child): void {
  const level = (layout.levels[height] ??= { full: [], next: [], closed: 0 });
  const { full, next } = level;
  const fits = full.length < 2 || branchLength([...full, child]) <= PAGE_BYTES;
  if (next.length === 0 && fits) {
    full.push(child);
    return;
  }
  next.push(child);
  if (next.length < 2) return;
  level.full = next;
  level.next = [];
  closeBranch(layout, height, full);
}

function closeBranch(layout: Layout, height: number, children: readonly Child[]): void {
  const id = layout.nextPage;
  const length = branchLength(children);
  layout.pages.push({ kind: "branch", id, length, children });
  layout.nextPage += pagesFor(length);
  (layout.levels[height] as Level).closed += 1;
  const { key } = must(children[0], "a branch has children");
  addChild(layout, height + 1, { key, page: id });
}

/** Closes what is open, from the leaves up; the only page of its level is the root. */
function closeLevels(layout: Layout): number {
  for (let height = 0; ; height++) {
    const { full, next, closed } = must(layout.levels[height], "each page has a level above it");
    const [only] = full;
    if (closed === 0 && full.length === 1 && only !== undefined) return only.page;
    if (next.length === 0) closeBranch(layout, height, full);
    else if (full.length === 2) closeBranch(layout, height, [...full, ...next]);
    else {
      closeBranch(layout, height, full.slice(0, -1));
      closeBranch(layout, height, [...full.slice(-1), ...next]);
    }
  }
}

function branchLength(children: readonly Child[]): number {
  let length = HEADER_BYTES;
  for (const { key } of children) length += BRANCH_BYTES + key.length;
  return length;
}

function encodeLeaf({ id, length, items }: Extract<Page, { kind: "leaf" }>): Uint8Array {
  const page = createPage(id, FLAG.leaf, items.length, length);
  const view = viewOf(page);
  let at = HEADER_BYTES + items.length * LEAF_BYTES;
  for (const [index, { key, value, flags }] of items.entries()) {
    const element = HEADER_BYTES + index * LEAF_BYTES;
    view.setUint32(element, flags, true);
    view.setUint32(element + 4, at - element, true);
    view.setUint32(element + 8, key.length, true);
    view.setUint32(element + 12, value.length, true);
    writeKey(page, at, key);
    page.set(value, at + key.length);
    at += key.length + value.length;
  }
  return page;
}

function encodeBranch({ id, length, children }: Extract<Page, { kind: "branch" }>): Uint8Array {
  const page = createPage(id, FLAG.branch, children.length, length);
  const view = viewOf(page);
  let at = HEADER_BYTES + children.length * BRANCH_BYTES;
  for (const [index, { key, page: child }] of children.entries()) {
    const element = HEADER_BYTES + index * BRANCH_BYTES;
    view.setUint32(element, at - element, true);
    view.setUint32(element + 4, key.length, true);
    view.setBigUint64(element + 8, BigInt(child), true);
    writeKey(page, at, key);
    at += key.length;
  }
  return page;
}

function createPage(id: number, flags: number, count: number, length: number): Uint8Array {
  const pages = pagesFor(length);
  const page = new Uint8Array(pages * PAGE_BYTES);
  writeHeader(page, { id, flags, count, overflow: pages - 1 });
  return page;
}

function pagesFor(length: number): number {
  return Math.ceil(length / PAGE_BYTES);
}
