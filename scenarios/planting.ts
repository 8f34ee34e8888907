// Plants a bug in a copy of the sources and hunts it there. The copy lies inside the checkout, so
// that it finds the same packages, and is removed again.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Hunted } from "./hunt.ts";
import type { Mutant } from "./mutants.ts";

const root = join(import.meta.dirname, "..");
const HUNT_MS = 120_000; // a mutant may run in circles
const ROOMS = ["core", "net/wire", "net/bolt", "sim", "checker", "scenarios"];

/** Hunts the mutant where it says. */
export async function plantAndHunt(mutant: Mutant): Promise<Hunted> {
  const copy = join(root, ".mutants", mutant.name);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const room of ROOMS) {
    cpSync(join(root, room), join(copy, room), { recursive: true, filter: isSource });
  }
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }\n');
  const file = join(copy, mutant.file);
  writeFileSync(file, substituted(mutant, readFileSync(file, "utf8")));
  const args = [join(copy, "scenarios", "hunt.ts"), mutant.scenario, ...mutant.seeds.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", ...args], {
    timeout: HUNT_MS,
  });
  rmSync(copy, { recursive: true });
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
        `Look at the code it was made for and write it anew in scenarios/mutants.ts.`,
    );
  }
  return parts.join(mutant.replace);
}

function isSource(path: string): boolean {
  return !path.includes(".test.") && !path.includes("testdata");
}
