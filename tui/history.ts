// Everything that was seen, in order, as plain immutable data: frames in chunks (they share
// structure, so keeping them is cheap), and the notes made of them. Positions count from the first
// frame ever and stay valid when the oldest chunks are dropped.

import type { Frame, Micros } from "../sim/run/frame.ts";
import { notesBetween, type Note } from "./notes.ts";
import { pushAll } from "../core/lib/lists.ts";

export type History = Readonly<{
  chunks: readonly (readonly Frame[])[]; // all full, but for the last one
  first: number; // the position of the oldest frame kept
  end: number; // one past the position of the newest
  notes: readonly Note[]; // by position
  limit: number; // frames to keep, about
}>;

const CHUNK = 1024;
export const FRAMES_KEPT = 200_000;

export function createHistory(frame: Frame, limit: number = FRAMES_KEPT): History {
  return { chunks: [[frame]], first: 0, end: 1, notes: notesBetween(null, frame, 0), limit };
}

export function append(history: History, frames: readonly Frame[]): History {
  if (frames.length === 0) return history;
  const chunks = history.chunks.slice(0, -1);
  let open = [...known(history.chunks.at(-1))];
  const notes: Note[] = [];
  let { end } = history;
  for (const frame of frames) {
    if (open.length === CHUNK) {
      chunks.push(open);
      open = [];
    }
    pushAll(notes, notesBetween(open.at(-1) ?? chunks.at(-1)?.at(-1) ?? null, frame, end));
    open.push(frame);
    end += 1;
  }
  chunks.push(open);
  const grown = notes.length === 0 ? history.notes : [...history.notes, ...notes];
  return dropOldest({ ...history, chunks, end, notes: grown });
}

export function frameAt(history: History, position: number): Frame {
  const at = clamp(history, position) - history.first;
  const chunk = known(history.chunks[Math.floor(at / CHUNK)]);
  return known(chunk[at % CHUNK]);
}

export function lastFrame(history: History): Frame {
  return frameAt(history, history.end - 1);
}

export function clamp(history: History, position: number): number {
  return Math.max(history.first, Math.min(history.end - 1, position));
}

/** The newest position that is not later than `time`. */
export function positionAt(history: History, time: Micros): number {
  let low = history.first;
  let high = history.end - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (frameAt(history, middle).time <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What lies after `position` never happened. */
export function upTo(history: History, position: number): History {
  const end = clamp(history, position) + 1;
  const keep = end - history.first;
  const chunks = history.chunks
    .slice(0, Math.ceil(keep / CHUNK))
    .map((chunk, at) => chunk.slice(0, keep - at * CHUNK));
  return { ...history, chunks, end, notes: history.notes.filter((note) => note.position < end) };
}

/** The newest notes that had been made by `position`, oldest first. */
export function notesUntil(history: History, position: number, most: number): readonly Note[] {
  const end = history.notes.findLastIndex((note) => note.position <= position) + 1;
  return history.notes.slice(Math.max(0, end - most), end);
}

/** The nearest note beyond `position` in one direction that passes. */
export function noteBeyond(
  history: History,
  position: number,
  direction: 1 | -1,
  passes: (note: Note) => boolean,
): Note | null {
  const beyond = (note: Note): boolean => (note.position - position) * direction > 0;
  const fits = (note: Note): boolean => beyond(note) && passes(note);
  return (direction > 0 ? history.notes.find(fits) : history.notes.findLast(fits)) ?? null;
}

function dropOldest(history: History): History {
  if (history.end - history.first <= history.limit + CHUNK) return history;
  const first = history.first + CHUNK;
  const notes = history.notes.filter((note) => note.position >= first);
  return dropOldest({ ...history, chunks: history.chunks.slice(1), first, notes });
}

/** Chunks cover every position that is kept, and a history is never empty. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a history has a hole");
  return value;
}
