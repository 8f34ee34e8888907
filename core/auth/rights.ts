// What a user may read and write: two unions of ranges of keys. A range is allowed where it lies
// in the union as a whole, even across the borders of what was granted.

import type { Bytes } from "../contract.ts";
import { PERMISSION } from "../api/request-auth.ts";
import type { Permission } from "../api/request-auth.ts";
import { ABOVE_ALL } from "../lib/bytes.ts";

export type Rights = Readonly<{ read: Ranges; write: Ranges }>;
export type Access = keyof Rights;

/** Ascending, apart from each other. */
type Ranges = readonly Range[];
type Range = Readonly<{ from: Bytes; to: Bytes }>;

/** As in etcd, "\0" as an end means that there is none. */
const OPEN_END = "\0";

export function rightsOf(permissions: readonly Permission[]): Rights {
  return {
    read: unionOf(permissions.filter(({ type }) => isOneOf(type, PERMISSION.READ))),
    write: unionOf(permissions.filter(({ type }) => isOneOf(type, PERMISSION.WRITE))),
  };
}

export function allows(rights: Rights, access: Access, key: Bytes, rangeEnd: Bytes): boolean {
  const { from, to } = rangeOf(key, rangeEnd);
  const holder = lastFrom(rights[access], from);
  return holder !== null && from < holder.to && to <= holder.to && to > holder.from;
}

/** What etcd lets into a role. */
export function isGrantable({ key, rangeEnd }: Permission): boolean {
  if (key === "") return false;
  return rangeEnd === "" || rangeEnd === OPEN_END || key < rangeEnd;
}

function isOneOf(type: number, wanted: number): boolean {
  return type === wanted || type === PERMISSION.READWRITE;
}

function rangeOf(key: Bytes, rangeEnd: Bytes): Range {
  if (rangeEnd === "") return { from: key, to: (key + "\0") as Bytes };
  return { from: key, to: rangeEnd === OPEN_END ? ABOVE_ALL : rangeEnd };
}

function unionOf(permissions: readonly Permission[]): Ranges {
  const sorted = permissions
    .map(({ key, rangeEnd }) => rangeOf(key, rangeEnd))
    .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const union: Range[] = [];
  for (const range of sorted) {
    const last = union.at(-1);
    if (last === undefined || last.to < range.from) union.push(range);
    else if (range.to > last.to) union[union.length - 1] = { from: last.from, to: range.to };
  }
  return union;
}

/** The last range that begins at this key or before it. */
function lastFrom(ranges: Ranges, key: Bytes): Range | null {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range).from <= key) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1] ?? null;
}
