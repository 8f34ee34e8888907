// Huffman decoding of header strings (RFC 7541 §5.2, appendix B). The code is canonical: codes of
// one length are consecutive, in the order of their symbols, so that the lengths are all there is
// to know.

/** How many bits each byte takes; the last is EOS, which must not occur. */
// prettier-ignore
export const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const EOS = 256;
const LENGTH_MAX = 30;

const { symbols, firstCode, firstAt, counts } = createTables();
const SHORT_CODES = createShortCodes();

/** The decoded bytes into `into`, which has room for 8/5 of the input. How many there are, or -1:
 *  the code ends with more than padding, or holds EOS. */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  into: Uint8Array,
): number {
  const end = 8 * to;
  let written = 0;
  for (let bit = 8 * from; bit < end;) {
    const eight = eightBits(bytes, bit, to);
    const short = SHORT_CODES[eight] as number;
    const found = short === 0 ? findLong(bytes, bit, end) : short;
    if (found === 0) return end - bit < 8 && eight === 0xff ? written : -1; // padding is ones
    bit += found >> 8;
    if (bit > end) return -1;
    into[written++] = found & 0xff;
  }
  return written;
}

/** Ones follow the last byte. */
function eightBits(bytes: Uint8Array, bit: number, to: number): number {
  const at = bit >> 3;
  const next = at + 1 < to ? (bytes[at + 1] as number) : 0xff;
  return ((((bytes[at] as number) << 8) | next) >> (8 - (bit & 7))) & 0xff;
}

/** The code that begins here, bit by bit: its length above its symbol, or 0 for none. */
function findLong(bytes: Uint8Array, from: number, end: number): number {
  let code = 0;
  for (let length = 1, bit = from; bit < end && length <= LENGTH_MAX; length++, bit++) {
    code = (code << 1) | (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    const nth = code - (firstCode[length] as number);
    if (nth < 0 || nth >= (counts[length] as number)) continue;
    const symbol = symbols[(firstAt[length] as number) + nth] as number;
    return symbol === EOS ? 0 : (length << 8) | symbol;
  }
  return 0;
}

/** By their first eight bits, the codes that are no longer: length above symbol, else 0. */
function createShortCodes(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, eight) => {
    return findLong(Uint8Array.of(eight), 0, 8);
  });
}

/** Of each length: the first code, where its symbols begin, and how many there are. */
function createTables(): Readonly<{
  symbols: Uint16Array;
  firstCode: Int32Array;
  firstAt: Uint16Array;
  counts: Uint16Array;
}> {
  const sorted: number[] = [];
  const first = new Int32Array(LENGTH_MAX + 1);
  const starts = new Uint16Array(LENGTH_MAX + 1);
  const sizes = new Uint16Array(LENGTH_MAX + 1);
  let code = 0;
  for (let length = 1; length <= LENGTH_MAX; length++) {
    code <<= 1;
    first[length] = code;
    starts[length] = sorted.length;
    CODE_LENGTHS.forEach((each, symbol) => {
      if (each === length) sorted.push(symbol);
    });
    sizes[length] = sorted.length - (starts[length] as number);
    code += sizes[length] as number;
  }
  return { symbols: Uint16Array.from(sorted), firstCode: first, firstAt: starts, counts: sizes };
}
