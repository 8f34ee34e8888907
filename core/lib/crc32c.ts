// CRC-32C (Castagnoli): finds every burst of up to 32 bits and every odd number of flipped bits,
// which is what disks and wires do to bytes. It is no defence against somebody who means harm.
//
// Eight bytes per round through eight tables ("slicing by 8").

const POLYNOMIAL = 0x82f63b78; // reflected 0x1EDC6F41
const TABLES = createTables();

/** The checksum of `bytes`. To go on where another call stopped, give its answer as `seed`:
 *  crc32c(b, crc32c(a)) is the checksum of a followed by b. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return crc32cOf(bytes, 0, bytes.length, seed);
}

/** The same, of the bytes in [from, to): a view of them would cost as much as the sum. */
export function crc32cOf(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  let crc = ~seed;
  let at = from;
  for (const last = to - 8; at <= last; at += 8) crc = eight(crc, bytes, at);
  for (; at < to; at++) {
    crc = entry(0, (crc ^ (bytes[at] as number)) & 0xff) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function eight(crc: number, bytes: Uint8Array, at: number): number {
  return (
    entry(7, ((bytes[at] as number) ^ crc) & 0xff) ^
    entry(6, ((bytes[at + 1] as number) ^ (crc >>> 8)) & 0xff) ^
    entry(5, ((bytes[at + 2] as number) ^ (crc >>> 16)) & 0xff) ^
    entry(4, (bytes[at + 3] as number) ^ (crc >>> 24)) ^
    entry(3, bytes[at + 4] as number) ^
    entry(2, bytes[at + 5] as number) ^
    entry(1, bytes[at + 6] as number) ^
    entry(0, bytes[at + 7] as number)
  );
}

function entry(table: number, byte: number): number {
  return TABLES[table * 256 + byte] as number;
}

/** Table t holds the checksum of a byte followed by t zero bytes. One array, for one bounds check.
 *  */
function createTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256] as number;
    tables[at] = (tables[shorter & 0xff] as number) ^ (shorter >>> 8);
  }
  return tables;
}
