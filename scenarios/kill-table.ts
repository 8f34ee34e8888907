// `npm run mutants`: plants every bug of scenarios/mutants.ts in turn and prints who caught it,
// after how many seeds and in how long. Exit code 1 if one got away, or was caught by another
// oracle than it names.

import { MUTANTS } from "./mutants.ts";
import { plantAndHunt } from "./planting.ts";

const COLUMNS = [24, 24, 6, 8] as const;

let escaped = 0;
show(["mutant", "caught by", "seeds", "seconds"]);
for (const mutant of MUTANTS) {
  const start = performance.now();
  const { oracle, tried } = await plantAndHunt(mutant);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (oracle !== mutant.oracle) escaped += 1;
  const verdict = oracle === mutant.oracle ? oracle : `${oracle}, not ${mutant.oracle}`;
  show([mutant.name, verdict, String(tried), seconds]);
}
process.stdout.write(
  `\n${MUTANTS.length - escaped} of ${MUTANTS.length} caught as they should be\n`,
);
process.exitCode = escaped === 0 ? 0 : 1;

function show(cells: readonly string[]): void {
  process.stdout.write(
    `${cells
      .map((cell, at) => cell.padEnd(COLUMNS[at] ?? 0))
      .join(" ")
      .trimEnd()}\n`,
  );
}
