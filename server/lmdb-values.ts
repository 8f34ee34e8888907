// How values come out of LMDB. It shows each in a buffer that the next read overwrites, so they are
// copied; small ones into pieces of a larger allocation, for one of its own costs more than the
// whole lookup.

const SLAB_BYTES = 64 * 1024;
const PIECE_BYTES_MAX = 4 * 1024;

/** As `lmdb` wants it of its option `encoder`. */
export type ValueCodec = Readonly<{
  encode: (value: Uint8Array) => Uint8Array;
  decode: (shown: Buffer) => Uint8Array;
}>;

export function createValueCodec(): ValueCodec {
  let slab = new Uint8Array(SLAB_BYTES);
  let used = 0;
  return {
    encode: (value) => value,
    decode: (shown) => {
      const { length } = shown; // of the value; the buffer is LMDB's and longer
      if (length > PIECE_BYTES_MAX) return Uint8Array.prototype.slice.call(shown, 0, length);
      if (used + length > slab.length) {
        slab = new Uint8Array(SLAB_BYTES);
        used = 0;
      }
      const from = used;
      used += length;
      shown.copy(slab, from, 0, length);
      return slab.subarray(from, from + length);
    },
  };
}
