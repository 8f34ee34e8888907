// The check of one page of a store's file: that everything it points to lies within it, and what it
// names outside of it. See store-check.ts.

import {
  IS_LARGE,
  KEY_MAX,
  LARGE_VALUE,
  NODE_HEADER,
  PAGE_HEADER,
  u16,
  u32,
  u48,
  u64,
} from "./store-layout.ts";

/** `bytes`: the whole page. `transaction`: of the meta that reaches it. */
export type Page = Readonly<{
  number: number;
  bytes: Uint8Array;
  transaction: number;
  isOfFree: boolean; // of the tree of free pages, whose keys are numbers
}>;

/** A value in pages of its own. */
export type LargeValue = Readonly<{ page: number; pages: number; bytes: number }>;

/** What leaves say: how many rows, the large values, and short lists of free pages. */
export type Leaves = { rows: number; large: LargeValue[]; lists: Uint8Array[] };

export class Damage extends Error {}

export function checkHeader(page: Page, kind: number): void {
  const { bytes, number, transaction } = page;
  expectOf(page, u64(bytes, 0) === number, "says that it is another one");
  expectOf(page, u16(bytes, 18) === kind, "is of a wrong kind");
  // LMDB writes in place to what it takes for a page of its own transaction.
  expectOf(page, u64(bytes, 8) <= transaction, "is of a later transaction");
}

/** Adds the pages below it. */
export function checkBranch(page: Page, below: number[]): void {
  const { bytes } = page;
  const count = countNodes(page);
  let filled = 0;
  let before = 0;
  for (let at = 0; at < count; at++) {
    const node = nodeAt(page, at);
    filled += lengthOf(page, node, 0);
    // The first key of a branch is not used.
    if (at > 1) expectOf(page, isBefore(page, before, node), "has keys out of order");
    before = node;
    below.push(u48(bytes, node));
  }
  expectOf(page, filled === roomOf(page), "has nodes that overlap or are missing");
}

/** Adds what it holds. */
export function checkLeaf(page: Page, leaves: Leaves): void {
  const { bytes, isOfFree } = page;
  const count = countNodes(page);
  let filled = 0;
  let before = 0;
  for (let at = 0; at < count; at++) {
    const node = nodeAt(page, at);
    const size = u32(bytes, node);
    const flags = u16(bytes, node + 4);
    const keyLength = u16(bytes, node + 6);
    expectOf(page, flags === 0 || flags === IS_LARGE, "has a row of an unknown kind");
    expectOf(page, isOfFree ? keyLength === 8 : keyLength > 0, "has a key of a wrong length");
    filled += lengthOf(page, node, flags === IS_LARGE ? LARGE_VALUE : size);
    if (at > 0) expectOf(page, isBefore(page, before, node), "has keys out of order");
    before = node;
    const value = node + NODE_HEADER + keyLength;
    if (flags === IS_LARGE) leaves.large.push(readLarge(page, value, size));
    else if (isOfFree) leaves.lists.push(bytes.slice(value, value + size));
  }
  expectOf(page, filled === roomOf(page), "has nodes that overlap or are missing");
  leaves.rows += count;
}

export function expectOf(
  { number }: Pick<Page, "number">,
  holds: boolean,
  otherwise: string,
): void {
  if (!holds) throw new Damage(`page ${number} ${otherwise}`);
}

function countNodes(page: Page): number {
  const { bytes } = page;
  const [lower, upper] = [u16(bytes, 20), u16(bytes, 22)];
  const end = bytes.length - PAGE_HEADER;
  const isSound = lower > 0 && lower % 2 === 0 && lower <= upper && upper < end && upper % 2 === 0;
  expectOf(page, isSound, "has impossible bounds");
  return lower / 2;
}

function nodeAt(page: Page, at: number): number {
  const { bytes } = page;
  const node = PAGE_HEADER + u16(bytes, PAGE_HEADER + 2 * at);
  const isInside = node >= PAGE_HEADER + u16(bytes, 22) && node + NODE_HEADER <= bytes.length;
  expectOf(page, isInside && node % 2 === 0, "has a node outside of it");
  return node;
}

/** What it takes, rounded up as LMDB does. */
function lengthOf(page: Page, node: number, size: number): number {
  const { bytes } = page;
  const keyLength = u16(bytes, node + 6);
  const length = NODE_HEADER + keyLength + size;
  const isInside = keyLength <= KEY_MAX && node + length <= bytes.length;
  expectOf(page, isInside, "has a node that leads out of it");
  return length + (length % 2);
}

function roomOf({ bytes }: Page): number {
  return bytes.length - PAGE_HEADER - u16(bytes, 22);
}

function isBefore({ bytes, isOfFree }: Page, one: number, other: number): boolean {
  if (isOfFree) return u64(bytes, one + NODE_HEADER) < u64(bytes, other + NODE_HEADER);
  const [oneLength, otherLength] = [u16(bytes, one + 6), u16(bytes, other + 6)];
  const end = NODE_HEADER + Math.min(oneLength, otherLength);
  for (let at = NODE_HEADER; at < end; at++) {
    const difference = (bytes[one + at] as number) - (bytes[other + at] as number);
    if (difference !== 0) return difference < 0;
  }
  return oneLength < otherLength;
}

function readLarge(page: Page, value: number, bytes: number): LargeValue {
  const pages = u64(page.bytes, value + 16);
  const room = pages * page.bytes.length - PAGE_HEADER;
  expectOf(page, room >= bytes, "has a value that is longer than its pages");
  const isOld = u64(page.bytes, value + 8) <= page.transaction;
  expectOf(page, isOld, "has a value of a later transaction");
  return { page: u64(page.bytes, value), pages, bytes };
}
