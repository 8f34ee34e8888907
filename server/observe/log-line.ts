// How a line of the log looks: one JSON object with etcd's keys first, or words that people read.

import type { LogRecord } from "./log.ts";

export type LineFormat = (record: LogRecord) => string;

export function jsonLine({ level, ts, caller, message, fields }: LogRecord): string {
  return `${JSON.stringify({ level, ts, caller, msg: message, ...fields })}\n`;
}

/** As zap's console encoder has it: tabs between time, level, caller and words, fields as JSON. */
export function consoleLine({ level, ts, caller, message, fields }: LogRecord): string {
  const shown = Object.keys(fields).length === 0 ? [] : [JSON.stringify(fields)];
  return `${[ts, level, caller, message, ...shown].join("\t")}\n`;
}

const COLOURS: Readonly<Record<LogRecord["level"], number>> = {
  debug: 35,
  info: 34,
  warn: 33,
  error: 31,
  fatal: 31,
};

/** The same for a terminal. */
export function terminalLine(record: LogRecord): string {
  const { level, ts, caller, message, fields } = record;
  const coloured = `\u001b[${COLOURS[level]}m${level.padEnd(5)}\u001b[0m`;
  const shown = Object.entries(fields).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return ` \u001b[2m${name}=\u001b[0m${text}`;
  });
  const time = ts.slice(11, 23);
  return `${time} ${coloured} ${message}${shown.join("")} \u001b[2m${caller}\u001b[0m\n`;
}
