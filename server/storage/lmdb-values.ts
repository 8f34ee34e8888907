// How values come out of LMDB. It shows each in a buffer that the next read overwrites, so they are
// copied.

import { allocate } from "../../core/lib/allocate.ts";

/** As `lmdb` wants it of its option `encoder`. */
export type ValueCodec = Readonly<{
  encode: (value: Uint8Array) => Uint8Array;
  decode: (shown: Buffer) => Uint8Array;
}>;

export const VALUE_CODEC: ValueCodec = {
  encode: (value) => value,
  decode: (shown) => {
    const { length } = shown; // of the value; the buffer is LMDB's and longer
    const copy = allocate(length);
    shown.copy(copy, 0, 0, length);
    return copy;
  },
};
