// A disk that never fails and forgets nothing, for tests of the core alone. The one with faults is
// sim/disk.ts.

import type { DiskOp, DiskReader, FileName } from "../contract.ts";
import { assertNever, must } from "../lib/assert.ts";

export type MemoryDisk = DiskReader & Readonly<{ perform: (ops: readonly DiskOp[]) => void }>;

export function createMemoryDisk(): MemoryDisk {
  const files = new Map<FileName, Uint8Array>();
  const read = (file: FileName): Uint8Array => must(files.get(file), `no file ${file}`);
  return {
    list: () => [...files.keys()],
    read,
    perform: (ops) => {
      for (const op of ops) {
        if (op.kind === "remove") files.delete(op.file);
        else files.set(op.file, changed(files.get(op.file) ?? new Uint8Array(0), op));
      }
    },
  };
}

/** The bytes of a file after an operation on it. */
export function changed(bytes: Uint8Array, op: Exclude<DiskOp, { kind: "remove" }>): Uint8Array {
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
