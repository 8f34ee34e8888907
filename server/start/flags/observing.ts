// What a member tells of itself: etcd's groups "Profiling and Monitoring", "Logging" and
// "Distributed tracing".

import type { LogLevel } from "../../observe/log.ts";
import { accepted, booleanFlag, flag, promoted, type TableOf, textFlag } from "./flag.ts";
import {
  oneOf,
  parseDuration,
  parseInteger,
  parseLogLevel,
  parseLogOutputs,
  parseOptionalUrls,
} from "./values.ts";

export type MonitoringFlags = Readonly<{
  "enable-pprof": boolean;
  metrics: string;
  "listen-metrics-urls": readonly string[];
}>;

export const MONITORING: TableOf<MonitoringFlags> = {
  "enable-pprof": booleanFlag("false", "Serve profiles under /debug/pprof/."),
  metrics: textFlag(
    "basic",
    "How much /metrics shows: 'basic', or 'extensive' with the time of calls.",
  ),
  "listen-metrics-urls": flag("", parseOptionalUrls, "URLs for /metrics and /health alone."),
};

export type LoggingFlags = Readonly<{
  logger: "zap";
  "log-outputs": readonly string[];
  "log-level": LogLevel;
  "log-format": "json" | "console";
  "enable-log-rotation": boolean;
  "log-rotation-config-json": string;
  "warning-unary-request-duration": number;
}>;

const ROTATION =
  '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}';

export const LOGGING: TableOf<LoggingFlags> = {
  logger: flag("zap", oneOf(["zap"]), "'zap': JSON lines of etcd's shape."),
  "log-outputs": {
    ...flag(
      "default",
      parseLogOutputs,
      "'stderr', 'stdout', 'default', 'systemd/journal', or paths of files; with commas.",
    ),
    older: ["log-output"],
  },
  "log-level": flag("info", parseLogLevel, "The least level to log: debug, info, warn or error."),
  "log-format": flag(
    "json",
    oneOf(["json", "console"]),
    "'json', or 'console' for lines that people read.",
  ),
  "enable-log-rotation": booleanFlag("false", "Rotate the file of a log."),
  "log-rotation-config-json": textFlag(ROTATION, "How to rotate, as JSON."),
  "warning-unary-request-duration": promoted(
    "warning-unary-request-duration",
    flag("300ms", parseDuration, "A request that takes longer is logged."),
  ),
};

export type TracingFlags = Readonly<{
  "enable-distributed-tracing": boolean;
  "distributed-tracing-address": string;
  "distributed-tracing-service-name": string;
  "distributed-tracing-instance-id": string;
  "distributed-tracing-sampling-rate": number;
}>;

const UNTRACED = "no spans are made";

export const TRACING: TableOf<TracingFlags> = {
  "enable-distributed-tracing": promoted(
    "enable-distributed-tracing",
    accepted(UNTRACED, booleanFlag("false", "Send spans to a collector of OpenTelemetry.")),
  ),
  "distributed-tracing-address": promoted(
    "distributed-tracing-address",
    accepted(UNTRACED, textFlag("localhost:4317", "Address of the collector.")),
  ),
  "distributed-tracing-service-name": promoted(
    "distributed-tracing-service-name",
    accepted(UNTRACED, textFlag("etcd", "Name of the service in its spans.")),
  ),
  "distributed-tracing-instance-id": promoted(
    "distributed-tracing-instance-id",
    accepted(UNTRACED, textFlag("", "Name of the instance in its spans.")),
  ),
  "distributed-tracing-sampling-rate": promoted(
    "distributed-tracing-sampling-rate",
    accepted(UNTRACED, flag("0", parseInteger, "Spans to send of a million.")),
  ),
};
