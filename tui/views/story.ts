// The words next to the motion: why it is as it is, what comes next, and the list of what happened.

import { row, segment, textOf, wrap, type Row, type Tone } from "../cells.ts";
import { chancesOf, isUp, msUntilFire, timerOf } from "../cluster.ts";
import { clamp, frameAt } from "../history.ts";
import { shownFrame, type Model } from "../model.ts";
import type { Note, NoteKind } from "../notes.ts";
import { chancesText, explain, type Explanation } from "../why.ts";
import { sinceText, timeText } from "../words.ts";
import { heading, type Pane } from "./pane.ts";

const TONES: Readonly<Record<NoteKind, Tone>> = {
  election: "warn",
  vote: "plain",
  refusal: "bad",
  leader: "good",
  end: "warn",
  fault: "bad",
  violation: "bad",
};

/** What comes next stands at the bottom and always has a row; the story takes what is left. */
export function whyPane(model: Model, hasStory: boolean): Pane {
  const why = explain(model);
  return {
    title: row(segment("why: ", "title"), headline(why)),
    note: row(segment(why.margin, why.margin.includes("missing") ? "bad" : "dim")),
    body: ({ columns, rows }) => {
      const ballots = why.ballots
        .slice(0, Math.max(0, rows - 1))
        .map((text) => row(segment(text, "strong")));
      const left = rows - ballots.length;
      const most = hasStory ? Math.min(left, Math.ceil(rows / 2)) : left;
      const next = nextRows(why, columns, Math.max(1, most));
      const room = rows - ballots.length - next.length;
      const story = (hasStory ? why.story : []).slice(-room).map(noteRow);
      return [...(room > 0 ? story : []), ...ballots, ...next];
    },
  };
}

/** The whole explanation, node by node. */
export function whyPage(model: Model): Pane {
  const why = explain(model);
  const frame = shownFrame(model);
  return {
    title: row(segment("why: ", "title"), headline(why)),
    note: row(segment("w: back to the cluster", "dim")),
    body: ({ columns, rows }) => {
      const nodes = frame.nodes.flatMap((node) => {
        const isCandidate = isUp(node) && timerOf(node)?.kind === "election";
        if (!isCandidate) return [];
        const tone = chancesOf(frame, node).wins ? "good" : "plain";
        const left = sinceText(msUntilFire(node));
        const text = `n${node.number} fires in ${left}; ${chancesText(frame, node)}`;
        return wrap(text, columns, tone);
      });
      const tail = [
        ...section(
          "votes",
          why.ballots.flatMap((text) => wrap(text, columns)),
        ),
        ...section(
          "what comes next",
          why.next.slice(0, 2).flatMap((text) => wrap(text, columns)),
        ),
        ...section(`who could win now (${why.margin})`, nodes),
      ];
      const room = Math.max(0, rows - tail.length - 1);
      const story = why.story.flatMap((note) =>
        wrap(textOf(noteRow(note)), columns, TONES[note.kind]),
      );
      return [
        row(segment("what happened", "title")),
        ...story.slice(story.length - Math.min(room, story.length)),
        ...tail,
      ];
    },
  };
}

export function storyPane(model: Model): Pane {
  const why = explain(model);
  return {
    title: heading("what happened"),
    note: row(segment("< > one by one", "dim")),
    body: ({ columns, rows }) => {
      const lines = why.story.flatMap((note) => wrapNote(note, columns));
      return lines.slice(-rows);
    },
  };
}

/** Every event of the run around the moment shown, one row each. */
export function eventsPage(model: Model): Pane {
  return {
    title: heading("every event"),
    note: row(segment("., step  e: back to the cluster", "dim")),
    body: ({ rows }) => {
      const { history, position } = model;
      const above = Math.floor((rows * 2) / 3);
      const from = Math.max(history.first, Math.min(position - above, history.end - rows));
      return Array.from({ length: Math.max(0, Math.min(rows, history.end - from)) }, (_, at) =>
        eventRow(model, clamp(history, from + at)),
      );
    },
  };
}

export function headline(why: Explanation): Row[number] {
  return segment(why.headline, why.isWell ? "good" : "warn");
}

export function noteRow(note: Note): Row {
  return row(segment(`${timeText(note.time)}  `, "dim"), segment(note.text, TONES[note.kind]));
}

function wrapNote(note: Note, columns: number): readonly Row[] {
  return wrap(`${timeText(note.time)}  ${note.text}`, columns, TONES[note.kind]);
}

function nextRows(why: Explanation, columns: number, most: number): readonly Row[] {
  const rows = why.next.flatMap((text, at) =>
    wrap(at === 0 ? `next: ${text}` : `then: ${text}`, columns, at === 0 ? "plain" : "dim"),
  );
  return rows.slice(0, most);
}

function section(title: string, rows: readonly Row[]): readonly Row[] {
  return rows.length === 0 ? [] : [[], row(segment(title, "title")), ...rows];
}

function eventRow(model: Model, position: number): Row {
  const frame = frameAt(model.history, position);
  const isHere = position === model.position;
  const { kind, node, text } = frame.event;
  const who = node === null ? "  " : `n${node}`;
  const tone: Tone = isHere ? "here" : kind === "fault" || kind === "violation" ? "bad" : "plain";
  return row(
    segment(isHere ? "> " : "  ", "here"),
    segment(`${String(frame.step).padStart(6)} ${timeText(frame.time).padStart(10)}  `, "dim"),
    segment(`${who} `, "strong"),
    segment(text, position > model.position ? "dim" : tone),
  );
}
