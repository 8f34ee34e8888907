// Plants a bug in a copy of the sources and hunts it there. The copy lies inside the checkout, so
// that it finds the same packages, and is removed again.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Hunted } from "./hunt.ts";
import type { Mutant } from "./mutant.ts";

const root = join(import.meta.dirname, "..");
const HUNT_MS = 120_000; // a mutant may run in circles
const ROOMS = ["core", "net/wire", "net/bolt", "sim", "checker", "scenarios"];

/** A copy of the sources in which one bug at a time is planted. It must be closed. */
export interface Plot {
  /** Plants the mutant, hunts it where it says, and pulls it out again. */
  readonly hunt: (mutant: Mutant) => Promise<Hunted>;
  readonly close: () => void;
}

export function openPlot(): Plot {
  const copy = join(root, ".mutants", String(process.pid));
  mkdirSync(copy, { recursive: true });
  for (const room of ROOMS) {
    cpSync(join(root, room), join(copy, room), { recursive: true, filter: isSource });
  }
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }\n');
  return {
    hunt: (mutant) => plantAndHunt(copy, mutant),
    close: () => rmSync(copy, { recursive: true }),
  };
}

async function plantAndHunt(copy: string, mutant: Mutant): Promise<Hunted> {
  const file = join(copy, mutant.file);
  const source = readFileSync(file, "utf8");
  writeFileSync(file, substituted(mutant, source));
  const args = [join(copy, "scenarios", "hunt.ts"), mutant.scenario, ...mutant.seeds.map(String)];
  // What was compiled for one hunt serves the next: all but one file are the same.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(copy, ".compiled") };
  const options = { timeout: HUNT_MS, env };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", ...args],
    options,
  ).finally(() => writeFileSync(file, source));
  return JSON.parse(stdout) as Hunted;
}

/** The source with the bug in it. A mutant that no longer fits must not pass for one that is
 *  caught. */
export function substituted(mutant: Mutant, source: string): string {
  const parts = source.split(mutant.find);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(
      `mutant ${mutant.name} is out of date: its text occurs ${times} times in ${mutant.file}. ` +
        `Look at the code it was made for and write it anew in scenarios/mutants-*.ts.`,
    );
  }
  return parts.join(mutant.replace);
}

function isSource(path: string): boolean {
  return !path.includes(".test.") && !path.includes("testdata");
}
