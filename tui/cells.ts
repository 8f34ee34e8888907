// Rows of styled cells: the paper on which every view draws. A row knows nothing of terminals, so
// that a screen is a value which tests compare and any renderer can print. All glyphs are printable
// ASCII, one cell each: that is what makes counting characters and counting cells the same thing.

/** What a piece of text means. How it looks is the business of colours.ts; no meaning is colour
 *  alone. */
export type Tone =
  | "plain"
  | "dim"
  | "title"
  | "strong"
  | "good"
  | "warn"
  | "bad"
  | "here" // the cursor, the selected thing
  | `term${TermTone}`;
export type TermTone = 0 | 1 | 2 | 3 | 4 | 5;

export type Segment = Readonly<{ text: string; tone: Tone }>;
export type Row = readonly Segment[];
export type Size = Readonly<{ columns: number; rows: number }>;

export function segment(text: string, tone: Tone = "plain"): Segment {
  return { text: clean(text), tone };
}

export function row(...parts: readonly (Segment | string)[]): Row {
  return rowOf(parts);
}

export function rowOf(parts: readonly (Segment | string)[]): Row {
  return parts.map((part) => (typeof part === "string" ? segment(part) : part));
}

export function widthOf(cells: Row): number {
  return cells.reduce((width, part) => width + part.text.length, 0);
}

export function textOf(cells: Row): string {
  return cells.map((part) => part.text).join("");
}

export function termTone(term: number): Tone {
  return `term${(term % 6) as TermTone}`;
}

/** Exactly `columns` cells: what is too long ends in `~`, what is too short is filled up. */
export function fit(cells: Row, columns: number, filler: string = " "): Row {
  const width = widthOf(cells);
  if (width === columns) return cells;
  if (width < columns) return [...cells, segment(filler.repeat(columns - width), "dim")];
  return columns <= 0 ? [] : [...cut(cells, columns - 1), segment("~", "dim")];
}

/** The first `columns` cells. */
function cut(cells: Row, columns: number): Row {
  const kept: Segment[] = [];
  let left = columns;
  for (const part of cells) {
    if (left <= 0) break;
    kept.push(part.text.length <= left ? part : { ...part, text: part.text.slice(0, left) });
    left -= part.text.length;
  }
  return kept;
}

/** As many rows as asked for, each as wide as asked for. */
export function fill(rows: readonly Row[], size: Size): readonly Row[] {
  return Array.from({ length: size.rows }, (_, at) => fit(rows[at] ?? [], size.columns));
}

/** Left text and right text on one row; the right one gives way first. */
export function spread(left: Row, right: Row, columns: number, filler: string = " "): Row {
  const room = columns - widthOf(left) - widthOf(right);
  if (room < 1) return fit(left, columns, filler);
  return [...left, segment(filler.repeat(room), "dim"), ...right];
}

/** `[####......]`: how much of a whole has passed. */
export function bar(done: number, whole: number, columns: number, tone: Tone = "plain"): Row {
  const inner = Math.max(0, columns - 2);
  const full = portion(done, whole, inner);
  return [
    segment("[", "dim"),
    segment("#".repeat(full), tone),
    segment(".".repeat(inner - full), "dim"),
    segment("]", "dim"),
  ];
}

/** `[===>     ]`: how far something has travelled. */
export function arrow(done: number, whole: number, columns: number, tone: Tone = "plain"): Row {
  const inner = Math.max(1, columns - 2);
  const at = Math.min(inner - 1, portion(done, whole, inner));
  return [
    segment("[", "dim"),
    segment("=".repeat(at) + ">", tone),
    segment(" ".repeat(inner - 1 - at)),
    segment("]", "dim"),
  ];
}

/** Words laid into rows no wider than `columns`; what goes on is indented. */
export function wrap(text: string, columns: number, tone: Tone = "plain", indent = 2): Row[] {
  const lines: string[] = [];
  let line = "";
  for (const word of clean(text).split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > columns) {
      lines.push(line);
      line = " ".repeat(indent) + word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines.map((one) => [segment(one, tone)]);
}

function portion(done: number, whole: number, cells: number): number {
  if (whole <= 0) return 0;
  return Math.max(0, Math.min(cells, Math.floor((done * cells) / whole)));
}

/** Anything that is not one printable ASCII cell would break every column to its right. */
function clean(text: string): string {
  return /^[ -~]*$/u.test(text) ? text : text.replace(/[^ -~]/gu, "?");
}
