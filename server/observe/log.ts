// etcd-shaped log lines: level, ts, caller, msg, and then fields.
// Operators' tools and etcd's own test suites read them, so the words of known events are etcd's.

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | null>
>;
export type Severity = LogLevel | "fatal";
export type LogRecord = Readonly<{
  level: Severity;
  ts: string;
  caller: string;
  message: string;
  fields: LogFields;
}>;
export type Log = (level: Severity, message: string, fields?: LogFields) => void;

export type LogSink = Readonly<{
  least: LogLevel;
  write: (line: string) => void;
  inLine: (record: LogRecord) => string;
  now: () => Date;
}>;

const SEVERITIES: readonly Severity[] = ["debug", "info", "warn", "error", "fatal"];

/** `caller` is the file that speaks. */
export function createLog(sink: LogSink, caller: string): Log {
  const least = SEVERITIES.indexOf(sink.least);
  return (level, message, fields = {}) => {
    if (SEVERITIES.indexOf(level) < least) return;
    const ts = sink.now().toISOString();
    sink.write(sink.inLine({ level, ts, caller, message, fields }));
  };
}

/** As etcd prints ids. */
export function hex(id: bigint): string {
  return id.toString(16);
}
