// A disk that never fails and forgets nothing, for tests of the core alone. The one with faults is
// sim/world/disk.ts.

import type { DiskOp, DiskReader, FileName } from "../contract.ts";
import { assertNever, must } from "../lib/assert.ts";

export type MemoryDisk = DiskReader & Readonly<{ perform: (ops: readonly DiskOp[]) => void }>;

export function createMemoryDisk(): MemoryDisk {
  let files: readonly Readonly<{ file: FileName; bytes: Uint8Array }>[] = [];
  const find = (file: FileName): Uint8Array | null =>
    files.find((found) => found.file === file)?.bytes ?? null;
  return {
    list: () => files.map(({ file }) => file),
    read: (file) => must(find(file), `no file ${file}`),
    perform: (ops) => {
      for (const op of ops) {
        const others = files.filter(({ file }) => file !== op.file);
        if (op.kind === "remove") files = others;
        else {
          const bytes = changed(find(op.file) ?? new Uint8Array(0), op);
          files = [...others, { file: op.file, bytes }].toSorted(byName);
        }
      }
    },
  };
}

/** The bytes of a file after an operation on it. */
function changed(bytes: Uint8Array, op: Exclude<DiskOp, { kind: "remove" }>): Uint8Array {
  switch (op.kind) {
    case "write": {
      const next = resized(bytes, Math.max(bytes.length, op.offset + op.bytes.length));
      next.set(op.bytes, op.offset);
      return next;
    }
    case "truncate":
      return resized(bytes, op.length);
    case "sync":
      return bytes;
    default:
      return assertNever(op);
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const next = new Uint8Array(length);
  next.set(bytes.subarray(0, length));
  return next;
}

function byName(a: Readonly<{ file: FileName }>, b: Readonly<{ file: FileName }>): number {
  return a.file < b.file ? -1 : 1;
}
