// `detcd serve`: reads the flags, starts one member, and stops it on a signal.

import { flushCompileCache } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { REMOVED } from "../net/wire/peers/peer-hello.ts";
import { operatorErrorOf } from "./causes.ts";
import type { FlagName, Flags } from "./start/flags/table.ts";
import { readFlags } from "./start/flags/read.ts";
import type { Notice } from "./start/flags/settings.ts";
import { createLog, type Log } from "./observe/log.ts";
import { openOutputs } from "./observe/log-outputs.ts";
import { whenOrphaned } from "./start/parent.ts";
import { createSupervisor } from "./start/supervisor.ts";
import { createPrivately } from "./storage/private-files.ts";
import { startServer } from "./server.ts";
import { versionText } from "./observe/version.ts";

const SIGNALS = { SIGTERM: "terminated", SIGINT: "interrupt" } as const; // Go's names for them

/** etcd's own wait: a leader that was removed tells the others meanwhile, and hands over. */
const FAREWELL_MS = 1000;

/** The exit code: 0 after a removal, 1 when the member cannot run, 2 when the flags
 *  cannot be read. */
export async function main(_command: string, args: readonly string[]): Promise<number> {
  const parsed = await readFlags(args, process.env);
  switch (parsed.kind) {
    case "help":
      console.log(parsed.text);
      return 0;
    case "version":
      console.log(versionText());
      return 0;
    case "refused":
      return refuse(parsed.message, parsed.exitCode);
    case "run":
      return run(parsed.flags, parsed.given, parsed.notices);
  }
}

async function run(
  flags: Flags,
  given: ReadonlySet<FlagName>,
  notices: readonly Notice[],
): Promise<number> {
  createPrivately();
  const outputs = openOutputs({
    outputs: flags["log-outputs"],
    format: given.has("log-format") ? flags["log-format"] : null,
    rotation: flags["enable-log-rotation"] ? flags["log-rotation-config-json"] : null,
  });
  if (!outputs.ok) return refuse(outputs.error, 1);
  const sink = { least: flags["log-level"], ...outputs.value, now: () => new Date() };
  const log = createLog(sink, "server/main.ts");
  for (const { level, message, fields } of notices) log(level, message, fields);
  listenForFailures(flags["data-dir"], log);
  const logOf = (caller: string): Log => createLog(sink, caller);
  const started = await startServer(flags, given, logOf);
  if (!started.ok) return refuse(started.error, 1);
  const { removed, ready, stop } = started.value;
  const supervisor = createSupervisor(process.env, logOf("server/start/supervisor.ts"));
  void ready.then(() => supervisor.tell("READY=1"));
  const removal = removed.then(() => "removed" as const);
  const orphaned = whenOrphaned(process.env).then(() => "orphaned" as const);
  const reason = await Promise.race([nextSignal(), removal, orphaned]);
  if (reason === "removed") {
    log("warn", "server error", { error: REMOVED });
    log("warn", "data-dir used by this member must be removed");
    await pause(FAREWELL_MS);
  } else if (reason === "orphaned") {
    log("info", "npm, which started this server, has gone; shutting down");
  } else {
    log("info", "received signal; shutting down", { signal: SIGNALS[reason] });
  }
  await Promise.all([supervisor.tell("STOPPING=1"), stop()]);
  if (reason in SIGNALS) endBy(reason as keyof typeof SIGNALS);
  return 0;
}

/** As etcd ends, by the signal that it was sent; but the first process of a container has none that
 *  ends it, and its end is good. What Node keeps at a good end only is kept before: what was
 *  compiled, for the next start. */
function endBy(signal: keyof typeof SIGNALS): void {
  flushCompileCache();
  if (process.pid !== 1) process.kill(process.pid, signal);
}

/** Of a commit that failed LMDB says so itself, and rejects a promise that nobody has been given,
 *  before the store hears of it and why. */
function listenForFailures(directory: string, log: Log): void {
  process.on("uncaughtException", (error) => endAtOnce(error, directory, log));
  process.on("unhandledRejection", (reason) => {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    if (!("commitError" in error)) endAtOnce(error, directory, log);
  });
  console.error = (said: unknown) => log("error", firstLineOf(said));
}

/** Nothing catches a broken invariant or a failed disk: nobody knows what is true any more, so
 *  nothing is closed either. Operators need a sentence, and who mends invariants a stack. */
function endAtOnce(error: Error, directory: string, log: Log): never {
  const told = operatorErrorOf(error, directory);
  log("fatal", told?.message ?? error.message);
  if (told === null) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

function firstLineOf(said: unknown): string {
  const [line = ""] = (said instanceof Error ? said.message : String(said)).split("\n");
  return line;
}

/** The second signal finds no handler and ends the process at once. */
function nextSignal(): Promise<keyof typeof SIGNALS> {
  return new Promise((resolve) => {
    const taken = (signal: NodeJS.Signals): void => {
      for (const name of Object.keys(SIGNALS)) process.off(name, taken);
      resolve(signal as keyof typeof SIGNALS);
    };
    for (const name of Object.keys(SIGNALS)) process.on(name, taken);
  });
}

function refuse(message: string, exitCode: number): number {
  process.stderr.write(`detcd serve: ${message}\n`);
  return exitCode;
}
