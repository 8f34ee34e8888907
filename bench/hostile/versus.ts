// Two products side by side: a row for each thing measured, the middle of the rounds, and how far
// they lie apart.

import type { Figure } from "../report.ts";
import { columns, median, rounded } from "../report.ts";
import type { Product } from "../server-cluster.ts";
import type { Seen } from "./trial.ts";
import { atLeast, atMost } from "../../core/lib/lists.ts";

export type Row = Readonly<{
  name: string;
  unit: string;
  rounds: Readonly<Record<Product["name"], readonly number[]>>;
}>;

/** In the order in which they are seen, also what only one of the two has. */
export function collect(trials: readonly (readonly [Product["name"], readonly Seen[]])[]): Row[] {
  const rows: Row[] = [];
  for (const [product, seen] of trials) {
    let last = -1;
    for (const { name, unit, value } of seen) {
      const known = rows.findIndex((row) => row.name === name);
      const at = known === -1 ? last + 1 : known;
      if (known === -1) rows.splice(at, 0, { name, unit, rounds: { etcd: [], detcd: [] } });
      const row = rows[at] as Row;
      rows[at] = { ...row, rounds: { ...row.rounds, [product]: [...row.rounds[product], value] } };
      last = at;
    }
  }
  return rows;
}

/** As the other suites keep them. */
export function figuresOf(rows: readonly Row[]): Figure[] {
  return rows.flatMap(({ name, unit, rounds: { etcd, detcd } }) => [
    { name: `${name}, etcd`, unit, rounds: etcd },
    { name: `${name}, detcd`, unit, rounds: detcd },
    { name: `${name}, detcd/etcd`, unit: "ratio", rounds: [median(detcd) / median(etcd)] },
  ]);
}

export function table(rows: readonly Row[], [etcd, detcd]: readonly [string, string]): string {
  const head = ["what", "unit", etcd, detcd, "detcd/etcd"];
  const lines = rows.map(({ name, unit, rounds }) => [
    name,
    unit,
    cell(rounds.etcd),
    cell(rounds.detcd),
    ratio(median(rounds.detcd) / median(rounds.etcd)),
  ]);
  return columns([head, ...lines]);
}

/** "12 (11 … 15)" */
function cell(rounds: readonly number[]): string {
  if (rounds.length === 0) return "–";
  const [low, high] = [atMost(Infinity, rounds), atLeast(0, rounds)];
  const spread = rounds.length > 1 && high > low ? ` (${rounded(low)} … ${rounded(high)})` : "";
  return `${rounded(median(rounds))}${spread}`;
}

function ratio(value: number): string {
  return Number.isFinite(value) && value > 0 ? rounded(value) : "–";
}
