// The pages of a bbolt file, the format in which etcd keeps its data and gives its snapshots.
//
//   page      0  id u64   8  flags u16   10  count u16   12  overflow u32 (pages that follow)
//   meta     16  magic, version, page size, flags: u32 each
//            32  root bucket: page u64, sequence u64
//            48  freelist page, high-water mark, transaction: u64 each
//            72  FNV-1a-64 of the 56 bytes before
//   branch   16  per child: position u32, key length u32, page u64; then the keys
//   leaf     16  per item: flags u32, position u32, key and value length u32; then keys and values
//
// All little-endian. Positions count from the element that holds them. The value of an item with
// the bucket flag is a root page and a sequence, and if that page is 0, one leaf page in place.

import type { Bytes } from "../../core/contract.ts";

export const PAGE_BYTES = 4096;
export const HEADER_BYTES = 16;
export const BRANCH_BYTES = 16;
export const LEAF_BYTES = 16;
export const META_BYTES = 80;
export const BUCKET_BYTES = 16;

export const FLAG = { branch: 1, leaf: 2, meta: 4, freelist: 16 } as const;
export const BUCKET_ITEM = 1;
export const FIRST_PAGES = 3; // two metas and the freelist

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

export type Meta = Readonly<{
  pageBytes: number;
  root: number;
  freelist: number | null; // null: none was written
  pages: number; // the high-water mark: no page in use is at or above it
  transaction: number;
}>;

export function encodeMeta(id: number, meta: Meta): Uint8Array {
  const page = new Uint8Array(meta.pageBytes);
  const view = viewOf(page);
  writeHeader(page, { id, flags: FLAG.meta, count: 0, overflow: 0 });
  view.setUint32(16, MAGIC, true);
  view.setUint32(20, VERSION, true);
  view.setUint32(24, meta.pageBytes, true);
  view.setBigUint64(32, BigInt(meta.root), true);
  const freelist = meta.freelist === null ? NO_FREELIST : BigInt(meta.freelist);
  view.setBigUint64(48, freelist, true);
  view.setBigUint64(56, BigInt(meta.pages), true);
  view.setBigUint64(64, BigInt(meta.transaction), true);
  view.setBigUint64(72, fnv(page.subarray(16, 72)), true);
  return page;
}

/** Null: not a meta page, or a damaged one. */
export function decodeMeta(page: Uint8Array): Meta | null {
  if (page.length < META_BYTES) return null;
  const view = viewOf(page);
  if (view.getUint32(16, true) !== MAGIC || view.getUint32(20, true) !== VERSION) return null;
  if (view.getBigUint64(72, true) !== fnv(page.subarray(16, 72))) return null;
  const freelist = view.getBigUint64(48, true);
  return {
    pageBytes: view.getUint32(24, true),
    root: wordAt(view, 32),
    freelist: freelist === NO_FREELIST ? null : Number(freelist),
    pages: wordAt(view, 56),
    transaction: wordAt(view, 64),
  };
}

export type Header = Readonly<{ id: number; flags: number; count: number; overflow: number }>;

export function writeHeader(page: Uint8Array, { id, flags, count, overflow }: Header): void {
  const view = viewOf(page);
  view.setBigUint64(0, BigInt(id), true);
  view.setUint16(8, flags, true);
  view.setUint16(10, count, true);
  view.setUint32(12, overflow, true);
}

export function readHeader(page: Uint8Array): Header {
  const view = viewOf(page);
  return {
    id: wordAt(view, 0),
    flags: view.getUint16(8, true),
    count: view.getUint16(10, true),
    overflow: view.getUint32(12, true),
  };
}

export function encodeBucket(root: number): Uint8Array {
  const value = new Uint8Array(BUCKET_BYTES);
  viewOf(value).setBigUint64(0, BigInt(root), true);
  return value;
}

export function writeKey(page: Uint8Array, at: number, key: Bytes): void {
  for (let index = 0; index < key.length; index++) page[at + index] = key.charCodeAt(index);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number above 2^53 loses its last bits and stays above every page that a file can have. */
export function wordAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function fnv(bytes: Uint8Array): bigint {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}
