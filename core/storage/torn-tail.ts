// What recovery cuts off is kept beside the log, for people, as etcd keeps `.broken` files. Most of
// it is a write that a crash left half done, but it may have been whole, and acknowledged, before
// somebody harmed it. Recovery itself never reads it again.

import type { DiskOp, FileName } from "../contract.ts";
import type { SegmentScan } from "./segment-scan.ts";
import { segmentName } from "./wal.ts";

export type CutOff = Readonly<{
  file: FileName;
  offset: number; // where the log goes on
  bytes: number; // so many were cut off
  copy: FileName;
}>;

const SUFFIX = ".broken";
/** Of several lives. A copy is no longer than a segment. */
const COPIES_MAX = 4;

/** What to do before the segment is cut. `files`: all that are there. */
export function planCut(
  files: readonly FileName[],
  { sequence, end, bytes, tail }: SegmentScan,
): Readonly<{ ops: readonly DiskOp[]; cutOff: CutOff | null }> {
  if (tail.kind !== "torn") return { ops: [], cutOff: null };
  const file = segmentName(sequence);
  const copy = `${file}${SUFFIX}` as FileName;
  const rest = bytes.slice(end);
  const others = files.filter((name) => name.endsWith(SUFFIX) && name !== copy).toSorted();
  const oldest = others.slice(0, Math.max(0, others.length + 1 - COPIES_MAX));
  const ops: DiskOp[] = [
    { kind: "write", file: copy, offset: 0, bytes: rest },
    { kind: "truncate", file: copy, length: rest.length }, // there may be one of an earlier life
    { kind: "sync", file: copy },
    ...oldest.map((name): DiskOp => ({ kind: "remove", file: name })),
  ];
  return { ops, cutOff: { file, offset: end, bytes: rest.length, copy } };
}
