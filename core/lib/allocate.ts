// Small arrays of bytes, as pieces of larger ones. An array of its own costs more than it takes to
// fill it, and again when it is collected: V8 keeps whatever exceeds 64 bytes outside its heap.
//
// A piece keeps its whole slab alive. So this is for bytes that live about as long as what is
// allocated beside them: the values, commands and rows of the same moment.

const SLAB_BYTES = 64 * 1024;
const PIECE_BYTES_MAX = 4 * 1024;

/** What is left of the present slab. No result depends on it: a piece is never handed out twice. */
const shelf = { slab: new Uint8Array(0), used: 0 };

/** Zeros. */
export function allocate(length: number): Uint8Array {
  if (length > PIECE_BYTES_MAX) return new Uint8Array(length);
  if (shelf.used + length > shelf.slab.length) {
    shelf.slab = new Uint8Array(SLAB_BYTES);
    shelf.used = 0;
  }
  const from = shelf.used;
  shelf.used += length;
  return shelf.slab.subarray(from, from + length);
}

/** A copy of `bytes[from, to)`. */
export function copyOf(bytes: Uint8Array, from = 0, to: number = bytes.length): Uint8Array {
  const copy = allocate(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}
