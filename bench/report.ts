// Figures as people read them, and as later runs compare them: a table, and JSON beside it.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { atLeast, atMost } from "../core/lib/lists.ts";

export type Figure = Readonly<{
  name: string;
  unit: string;
  rounds: readonly number[]; // one figure a round
}>;

export type Report = Readonly<{
  suite: string;
  command: string;
  versions?: Readonly<Record<string, string>>; // of what was compared
  figures: readonly Figure[];
  notes?: readonly string[]; // what no figure tells
}>;

/** The middle one: shared machines are noisy upwards, and a mean would follow the noise. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

export function show(report: Report): string {
  const rows = report.figures.map((figure) => {
    const low = rounded(atMost(Infinity, figure.rounds));
    const high = rounded(atLeast(0, figure.rounds));
    const spread = figure.rounds.length > 1 ? `${low} … ${high}` : "";
    return [figure.name, rounded(median(figure.rounds)), figure.unit, spread];
  });
  const table = [["what", "median", "unit", "lowest … highest"], ...rows];
  return [`## ${report.suite}: ${report.command}`, "", columns(table), ""].join("\n");
}

/** Rows of cells, each column as wide as what is in it. */
export function columns(table: readonly (readonly string[])[]): string {
  const lengths = table.map((row) => row.length);
  const count = atLeast(0, lengths);
  const widths = Array.from({ length: count }, (_, at) => {
    const widthsOfColumn = table.map((row) => (row[at] ?? "").length);
    return atLeast(0, widthsOfColumn);
  });
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}

export function save(report: Report): void {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
  };
  writeFileSync(
    join(folder, `${report.suite}.json`),
    `${JSON.stringify({ ...report, commit, machine }, null, 2)}\n`,
  );
}

export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "no figure";
  if (Number.isInteger(value) && value < 100) return String(value);
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
