// One member of a cluster that is measured: a real process, with its log in a file. However it
// ends, it is known how, and nobody waits for it in vain. No process and no file outlives
// the bench.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";

const LAST_WORDS = 300; // as many characters of a log

export class Member {
  readonly name: string;
  readonly endpoint: string;
  readonly #command: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #isAsked = false;
  #death = "";

  constructor(name: string, endpoint: string, command: readonly string[], logFile: string) {
    this.name = name;
    this.endpoint = endpoint;
    this.#command = command;
    this.#logFile = logFile;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How it ended without being asked, or "". */
  get death(): string {
    return this.#death;
  }

  start(): void {
    const [program = "", ...flags] = this.#command;
    const log = openSync(this.#logFile, "a");
    const child = spawn(program, flags, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.#child = child;
    this.#isAsked = false;
    this.#ended = own(child).then((how) => {
      this.#child = null;
      if (!this.#isAsked)
        this.#death = `${this.name} died by itself (${how}): ${this.#lastWords()}`;
    });
  }

  /** Ends it with a signal, and resolves when it is gone. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#isAsked = true;
    this.#child?.kill(signal);
    const hurry = setTimeout(() => this.#child?.kill("SIGKILL"), 20_000);
    await this.#ended;
    clearTimeout(hurry);
  }

  #lastWords(): string {
    const lines = readFileSync(this.#logFile, "utf8").split("\n");
    const errors = lines.filter((line) => /error|fatal|panic/i.test(line));
    return (errors.at(-1) ?? lines.at(-2) ?? "").trim().slice(0, LAST_WORDS);
  }
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The bench does not end before this child does. Resolves with how it ended. */
export async function own(child: ChildProcess): Promise<string> {
  children.add(child);
  child.once("error", () => child.emit("exit", null, "not started")); // there is no such program
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  children.delete(child);
  return signal ?? `exit code ${code}`;
}

export function ownFolder(folder: string): void {
  folders.add(folder);
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  folders.delete(folder);
}

function cleanUp(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
}

process.once("exit", cleanUp);
for (const signal of SIGNALS) {
  process.once(signal, () => {
    cleanUp();
    process.kill(process.pid, signal); // this time for good
  });
}
