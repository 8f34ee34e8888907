// The same memory as a plain Uint8Array. Drivers hand over Node's Buffer, whose `slice` is a view
// where Uint8Array's is a copy: a decoder that copies with `slice` must not meet one.

export function plainBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
