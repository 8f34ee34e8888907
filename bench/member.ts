// One member of a cluster that is measured: a real process, with its log in a file. However it
// ends, it is known how, and nobody waits for it in vain.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { own } from "./owned.ts";

const LAST_WORDS = 300; // as many characters of a log

export class Member {
  readonly name: string;
  readonly endpoint: string;
  readonly #command: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #isAsked = false;
  readonly #death = Promise.withResolvers<string>();
  #isDead = false;

  constructor(name: string, endpoint: string, command: readonly string[], logFile: string) {
    this.name = name;
    this.endpoint = endpoint;
    this.#command = command;
    this.#logFile = logFile;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves if it ever ends without being asked, with how it did. */
  get died(): Promise<string> {
    return this.#death.promise;
  }

  get isDead(): boolean {
    return this.#isDead;
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
      if (this.#isAsked) return;
      this.#isDead = true;
      this.#death.resolve(`${this.name} died by itself (${how}): ${this.#lastWords()}`);
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
    if (!existsSync(this.#logFile)) return "its log is gone";
    const lines = readFileSync(this.#logFile, "utf8").split("\n");
    const errors = lines.filter((line) => /error|fatal|panic/i.test(line));
    return (errors.at(-1) ?? lines.at(-2) ?? "it said nothing").trim().slice(0, LAST_WORDS);
  }
}
