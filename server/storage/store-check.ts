// Looks at a store's file before LMDB maps it. LMDB believes what it reads: a page that is not
// there ends the process by SIGBUS, an offset that leads out of a page by SIGSEGV, a list of free
// pages that names one in use destroys it later. So everything that it follows is followed here
// first: both metas, every page that the newer one reaches, once, with all bounds of its nodes,
// values that have pages of their own, and the lists of free pages.
//
// What it cannot see: bytes of keys and values that are others than were written. Keys that are out
// of order show; hashes of the members find the rest (--feature-gates=InitialCorruptCheck=true).
//
// Level by level, each in the order of its pages and in large pieces: as fast as the disk reads.

import * as fs from "node:fs";
import {
  DEPTH_MAX,
  FIRST_PAGE,
  FREE_FLAGS,
  META_BYTES,
  type Meta,
  NO_ROOT,
  PAGE,
  PAGE_HEADER,
  readMeta,
  ROWS_FLAGS,
  type Tree,
  u32,
  u64,
} from "./store-layout.ts";
import { checkBranch, checkHeader, checkLeaf, Damage, expectOf } from "./store-page.ts";
import type { LargeValue, Leaves, Page } from "./store-page.ts";

const PIECE_BYTES = 4 * 1024 * 1024;
/** To read over a gap is cheaper than to begin anew behind it. */
const GAP_BYTES = 128 * 1024;

type File = Readonly<{
  descriptor: number;
  meta: Meta;
  pages: number; // whole ones that are there
  piece: Uint8Array;
  known: Uint8Array; // of each page: UNKNOWN, IN_USE or FREE
}>;
const [UNKNOWN, IN_USE, FREE] = [0, 1, 2];

/** Null, or what is wrong with it. Errors of the system are thrown. */
export function findDamage(path: string): string | null {
  const descriptor = fs.openSync(path, "r");
  try {
    const { size } = fs.fstatSync(descriptor);
    if (size > 0) checkFile(descriptor, size); // an empty one is new: the log knows better
    return null;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

function checkFile(descriptor: number, size: number): void {
  const meta = newerMeta(descriptor);
  const pages = Math.floor(size / meta.pageBytes);
  const piece = new Uint8Array(PIECE_BYTES);
  const known = new Uint8Array(Math.min(meta.lastPage + 1, pages)).fill(UNKNOWN);
  const file: File = { descriptor, meta, pages, piece, known };
  const { large, lists } = checkTree(file, meta.free, true);
  checkTree(file, meta.rows, false);
  checkFreePages(file, [...lists, ...large.map((each) => readLarge(file, each))]);
}

function newerMeta(descriptor: number): Meta {
  const first = metaAt(descriptor, 0, 0);
  const second = metaAt(descriptor, 1, first.pageBytes);
  expect(first.pageBytes === second.pageBytes, "its two meta pages differ in the size of pages");
  const meta = first.transaction >= second.transaction ? first : second;
  const turn = meta === first ? 0 : 1; // transactions take turns
  expect(meta.transaction % 2 === turn, "a meta page is in the place of the other");
  expect(meta.lastPage >= 1 && meta.lastPage < 2 ** 48, "its meta page names an impossible end");
  return meta;
}

function metaAt(descriptor: number, page: number, offset: number): Meta {
  const bytes = Buffer.alloc(META_BYTES);
  const length = fs.readSync(descriptor, bytes, 0, META_BYTES, offset);
  expect(length === META_BYTES, "it is cut off within its meta pages");
  const meta = readMeta(bytes);
  if (meta === null) throw new Damage(`its meta page ${page} is none of LMDB's`);
  return meta;
}

function checkTree(file: File, tree: Tree, isOfFree: boolean): Leaves {
  const what = isOfFree ? "its tree of free pages" : "its tree of rows";
  expect(tree.flags === (isOfFree ? FREE_FLAGS : ROWS_FLAGS), `${what} has unknown flags`);
  expect(tree.depth <= DEPTH_MAX, `${what} is too deep`);
  expect((tree.depth === 0) === (tree.root === NO_ROOT), `${what} has a wrong root`);
  const leaves: Leaves = { rows: 0, large: [], lists: [] };
  let branchPages = 0;
  let level = tree.depth === 0 ? [] : [tree.root];
  for (let depth = 1; depth < tree.depth; depth++) {
    const below: number[] = [];
    forEachPage(file, level, isOfFree, (page) => {
      checkHeader(page, PAGE.branch);
      checkBranch(page, below);
    });
    branchPages += level.length;
    level = below;
  }
  forEachPage(file, level, isOfFree, (page) => {
    checkHeader(page, PAGE.leaf);
    checkLeaf(page, leaves);
  });
  expect(branchPages === tree.branchPages, `${what} has lost branches`);
  expect(level.length === tree.leafPages, `${what} has lost leaves`);
  expect(leaves.rows === tree.entries, `${what} has lost rows`);
  expect(checkLarge(file, leaves.large) === tree.overflowPages, `${what} has lost large values`);
  return leaves;
}

/** The number of their pages. */
function checkLarge(file: File, large: readonly LargeValue[]): number {
  let count = 0;
  const sorted = large.toSorted((one, other) => one.page - other.page);
  for (const { page, pages } of sorted) {
    for (let each = page + 1; each < page + pages; each++) claim(file, each);
    count += pages;
  }
  let at = 0;
  const heads = sorted.map(({ page }) => page);
  forEachPage(file, heads, false, (page) => {
    checkHeader(page, PAGE.overflow);
    const isSame = u32(page.bytes, 20) === sorted[at]?.pages;
    expectOf(page, isSame, "begins a value of another length");
    at += 1;
  });
  return count;
}

function readLarge({ descriptor, meta }: File, { page, bytes }: LargeValue): Uint8Array {
  const value = Buffer.alloc(bytes);
  const length = fs.readSync(descriptor, value, 0, bytes, page * meta.pageBytes + PAGE_HEADER);
  expect(length === bytes, `it is cut off behind page ${page}`);
  return value;
}

/** None of them is in use, none is free twice, and only they may lie behind the end of the file. */
function checkFreePages({ meta, pages, known }: File, lists: readonly Uint8Array[]): void {
  let behind = 0;
  const free = (number: number): void => {
    const isPossible = number >= FIRST_PAGE && number <= meta.lastPage;
    expectOf({ number }, isPossible, "is called free and cannot be there");
    if (number >= pages) behind += 1;
    else {
      expectOf({ number }, known[number] === UNKNOWN, "is called free and is not, or is so twice");
      known[number] = FREE;
    }
  };
  for (const list of lists) forEachFree(list, free);
  const missing = meta.lastPage + 1 - pages;
  expect(missing <= behind, `it is cut off: ${pages} of ${meta.lastPage + 1} pages are there`);
}

/** A list is a count and as many entries: a page, nothing (0), or the negative length of a row of
 *  pages that the next entry begins. */
function forEachFree(list: Uint8Array, visit: (page: number) => void): void {
  expect(list.length >= 8, "a list of its free pages is too short");
  const count = u64(list, 0);
  expect((count + 1) * 8 <= list.length, "a list of its free pages is too short");
  const { buffer, byteOffset } = list;
  const view = new DataView(buffer, byteOffset);
  for (let at = 1; at <= count; at++) {
    const entry = view.getBigInt64(8 * at, true);
    if (entry === 0n) continue;
    if (entry < 0n) at += 1;
    if (at > count) return; // the row begins in the next list
    const length = entry < 0n ? Number(-entry) : 1;
    const first = u64(list, 8 * at);
    for (let each = first; each < first + length; each++) visit(each);
  }
}

/** Each page is named once. */
function claim({ meta, pages, known }: File, number: number): void {
  const isPossible = number >= FIRST_PAGE && number <= meta.lastPage;
  expectOf({ number }, isPossible, "is named and cannot be there");
  expectOf({ number }, number < pages, "is named, and the file is cut off before it");
  expectOf({ number }, known[number] === UNKNOWN, "is named twice");
  known[number] = IN_USE;
}

/** Reads them in the order of the file. */
function forEachPage(
  file: File,
  numbers: readonly number[],
  isOfFree: boolean,
  visit: (page: Page) => void,
): void {
  for (const number of numbers) claim(file, number);
  const { descriptor, meta, piece } = file;
  const { pageBytes, transaction } = meta;
  const sorted = numbers.toSorted((one, other) => one - other);
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] as number;
    let end = at + 1;
    while (end < sorted.length && isNear(sorted, end, first, pageBytes)) end += 1;
    const length = ((sorted[end - 1] as number) + 1 - first) * pageBytes;
    const read = fs.readSync(descriptor, piece, 0, length, first * pageBytes);
    expect(read === length, `it is cut off behind page ${first}`);
    for (; at < end; at++) {
      const number = sorted[at] as number;
      const offset = (number - first) * pageBytes;
      const bytes = piece.subarray(offset, offset + pageBytes);
      visit({ number, bytes, transaction, isOfFree });
    }
  }
}

/** Whether the next page is read together with those from `first` on. */
function isNear(
  sorted: readonly number[],
  next: number,
  first: number,
  pageBytes: number,
): boolean {
  const [before, number] = [sorted[next - 1] as number, sorted[next] as number];
  if ((number - before) * pageBytes > GAP_BYTES) return false;
  return (number + 1 - first) * pageBytes <= PIECE_BYTES;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Damage(otherwise);
}
