// Help, made of the table of keys and of nothing else.

import { row, segment, type Row } from "../cells.ts";
import { KEYS, type Binding } from "../keys.ts";
import { heading, inColumns, type Pane } from "./pane.ts";

export function helpPage(): Pane {
  return {
    title: heading("keys"),
    note: row(segment("?: back to the cluster", "dim")),
    body: ({ columns, rows }) => {
      const lines = helpRows();
      const across = Math.max(1, Math.min(3, Math.ceil(lines.length / Math.max(1, rows))));
      return inColumns(lines, across, columns);
    },
  };
}

/** The keys worth a word on the bottom line, as many as fit, the most wanted first. */
export function hints(columns: number): Row {
  const worth = KEYS.filter((binding) => binding.hint !== "").toSorted((a, b) => rank(a) - rank(b));
  let kept: readonly Binding[] = [];
  for (const binding of worth) {
    const more = [...kept, binding];
    if (hintText(more).length <= columns) kept = more;
  }
  return row(segment(hintText(KEYS.filter((binding) => kept.includes(binding))), "dim"));
}

const MOST_WANTED = ["space", "?", "q", "c", "p", "h", ".", "]", "r", ">", "t", "w", "+"];

function rank(binding: Binding): number {
  const at = MOST_WANTED.findIndex((key) => binding.presses.some((press) => press.key === key));
  return at < 0 ? MOST_WANTED.length : at;
}

function hintText(bindings: readonly Binding[]): string {
  return bindings.map(({ label, hint }) => `${label.replace(" ", "")} ${hint}`).join("  ");
}

function helpRows(): readonly Row[] {
  const groups = [...new Set(KEYS.map((binding) => binding.group))];
  return groups.flatMap((group) => [
    row(segment(group, "title")),
    ...KEYS.filter((binding) => binding.group === group).map(helpRow),
  ]);
}

function helpRow(binding: Binding): Row {
  return row(segment(`  ${binding.label.padEnd(11)}`, "strong"), binding.text);
}
