// The log of one node: what was compacted away, what is durable here, what is committed.
//
// Entries lie in chunks aligned to their index, so that appending to a log of many thousand entries
// copies one short chunk and one short list of chunks, and every older state stays as it was.

import type { Index, Term } from "../contract.ts";
import { assert, broken, must } from "../lib/assert.ts";
import type { Entry } from "./message.ts";

/** compactedIndex ≤ commit ≤ lastIndex, and compactedIndex ≤ durableIndex ≤ lastIndex. */
export type Log = Readonly<{
  compactedIndex: Index; // everything up to here lives in the KV image
  compactedTerm: Term;
  chunks: readonly (readonly Entry[])[]; // read through entryAt, entriesBetween and termAt
  lastIndex: Index;
  lastTerm: Term;
  durableIndex: Index; // the last entry known to be on this node's disk
  commit: Index;
  uncommittedBytes: number; // of the data of all entries behind `commit`
}>;

const CHUNK_ENTRIES = 128;

/** An empty log behind an image of the state after (index, term). */
export function createLog(index: Index, term: Term): Log {
  return {
    compactedIndex: index,
    compactedTerm: term,
    chunks: [],
    lastIndex: index,
    lastTerm: term,
    durableIndex: index,
    commit: index,
    uncommittedBytes: 0,
  };
}

/** The term of the entry at `index`; null when it is unknown: compacted away or not yet written. */
export function termAt(log: Log, index: Index): Term | null {
  if (index === log.lastIndex) return log.lastTerm;
  if (index === log.compactedIndex) return log.compactedTerm;
  return entryAt(log, index)?.term ?? null;
}

export function entryAt(log: Log, index: Index): Entry | null {
  if (index <= log.compactedIndex || index > log.lastIndex) return null;
  const chunk = log.chunks[place(log, index)] ?? broken(`no chunk for entry ${index}`);
  const first = chunk[0] ?? broken(`the chunk for entry ${index} is empty`);
  return chunk[index - first.index] ?? broken(`entry ${index} is missing`);
}

/** Entries from `from` through `through`, as many as fit into `maxBytes` of data, at least one. */
export function entriesBetween(
  log: Log,
  from: Index,
  through: Index,
  maxBytes: number,
): readonly Entry[] {
  const { compactedIndex, lastIndex } = log;
  if (from <= compactedIndex) broken(`entry ${from} is compacted (${compactedIndex})`);
  if (through > lastIndex) broken(`entry ${through} is behind the last one (${lastIndex})`);
  const entries: Entry[] = [];
  let bytes = 0;
  for (let index = from; index <= through; index = next(index)) {
    const entry = entryAt(log, index) ?? broken(`entry ${index} is missing`);
    bytes += entry.data.length;
    if (bytes > maxBytes && entries.length > 0) break;
    entries.push(entry);
  }
  return entries;
}

/** Is a log that ends in (lastIndex, lastTerm) at least as complete as this one? (thesis §3.6.1) */
export function isUpToDate(log: Log, lastIndex: Index, lastTerm: Term): boolean {
  if (lastTerm !== log.lastTerm) return lastTerm > log.lastTerm;
  return lastIndex >= log.lastIndex;
}

/** The first of these entries that the log does not hold, as a position in the list. */
export function firstUnknown(log: Log, entries: readonly Entry[]): number {
  const position = entries.findIndex((entry) => termAt(log, entry.index) !== entry.term);
  return position === -1 ? entries.length : position;
}

/** The highest index at or below `from` whose term is at most `term`. Two logs that agree on
 *  nothing of a higher term can agree there at best, so a whole term is skipped at once. */
export function highestWithTermAtMost(log: Log, from: Index, term: Term): Index {
  let index = Math.min(from, log.lastIndex) as Index;
  while (index >= log.compactedIndex) {
    if (must(termAt(log, index), `the term at ${index} is unknown`) <= term) return index;
    index = (index - 1) as Index;
  }
  return Math.max(0, index) as Index;
}

/** The log with these entries at its end, in place of whatever it held from there on. */
export function append(log: Log, entries: readonly Entry[]): Log {
  const first = must(entries[0], "nothing to append");
  const { index } = first;
  if (index <= log.commit) broken(`entry ${index} would replace commit ${log.commit}`);
  if (index > log.lastIndex + 1) broken(`entry ${index} leaves a gap (${log.lastIndex})`);
  const kept = index <= log.lastIndex ? truncate(log, (index - 1) as Index) : log;
  const chunks = kept.chunks.slice();
  let open = openChunk(kept, chunks, index);
  let lastTerm = kept.lastTerm;
  let lastIndex = (index - 1) as Index;
  let bytes = 0;
  for (const entry of entries) {
    if (entry.index !== next(lastIndex)) broken(`entry ${entry.index} is out of sequence`);
    if (entry.term < lastTerm) broken(`term ${entry.term} follows term ${lastTerm}`);
    if (open === null || entry.index % CHUNK_ENTRIES === 0) {
      open = [];
      chunks.push(open);
    }
    open.push(entry);
    lastTerm = entry.term;
    lastIndex = entry.index;
    bytes += entry.data.length;
  }
  return {
    ...kept,
    chunks,
    lastIndex,
    lastTerm,
    uncommittedBytes: kept.uncommittedBytes + bytes,
  };
}

/** Everything up to `index` is committed. It never goes back. */
export function commitTo(log: Log, index: Index): Log {
  if (index <= log.commit) return log;
  assert(index <= log.lastIndex, `commit ${index} is behind the last entry ${log.lastIndex}`);
  let uncommittedBytes = log.uncommittedBytes;
  for (let at = next(log.commit); at <= index; at = next(at)) {
    uncommittedBytes -= must(entryAt(log, at), `entry ${at} is missing`).data.length;
  }
  assert(uncommittedBytes >= 0, `${uncommittedBytes} uncommitted bytes`);
  return { ...log, commit: index, uncommittedBytes };
}

/** A write that ended in (index, term) is on disk. It counts only if the log still holds that
 *  entry: it may have been replaced while the write was under way. */
export function markDurable(log: Log, index: Index, term: Term): Log {
  if (index <= log.durableIndex || termAt(log, index) !== term) return log;
  return { ...log, durableIndex: index };
}

/** Forget the entries up to `through`, as far as they are committed and durable. */
export function compactTo(log: Log, through: Index): Log {
  const index = Math.min(through, log.commit, log.durableIndex) as Index;
  if (index <= log.compactedIndex) return log;
  const compactedTerm = must(termAt(log, index), `the term at ${index} is unknown`);
  const gone = chunkNumber(next(index)) - chunkNumber(next(log.compactedIndex));
  const chunks = log.chunks.slice(gone);
  const first = chunks[0];
  if (first !== undefined) chunks[0] = first.filter((entry) => entry.index > index);
  if (chunks[0]?.length === 0) chunks.shift();
  return { ...log, compactedIndex: index, compactedTerm, chunks };
}

function truncate(log: Log, through: Index): Log {
  assert(through >= log.commit, `truncating to ${through} would lose commit ${log.commit}`);
  let removed = 0;
  for (let at = next(through); at <= log.lastIndex; at = next(at)) {
    removed += must(entryAt(log, at), `entry ${at} is missing`).data.length;
  }
  const lastTerm = must(termAt(log, through), `the term at ${through} is unknown`);
  const chunks = through === log.compactedIndex ? [] : log.chunks.slice(0, place(log, through) + 1);
  const tail = chunks.at(-1);
  if (tail !== undefined) {
    chunks[chunks.length - 1] = tail.filter((entry) => entry.index <= through);
  }
  return {
    ...log,
    chunks,
    lastIndex: through,
    lastTerm,
    durableIndex: Math.min(log.durableIndex, through) as Index,
    uncommittedBytes: log.uncommittedBytes - removed,
  };
}

/** A copy of the last chunk, in its place in the list, if an entry at `index` belongs into it. */
function openChunk(log: Log, chunks: (readonly Entry[])[], index: Index): Entry[] | null {
  const tail = chunks.at(-1);
  if (tail === undefined || chunkNumber(index) !== chunkNumber(log.lastIndex)) return null;
  const open = tail.slice();
  chunks[chunks.length - 1] = open;
  return open;
}

function place(log: Log, index: Index): number {
  return chunkNumber(index) - chunkNumber(next(log.compactedIndex));
}

function chunkNumber(index: Index): number {
  return (index - (index % CHUNK_ENTRIES)) / CHUNK_ENTRIES;
}

function next(index: Index): Index {
  return (index + 1) as Index;
}
