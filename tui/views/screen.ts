// The whole screen as rows, for every size: exactly so many rows of exactly so many cells.

import { fill, fit, row, segment, spread, widthOf, wrap, type Row, type Size } from "../cells.ts";
import { isLive, isSlowed, paceOf, shownFrame, type Model } from "../model.ts";
import { explain, headlineOf } from "../why.ts";
import { lastFrame } from "../history.ts";
import { sinceText, timeText } from "../words.ts";
import { flightsPane } from "./flights.ts";
import { flowPane } from "./flow.ts";
import { helpPage, hints } from "./help.ts";
import { logsPane } from "./logs.ts";
import { nodeRows, nodesPane, replicationPane } from "./nodes.ts";
import { beside, border, stack, type Pane, type Place } from "./pane.ts";
import { eventsPage, headline, storyPane, whyPage, whyPane } from "./story.ts";
import { timelinePane, timelineRow } from "./timeline.ts";

const BOXES_FROM: Size = { columns: 40, rows: 10 };
const WIDE_FROM: Size = { columns: 130, rows: 30 };

export function screen(model: Model, size: Size): readonly Row[] {
  if (size.columns < BOXES_FROM.columns || size.rows < BOXES_FROM.rows) {
    return fill(smallScreen(model, size), size);
  }
  const footer = footerRow(model, size.columns);
  const body = { columns: size.columns, rows: size.rows - 1 };
  return fill([...bodyRows(model, body), footer], size);
}

function bodyRows(model: Model, size: Size): readonly Row[] {
  switch (model.pane) {
    case "help":
      return page(model, helpPage(), size);
    case "why":
      return page(model, whyPage(model), size);
    case "events":
      return page(model, eventsPage(model), size);
    case "cluster":
      return size.columns >= WIDE_FROM.columns && size.rows >= WIDE_FROM.rows
        ? wideBody(model, size)
        : tallBody(model, size);
  }
}

function tallBody(model: Model, size: Size): readonly Row[] {
  const count = shownFrame(model).nodes.length;
  const half = Math.ceil(count / 2);
  const isRoomy = size.rows >= 24 + count;
  return stack(
    [
      place(nodes(model, size.columns), count, count, 0, 6),
      place(logsPane(model), Math.min(count, half), isRoomy ? count + 1 : half, 0, 2),
      place(flightsPane(model), 1, 4, 1, 3),
      place(whyPane(model, true), 1, 4, 3, 4),
      place(timelinePane(model), size.rows < 12 ? 1 : 2, 2, 0, 5),
    ],
    size,
  );
}

function wideBody(model: Model, size: Size): readonly Row[] {
  const count = shownFrame(model).nodes.length;
  const rightColumns = Math.floor(size.columns * 0.4);
  const timelineRows = 3;
  const upper = size.rows - timelineRows;
  const left = { columns: size.columns - rightColumns, rows: upper };
  const right = { columns: rightColumns, rows: upper };
  const leftRows = stack(
    [
      place(nodes(model, left.columns), count, count, 0, 6),
      place(logsPane(model), count + 1, count + 1, 0, 4),
      place(flightsPane(model), 3, 8, 0, 3),
      place(flowPane(model), 6, 10, 1, 2),
    ],
    left,
  );
  const rightRows = stack(
    [
      place(whyPane(model, false), 4, 7, 0, 5),
      place(storyPane(model), 6, 10, 1, 4),
      place(replicationPane(model), count - 1, count - 1, 0, 3),
    ],
    right,
  );
  const timeline = stack([place(timelinePane(model), 2, 2, 0, 1)], {
    columns: size.columns,
    rows: timelineRows,
  });
  return [...beside(leftRows, rightRows), ...timeline];
}

function page(model: Model, pane: Pane, size: Size): readonly Row[] {
  const places = [place(pane, 1, 1, 1, 2)];
  if (model.pane !== "help") places.push(place(timelinePane(model), 2, 2, 0, 1));
  return stack(places, size);
}

/** Without borders: a line of state, a line per node, the words; at last one sentence. */
function smallScreen(model: Model, size: Size): readonly Row[] {
  const why = explain(model);
  const frame = shownFrame(model);
  const state = spread([headline(why)], stateWords(model), size.columns);
  if (size.rows < frame.nodes.length + 2) {
    const { headline: text } = headlineOf(frame);
    const time = row(segment(timeText(frame.time), "dim"));
    return [
      ...wrap(text, size.columns, "strong", 0),
      time,
      ...wrap(why.next[0] ?? "", size.columns),
    ];
  }
  const rows = [state, ...nodeRows(model, size.columns), timelineRow(model, size.columns)];
  const words = why.next.flatMap((text) => wrap(text, size.columns));
  const message = model.message === "" ? [] : wrap(model.message, size.columns, "strong");
  return [...rows, ...message, ...words];
}

function nodes(model: Model, columns: number): Pane {
  const frame = shownFrame(model);
  const title = row(segment("detcd", "strong"), segment(`  ${model.title}`, "title"));
  const state = stateWords(model);
  const moment = segment(`${timeText(model.now)}  `, "dim");
  const event = segment(`event ${frame.step}  `, "dim");
  const room = columns - widthOf(title) - 10;
  const notes: readonly Row[] = [
    [event, moment, ...state],
    [moment, ...state],
    state,
    state.slice(0, 2),
  ];
  return nodesPane(model, title, notes.find((note) => widthOf(note) <= room) ?? []);
}

function stateWords(model: Model): Row {
  if (model.over && isLive(model)) return row(segment("the end", "warn"));
  const behind = (lastFrame(model.history).time - model.now) / 1000;
  const where = isLive(model)
    ? segment("  live", "good")
    : segment(`  past, ${sinceText(behind)} ago`, "here");
  if (!model.running) return row(segment("|| paused", "warn"), where);
  const slow = isSlowed(model) ? " slow motion" : "";
  return row(segment("> ", "good"), paceText(paceOf(model)), segment(slow, "warn"), where);
}

function paceText(pace: number): string {
  return pace >= 1 ? `${pace}x` : `1/${Math.round(1 / pace)}x`;
}

function footerRow(model: Model, columns: number): Row {
  if (model.message !== "") {
    return border([segment(model.message, "strong")], row(segment("? help", "dim")), columns);
  }
  return fit(border(hints(columns - 6), [], columns), columns);
}

function place(
  pane: Pane,
  least: number,
  wanted: number,
  weight: number,
  importance: number,
): Place {
  return { pane, least, wanted: Math.max(least, wanted), weight, importance };
}
