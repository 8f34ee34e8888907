// How LMDB lays out a file, as far as its check reads it (store-check.ts): the 64-bit,
// little-endian form of lmdb-js's own LMDB. Pages 0 and 1 are metas, of which the later
// transaction's counts. Each roots two trees: one of free pages, one of rows.
//
//   page   number u64 │ transaction u64 │ pad u16 │ flags u16 │ lower u16, upper u16 │ …
//   tree   slots u16 from the header to `lower`, nodes from `upper` to the end
//   node   size u32, or child u48 │ flags u16 │ key length u16 │ key │ value
//   large  a value in pages of its own: the node holds page u64, transaction u64, count u64

export const PAGE_HEADER = 24;
export const NODE_HEADER = 8;
export const LARGE_VALUE = 24;
export const META_BYTES: number = PAGE_HEADER + 144;
export const FIRST_PAGE = 2;
export const DEPTH_MAX = 32; // LMDB's cursors have no more room
export const KEY_MAX = 1978; // lmdb-js's
export const NO_ROOT: number = 2 ** 64; // as near as a number comes to 2^64-1

export const PAGE = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
export const IS_LARGE = 0x01;
export const FREE_FLAGS = 0x08; // its keys are integers
export const ROWS_FLAGS = 0;

const MAGIC = 0xbeefc0de;
const VERSION = 2;

export type Tree = Readonly<{
  flags: number;
  depth: number;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
  root: number;
}>;

export type Meta = Readonly<{
  pageBytes: number;
  free: Tree;
  rows: Tree;
  lastPage: number;
  transaction: number;
}>;

/** `bytes`: a page's first META_BYTES. Null: this is no meta page. */
export function readMeta(bytes: Uint8Array): Meta | null {
  const at = PAGE_HEADER;
  const isMeta = (u16(bytes, 18) & PAGE.meta) !== 0;
  if (!isMeta || u32(bytes, at) !== MAGIC) return null;
  if ((u32(bytes, at + 4) & 0xffff) !== VERSION) return null;
  const pageBytes = u32(bytes, at + 24);
  const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < 512 || pageBytes > 65_536 || !isPowerOfTwo) return null;
  return {
    pageBytes,
    free: readTree(bytes, at + 24),
    rows: readTree(bytes, at + 72),
    lastPage: u64(bytes, at + 120),
    transaction: u64(bytes, at + 128),
  };
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) + u16(bytes, at + 2) * 2 ** 16;
}

export function u48(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u16(bytes, at + 4) * 2 ** 32;
}

/** Exact up to 2^53; beyond, large enough to be out of every bound. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * 2 ** 32;
}

function readTree(bytes: Uint8Array, at: number): Tree {
  return {
    flags: u16(bytes, at + 4),
    depth: u16(bytes, at + 6),
    branchPages: u64(bytes, at + 8),
    leafPages: u64(bytes, at + 16),
    overflowPages: u64(bytes, at + 24),
    entries: u64(bytes, at + 32),
    root: u64(bytes, at + 40),
  };
}
