// A segment of the write-ahead log as text, one record a line: for goldens, and for people with a
// broken disk.

import { must } from "../lib/assert.ts";
import type { HardState } from "../raft/message.ts";
import { scanSegment } from "./segment-scan.ts";
import type { AppendRecord, SegmentHeader } from "./wal-payload.ts";
import { segmentName, type WalIdentity } from "./wal.ts";

export function transcribeSegment(
  bytes: Uint8Array,
  sequence: number,
  identity: WalIdentity,
): readonly string[] {
  const scan = scanSegment(bytes, sequence, identity);
  if (!scan.ok) return [scan.error];
  const { header, appends, end, tail } = scan.value;
  const lines = [`${segmentName(sequence)}, ${bytes.length} bytes`];
  if (header !== null) lines.push(`${place(0)} segment  ${transcribeHeader(header)}`);
  for (const { offset, record } of appends) {
    lines.push(`${place(offset)} append   ${transcribeAppend(record)}`);
  }
  const proof = tail.kind === "damaged" ? `, as the record at ${tail.voucher} shows` : "";
  lines.push(`${place(end)} ${tail.kind === "none" ? "end" : tail.kind}${proof}`);
  return lines;
}

function transcribeHeader(header: SegmentHeader): string {
  const { cluster, node, hard, follows, resets } = header;
  const owner = `cluster ${cluster.toString(16)} node ${node.toString(16)}`;
  const how = resets ? "restarts after" : "follows";
  return `${owner} ${how} ${follows.term}/${follows.index}  ${transcribeHardState(hard)}`;
}

function transcribeAppend(record: AppendRecord): string {
  const parts = [`synced ${record.synced}`];
  if (record.hard !== null) parts.push(transcribeHardState(record.hard));
  const first = record.entries[0];
  if (first !== undefined) {
    const last = must(record.entries.at(-1), "a last entry");
    const bytes = record.entries.reduce((sum, entry) => sum + entry.data.length, 0);
    const range = `${first.term}/${first.index}–${last.term}/${last.index}`;
    const what = first === last ? `entry ${first.term}/${first.index}` : `entries ${range}`;
    parts.push(`${what} (${bytes} bytes)`);
  }
  return parts.join("  ");
}

function transcribeHardState(hard: HardState): string {
  const vote = hard.vote === null ? "nobody" : hard.vote.toString(16);
  return `term ${hard.term} vote ${vote} commit ${hard.commit}`;
}

function place(offset: number): string {
  return offset.toString().padStart(8);
}
