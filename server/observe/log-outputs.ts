// Where lines go, in etcd's words: stderr, stdout, default (which is stderr), systemd/journal, and
// files by their paths; as many as are named.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Result } from "../../core/contract.ts";
import { consoleLine, jsonLine, terminalLine } from "./log-line.ts";
import type { LineFormat } from "./log-line.ts";
import { LogFile } from "./log-file.ts";
import { parseLogRotation } from "./log-rotation.ts";
import type { LogRotation } from "./log-rotation.ts";

export type OutputOptions = Readonly<{
  outputs: readonly string[];
  format: "json" | "console" | null; // null: nobody asked
  rotation: string | null; // its JSON, where files are to be rotated
}>;

export type Outputs = Readonly<{ write: (line: string) => void; inLine: LineFormat }>;

const JOURNAL = "systemd/journal";
const JOURNAL_SOCKET = "/run/systemd/journal/socket";
const STREAMS: ReadonlySet<string> = new Set(["default", "stderr", "stdout", JOURNAL]);

/** An error is a sentence for the operator, in etcd's words where it has some. */
export function openOutputs(options: OutputOptions): Result<Outputs, string> {
  const { outputs, format } = options;
  const rotation = rotationOf(options);
  if (!rotation.ok) return rotation;
  if (outputs.includes("default") && outputs.length > 1) {
    return refused(`multi logoutput for "default" is not supported yet`);
  }
  const writers: ((line: string) => void)[] = [];
  for (const output of new Set(outputs)) {
    const writer = writerOf(output, rotation.value);
    if (!writer.ok) return writer;
    writers.push(writer.value);
  }
  const write = (line: string): void => {
    for (const writer of writers) writer(line);
  };
  const inLine = format === "json" ? jsonLine : formatFor(outputs, format);
  return { ok: true, value: { write, inLine } };
}

/** Readable lines on a terminal without asking. Colours only there: files and pipes have none. */
function formatFor(outputs: readonly string[], format: "console" | null): LineFormat {
  const streams = outputs.map((output) => {
    if (output === "stdout") return process.stdout;
    return output === "stderr" || output === "default" ? process.stderr : null;
  });
  if (streams.every((stream) => stream?.isTTY === true)) return terminalLine;
  return format === "console" ? consoleLine : jsonLine;
}

function rotationOf({ outputs, rotation }: OutputOptions): Result<LogRotation | null, string> {
  if (rotation === null) return { ok: true, value: null };
  const files = outputs.filter((output) => !STREAMS.has(output));
  if (files.length !== 1) {
    return refused(
      "--log-outputs requires a single file path when --log-rotate-config-json is defined",
    );
  }
  return parseLogRotation(rotation);
}

function writerOf(
  output: string,
  rotation: LogRotation | null,
): Result<(line: string) => void, string> {
  if (output === "stdout") return { ok: true, value: (line) => void process.stdout.write(line) };
  if (STREAMS.has(output) && output !== JOURNAL) {
    return { ok: true, value: (line) => void process.stderr.write(line) };
  }
  if (output === JOURNAL) return journal();
  try {
    const file = new LogFile(output, rotation, () => new Date());
    return { ok: true, value: (line) => file.write(line) };
  } catch (error) {
    return refused(`cannot write the log to ${output}: ${(error as Error).message}`);
  }
}

/** Its socket takes datagrams, which Node does not have; systemd's own command does, and ends with
 *  this process. */
function journal(): Result<(line: string) => void, string> {
  if (!existsSync(JOURNAL_SOCKET)) {
    return refused(
      `can't find journal (${JOURNAL_SOCKET} does not exist): use --log-outputs=stderr`,
    );
  }
  const { stdin } = spawn("systemd-cat", ["--identifier=etcd"], {
    stdio: ["pipe", "ignore", "inherit"],
  }).on("error", (error) =>
    process.stderr.write(`cannot write to the journal: ${error.message}\n`),
  );
  stdin.on("error", () => undefined); // it has ended: said above
  return { ok: true, value: (line) => void stdin.write(`<${priorityOf(line)}>${line}`) };
}

/** Syslog's number, which systemd-cat takes from the beginning of a line. */
function priorityOf(line: string): number {
  const [, level] = /^(?:\{"level":"|[^\t]*\t)(\w+)/.exec(line) ?? [];
  return { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }[level ?? ""] ?? 6;
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}
