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
      return lines.length > rows ? inColumns(lines, 2, columns) : lines;
    },
  };
}

/** The keys worth a word on the bottom line, as many as fit. */
export function hints(columns: number): Row {
  let text = "";
  for (const { label, hint } of KEYS) {
    const next = hint === "" ? text : `${text}${text === "" ? "" : "  "}${label} ${hint}`;
    if (next.length > columns) break;
    text = next;
  }
  return row(segment(text, "dim"));
}

function helpRows(): readonly Row[] {
  const groups = [...new Set(KEYS.map((binding) => binding.group))];
  return groups.flatMap((group) => [
    row(segment(group, "title")),
    ...KEYS.filter((binding) => binding.group === group).map(helpRow),
  ]);
}

function helpRow(binding: Binding): Row {
  return row(segment(`  ${binding.label.padEnd(12)}`, "strong"), binding.text);
}
