// The whole run on one line: elections, faults and violations, and where we are.

import { row, rowOf, segment, type Row, type Segment, type Tone } from "../cells.ts";
import { frameAt, lastFrame, notesUntil, type History } from "../history.ts";
import type { Model } from "../model.ts";
import type { NoteKind } from "../notes.ts";
import { timeText } from "../words.ts";
import { heading, type Pane } from "./pane.ts";

const MARKS: Readonly<Record<NoteKind, readonly [mark: string, rank: number, tone: Tone]>> = {
  vote: ["-", 0, "dim"],
  refusal: ["-", 0, "dim"],
  end: ["-", 0, "dim"],
  election: ["^", 1, "warn"],
  leader: ["^", 1, "warn"],
  fault: ["!", 2, "bad"],
  violation: ["X", 3, "bad"],
};

export function timelinePane(model: Model): Pane {
  const branch = model.branches > 1 ? `branch ${model.branch + 1} of ${model.branches}  ` : "";
  const end = timeText(lastFrame(model.history).time);
  return {
    title: heading("timeline"),
    note: row(segment(`${branch}^ election  ! fault  X violation  | you are here`, "dim")),
    body: ({ columns }) => {
      const start = timeText(frameAt(model.history, model.history.first).time);
      const width = columns - start.length - end.length - 2;
      if (width < 5) return [timelineRow(model, columns), storyRow(model)];
      const line = timelineRow(model, width);
      return [
        rowOf([segment(`${start} `, "dim"), ...line, segment(` ${end}`, "dim")]),
        storyRow(model),
      ];
    },
  };
}

/** One cell for each equal part of the time that is kept. */
export function timelineRow(model: Model, columns: number): Row {
  const { history } = model;
  const span = spanOf(history);
  const cellOf = (time: number): number =>
    Math.min(columns - 1, Math.floor(((time - span.from) * columns) / span.length));
  const kinds: (NoteKind | null)[] = Array.from({ length: columns }, () => null);
  for (const note of history.notes) {
    const cell = cellOf(note.time);
    const there = kinds[cell] ?? null;
    if (there === null || MARKS[there][1] < MARKS[note.kind][1]) kinds[cell] = note.kind;
  }
  const cursor = cellOf(Math.min(model.now, span.from + span.length - 1));
  return kinds.map((kind, cell): Segment => {
    if (cell === cursor) return segment("|", "here");
    return kind === null ? segment("-", "dim") : segment(MARKS[kind][0], MARKS[kind][2]);
  });
}

/** The last thing that happened at or before the moment shown. */
function storyRow(model: Model): Row {
  const [note] = notesUntil(model.history, model.position, 1);
  if (note === undefined) return row(segment("the beginning: every node is a follower", "dim"));
  const mark = MARKS[note.kind];
  return row(
    segment(`${mark[0]} `, mark[2]),
    segment(`${timeText(note.time)}  `, "dim"),
    note.text,
  );
}

function spanOf(history: History): Readonly<{ from: number; length: number }> {
  const from = frameAt(history, history.first).time;
  return { from, length: Math.max(1, lastFrame(history).time - from + 1) };
}
