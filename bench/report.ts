// Figures as people read them, and as later runs compare them: a table, and JSON beside it.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

export type Figure = Readonly<{
  name: string;
  unit: string;
  rounds: readonly number[]; // one figure a round
}>;

export type Report = Readonly<{ suite: string; command: string; figures: readonly Figure[] }>;

/** The middle one: shared machines are noisy upwards, and a mean would follow the noise. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

export function show(report: Report): string {
  const rows = report.figures.map((figure) => {
    const low = round(Math.min(...figure.rounds));
    const high = round(Math.max(...figure.rounds));
    const spread = figure.rounds.length > 1 ? `${low} … ${high}` : "";
    return [figure.name, round(median(figure.rounds)), figure.unit, spread];
  });
  const table = [["what", "median", "unit", "lowest … highest"], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [`## ${report.suite}: ${report.command}`, "", ...table.map(line), ""].join("\n");
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

function round(value: number): string {
  if (!Number.isFinite(value)) return "no figure";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
