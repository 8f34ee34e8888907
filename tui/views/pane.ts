// Panes with borders, stacked or side by side, so that the rows given are exactly the rows filled.

import {
  fill,
  fit,
  rowOf,
  segment,
  spread,
  textOf,
  type Row,
  type Size,
  type Tone,
} from "../cells.ts";
import { atMost } from "../../core/lib/lists.ts";

export type Pane = Readonly<{
  title: Row;
  note: Row; // at the right of the title
  body: (size: Size) => readonly Row[];
}>;

/** A pane and what it may take. The least important pane goes first when there is no room. */
export type Place = Readonly<{
  pane: Pane;
  least: number; // body rows, below which it is not worth showing
  wanted: number;
  weight: number; // its share of the rows that nobody wanted
  importance: number;
}>;

/** As many panes as fit, one above the other, in exactly `size.rows` rows. */
export function stack(places: readonly Place[], size: Size): readonly Row[] {
  const heights = share(places, size.rows);
  const rows = places.flatMap((place, at) => {
    const height = heights[at] ?? 0;
    return height === 0 ? [] : paneRows(place.pane, { columns: size.columns, rows: height });
  });
  return fill(rows, size);
}

export function beside(left: readonly Row[], right: readonly Row[]): readonly Row[] {
  return left.map((cells, at) => [...cells, ...(right[at] ?? [])]);
}

export function border(title: Row, note: Row, columns: number): Row {
  const inner = columns - 4;
  const line = spread(padded(title), padded(note), inner, "-");
  return fit([segment("+-", "dim"), ...line, segment("-+", "dim")], columns);
}

function padded(cells: Row): Row {
  return cells.length === 0 ? [] : rowOf([" ", ...cells, " "]);
}

export function heading(text: string, tone: Tone = "title"): Row {
  return text === "" ? [] : [segment(text, tone)];
}

function paneRows(pane: Pane, size: Size): readonly Row[] {
  const inner = { columns: Math.max(0, size.columns - 4), rows: size.rows - 1 };
  const body = fill(pane.body(inner), inner);
  return [
    border(pane.title, pane.note, size.columns),
    ...body.map((cells) =>
      fit([segment("| ", "dim"), ...cells, segment(" |", "dim")], size.columns),
    ),
  ];
}

/** Rows for each place, its border included; zero for a pane that is left out. */
function share(places: readonly Place[], rows: number): readonly number[] {
  let kept = [...places];
  const least = (): number => kept.reduce((sum, place) => sum + place.least + 1, 0);
  while (kept.length > 0 && least() > rows) {
    const importance = atMost(
      Infinity,
      kept.map((place) => place.importance),
    );
    kept = kept.filter((place) => place.importance !== importance);
  }
  const heights = new Map(kept.map((place) => [place, place.least + 1]));
  let left = rows - least();
  const grow = (place: Place, by: number): void => {
    heights.set(place, (heights.get(place) ?? 0) + by);
    left -= by;
  };
  const important = kept.toSorted((a, b) => b.importance - a.importance);
  for (const place of important) grow(place, Math.min(left, place.wanted - place.least));
  const weights = kept.reduce((sum, place) => sum + place.weight, 0);
  const surplus = left;
  for (const place of kept) {
    if (weights > 0) grow(place, Math.floor((surplus * place.weight) / weights));
  }
  const heaviest = kept.toSorted((a, b) => b.weight - a.weight)[0];
  if (heaviest !== undefined) grow(heaviest, left);
  return places.map((place) => heights.get(place) ?? 0);
}

/** Several short texts in columns of equal width, as many as fit. */
export function inColumns(items: readonly Row[], count: number, columns: number): readonly Row[] {
  const width = Math.floor((columns - (count - 1) * 2) / count);
  const perColumn = Math.ceil(items.length / count);
  return Array.from({ length: perColumn }, (_, at) =>
    Array.from({ length: count }, (__, column): Row => {
      const cells = fit(items[column * perColumn + at] ?? [], width);
      return column === 0 ? cells : [segment("  "), ...cells];
    }).flat(),
  );
}

export function plainText(rows: readonly Row[]): string {
  return rows.map((cells) => textOf(cells).trimEnd()).join("\n");
}
