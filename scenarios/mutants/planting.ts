// Plants bugs and hunts them, one at a time, in a process of its own (scenarios/mutants/hunter.ts).
// Nothing is written: the process loads the file of a bug as it would read with the bug in it.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hunted } from "./hunt.ts";
import type { Mutant } from "./bugs/mutant.ts";

const root = join(import.meta.dirname, "../..");
const HUNTER = join(import.meta.dirname, "hunter.ts");
const HUNT_MS = 120_000; // a mutant may run in circles

/** Hunt this, where the file has this text. */
export type Order = Readonly<{ mutant: Mutant; text: string }>;
/** A mutant that does not even load is no catch. */
export type Report = Readonly<{ hunted: Hunted } | { error: string }>;

/** Where one bug at a time is planted. It must be closed. */
export interface Planter {
  /** Plants the mutant, and hunts it where it says. */
  readonly hunt: (mutant: Mutant) => Promise<Hunted>;
  readonly close: () => void;
}

export function createPlanter(): Planter {
  let hunter: ChildProcess | null = null;
  return {
    hunt: async (mutant) => {
      const text = substituted(mutant, readFileSync(join(root, mutant.file), "utf8"));
      if (hunter === null || hunter.exitCode !== null || hunter.signalCode !== null) {
        hunter = fork(HUNTER, { execArgv: ["--no-warnings"] });
      }
      const report = await ask(hunter, { mutant, text });
      if ("error" in report) throw new Error(`mutant ${mutant.name}: ${report.error}`);
      return report.hunted;
    },
    close: () => hunter?.kill(),
  };
}

function ask(hunter: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => hunter.kill("SIGKILL"), HUNT_MS);
    const end = (report: Report): void => {
      clearTimeout(timer);
      hunter.removeAllListeners();
      resolve(report);
    };
    hunter.once("message", (report: Report) => end(report));
    hunter.once("exit", () => end({ error: `its hunter died, or met no end in ${HUNT_MS} ms` }));
    hunter.send(order);
  });
}

/** The source with the bug in it. A mutant that no longer fits must not pass for one that is
 *  caught. */
export function substituted(mutant: Mutant, source: string): string {
  const parts = source.split(mutant.find);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(
      `mutant ${mutant.name} is out of date: its text occurs ${times} times in ${mutant.file}. ` +
        `Look at the code it was made for and write it anew in scenarios/mutants/.`,
    );
  }
  return parts.join(mutant.replace);
}
