// Reads one segment of the write-ahead log as far as it is good, and looks at what lies behind.

import type { Result } from "../contract.ts";
import {
  type AppendRecord,
  readAppend,
  readSegmentHeader,
  readVersion,
  type SegmentHeader,
  WAL_VERSION,
} from "./wal-payload.ts";
import { ALIGNMENT, type Frame, readFrame } from "./wal-record.ts";
import { segmentName, type WalIdentity } from "./wal.ts";

export type SegmentScan = Readonly<{
  sequence: number;
  header: SegmentHeader | null; // null: not even that is whole
  previous: number; // the checksum that the header follows on
  appends: readonly Readonly<{ offset: number; record: AppendRecord }>[];
  end: number; // where the unbroken chain of good records ends
  checksum: number; // of the last good record
  bytes: Uint8Array; // the whole file
  tail: Tail;
}>;

/** What lies between `end` and the end of the file. Zeros: space that was reserved and never used.
 *  Torn: a write that was never acknowledged. Damaged: a record behind vouches for these bytes. */
export type Tail = Readonly<
  { kind: "none" } | { kind: "zeros" } | { kind: "torn" } | { kind: "damaged"; voucher: number }
>;

export function scanSegment(
  bytes: Uint8Array,
  sequence: number,
  identity: WalIdentity,
): Result<SegmentScan, string> {
  const file = segmentName(sequence);
  const first = readFrame(bytes, { sequence, offset: 0 });
  if (first === null || first.kind !== "segment") {
    const tail = scanTail(bytes, sequence, 0);
    const nothing = { header: null, previous: 0, appends: [], end: 0, checksum: 0 };
    return { ok: true, value: { ...nothing, sequence, bytes, tail } };
  }
  const header = readSegmentHeader(first.payload);
  if (header === null) return { ok: false, error: unreadable(file, first) };
  const foreign = findForeign(file, header, identity);
  if (foreign !== null) return { ok: false, error: foreign };
  const appends: { offset: number; record: AppendRecord }[] = [];
  let { end, checksum } = first;
  for (;;) {
    const frame = readFrame(bytes, { sequence, offset: end });
    if (frame === null || frame.kind !== "append" || frame.previous !== checksum) break;
    const record = readAppend(frame.payload);
    if (record === null)
      return { ok: false, error: `${file}: the record at ${end} makes no sense.` };
    appends.push({ offset: end, record });
    ({ end, checksum } = frame);
  }
  const tail = scanTail(bytes, sequence, end);
  const { previous } = first;
  return { ok: true, value: { sequence, header, previous, appends, end, checksum, bytes, tail } };
}

function unreadable(file: string, header: Frame): string {
  const version = readVersion(header.payload);
  return version === WAL_VERSION
    ? `${file}: the header makes no sense.`
    : `${file} has format ${version}, and this detcd reads format ${WAL_VERSION}: ` +
        `start the version of detcd that wrote it.`;
}

function findForeign(file: string, header: SegmentHeader, identity: WalIdentity): string | null {
  const { cluster, node } = header;
  if (cluster === identity.cluster && node === identity.node) return null;
  const theirs = `member ${node.toString(16)} of cluster ${cluster.toString(16)}`;
  const ours = `member ${identity.node.toString(16)} of cluster ${identity.cluster.toString(16)}`;
  return (
    `${file} is the log of ${theirs}, and this is ${ours}: ` +
    `check --data-dir, --name and --initial-cluster-token.`
  );
}

/** A record behind the bad place may vouch for it: see the header of wal.ts. */
function scanTail(bytes: Uint8Array, sequence: number, end: number): Tail {
  if (end >= bytes.length) return { kind: "none" };
  if (isZero(bytes, end)) return { kind: "zeros" };
  for (let offset = end + ALIGNMENT; offset < bytes.length; offset += ALIGNMENT) {
    const frame = readFrame(bytes, { sequence, offset });
    if (frame === null || frame.kind !== "append") continue;
    const record = readAppend(frame.payload);
    if (record !== null && record.synced > end) return { kind: "damaged", voucher: offset };
  }
  return { kind: "torn" };
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
