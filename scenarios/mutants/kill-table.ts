// `npm run mutants`: plants every bug, one per processor at a time, and prints who caught it, after
// how many seeds and in how long, and then which bugs prove which rule. With names behind it, only
// those. Exit code 1 if one got away, or was caught by another oracle than it names.

import { availableParallelism } from "node:os";
import { RULES } from "../../checker/rules.ts";
import type { RuleMutant } from "./bugs/rules.ts";
import { ALL_MUTANTS, escapeOf } from "./bugs/rules.ts";
import { createPlanter } from "./planting.ts";

const COLUMNS = [26, 24, 6, 8] as const;

const wanted = process.argv.slice(2);
const mutants = ALL_MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

let escaped = 0;
show(["mutant", "caught by", "seeds", "seconds"]);
const waiting = [...mutants];
await Promise.all(Array.from({ length: availableParallelism() }, () => huntThose(waiting)));
print("");
for (const { id, name } of RULES) {
  const proofs = mutants.filter(({ rules }) => rules.includes(id)).map((mutant) => mutant.name);
  if (proofs.length > 0) show([`${id} ${name}`, proofs.join(", ")]);
}
print(`\n${mutants.length - escaped} of ${mutants.length} caught as they should be`);
process.exitCode = escaped === 0 ? 0 : 1;

async function huntThose(left: RuleMutant[]): Promise<void> {
  const planter = createPlanter();
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    const start = performance.now();
    const hunted = await planter.hunt(mutant);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const escape = escapeOf(mutant, hunted);
    if (escape !== null) escaped += 1;
    show([mutant.name, escape ?? hunted.oracle, String(hunted.tried), seconds]);
  }
  planter.close();
}

function show(cells: readonly string[]): void {
  print(cells.map((cell, at) => cell.padEnd(COLUMNS[at] ?? 0)).join(" "));
}

function print(line: string): void {
  process.stdout.write(`${line.trimEnd()}\n`);
}
