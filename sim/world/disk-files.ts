// The bytes of simulated files. They grow in place, so that a long file of small appends stays
// cheap.

import type { DiskOp, FileName } from "../../core/contract.ts";
import { assertNever } from "../../core/lib/assert.ts";

export type SimFile = { bytes: Uint8Array; length: number }; // behind `length` there are zeros
export type Files = Map<FileName, SimFile>;

/** Files by name, in ascending order. */
export type DiskImage = readonly Readonly<{ file: FileName; bytes: Uint8Array }>[];

export function filesOf(image: DiskImage): Files {
  return new Map(
    image.map(({ file, bytes }) => [file, { bytes: bytes.slice(), length: bytes.length }]),
  );
}

export function imageOf(files: Files): DiskImage {
  const image = Array.from(files, ([file, content]) => ({ file, bytes: contentOf(content) }));
  return image.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

export function copyFiles(files: Files): Files {
  return new Map(
    Array.from(files, ([file, { bytes, length }]) => [file, { bytes: bytes.slice(), length }]),
  );
}

/** A copy. */
export function contentOf(file: SimFile): Uint8Array {
  return file.bytes.slice(0, file.length);
}

export function perform(files: Files, op: DiskOp): void {
  switch (op.kind) {
    case "write": {
      const file = files.get(op.file) ?? { bytes: new Uint8Array(0), length: 0 };
      files.set(op.file, file);
      return writeTo(file, op.offset, op.bytes);
    }
    case "truncate": {
      const file = files.get(op.file);
      if (file === undefined) return;
      if (op.length > file.length) return writeTo(file, op.length, new Uint8Array(0));
      file.bytes.fill(0, op.length, file.length);
      file.length = op.length;
      return;
    }
    case "remove":
      files.delete(op.file);
      return;
    case "sync":
      return;
    default:
      return assertNever(op);
  }
}

/** Grows the file when it must; a gap is zeros. */
export function writeTo(file: SimFile, offset: number, bytes: Uint8Array): void {
  const end = offset + bytes.length;
  if (end > file.bytes.length) {
    const grown = new Uint8Array(Math.max(end, file.bytes.length * 2));
    grown.set(file.bytes);
    file.bytes = grown;
  }
  file.bytes.set(bytes, offset);
  file.length = Math.max(file.length, end);
}
