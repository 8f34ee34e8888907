// How each meaning looks on a terminal. Colours come from the Okabe-Ito set, which colour-blind
// people tell apart, and every one of them only repeats what a letter, a digit or a sign says
// already.

import type { Row, Tone } from "./cells.ts";

/** 0: no colour (but bold and reverse are not colours), 16: the terminal's own, 256: the palette.
 *  */
export type Depth = 0 | 16 | 256;
export type Environment = Readonly<Record<string, string | undefined>>;

type Look = Readonly<{ plain: string; few: string; many: string }>;

const LOOKS: Readonly<Record<Tone, Look>> = {
  plain: look("", "", ""),
  dim: look("2", "2", "38;5;243"),
  title: look("1", "1;36", "1;38;5;74"),
  strong: look("1", "1", "1"),
  good: look("1", "1;32", "1;38;5;36"),
  warn: look("1", "1;33", "1;38;5;214"),
  bad: look("1", "1;31", "1;38;5;166"),
  here: look("1;7", "1;7", "1;7"),
  term0: look("", "36", "38;5;74"),
  term1: look("", "33", "38;5;214"),
  term2: look("", "32", "38;5;36"),
  term3: look("", "35", "38;5;175"),
  term4: look("", "34", "38;5;33"),
  term5: look("", "31", "38;5;166"),
};

/** One row as text with escape codes. */
export function paint(cells: Row, depth: Depth): string {
  return cells.map(({ text, tone }) => wear(text, codeOf(LOOKS[tone], depth))).join("");
}

/** Flags win over NO_COLOR, and that over what the terminal says of itself. */
export function depthOf(environment: Environment, isColourRefused: boolean): Depth {
  const { NO_COLOR, COLORTERM, TERM } = environment;
  if (isColourRefused || (NO_COLOR !== undefined && NO_COLOR !== "")) return 0;
  if (TERM === undefined || TERM === "dumb") return 0;
  return COLORTERM !== undefined || TERM.includes("256") || TERM.includes("kitty") ? 256 : 16;
}

function codeOf(one: Look, depth: Depth): string {
  switch (depth) {
    case 0:
      return one.plain;
    case 16:
      return one.few;
    case 256:
      return one.many;
  }
}

function wear(text: string, code: string): string {
  return code === "" ? text : `\u001B[${code}m${text}\u001B[0m`;
}

function look(plain: string, few: string, many: string): Look {
  return { plain, few, many };
}
