// `detcd snapshot save|status|restore`: the commands of etcdctl and etcdutl, on files of either.

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { parseFlags } from "../start/flags/parse.ts";
import { createLog } from "../observe/log.ts";
import { jsonLine } from "../observe/log-line.ts";
import { createPrivately } from "../storage/private-files.ts";
import { restoreSnapshot } from "./restore.ts";
import { saveSnapshot } from "./save.ts";
import { SECRET_OPTIONS, wayTo } from "./secrets.ts";
import { openSnapshotFile } from "./snapshot-file.ts";
import { FORMATS, printStatus, statusOf } from "./status.ts";

const USAGE = `usage: detcd snapshot <command> <file> [flags]

  save      ask a member for a snapshot and store it
      --endpoints host:port     the member (127.0.0.1:2379)
      --user name:password      root's, where users are asked for who they are
      --cacert, --cert, --key   of TLS: whom to believe, and what to show (files)
      --insecure-skip-tls-verify   believe whoever answers

  status    what a snapshot holds; its hash is checked
      --write-out, -w simple|table|fields|json

  restore   make the data directory of one member of a new cluster; each needs its own
      --data-dir path           must be empty or absent (<name>.etcd)
      --wal-dir path            for the log alone; must be empty or absent
      --name name               of this member (default)
      --initial-cluster         all members: name=url,name=url (this member alone)
      --initial-cluster-token   a word that makes the new cluster's ids unlike any other's
      --initial-advertise-peer-urls   of this member (http://localhost:2380)
      --skip-hash-check         for a database copied from a data directory, which has no hash
      --bump-revision n         go on as if there had been n revisions more; needs
      --mark-compacted          all history is compacted: watches learn that they missed something
`;

/** As etcd's tools have them. */
const EXIT = { ok: 0, failed: 1, badArguments: 128 } as const;

const BUMP_MAX = 1e15; // revisions have room for that often

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const OPTIONS = {
  save: { endpoints: text, user: text, ...SECRET_OPTIONS },
  status: { "write-out": { ...text, short: "w", default: "simple" } },
  restore: {
    "data-dir": text,
    "wal-dir": text,
    name: text,
    "initial-cluster": text,
    "initial-cluster-token": text,
    "initial-advertise-peer-urls": text,
    "skip-hash-check": flag,
    "bump-revision": text,
    "mark-compacted": flag,
  },
} as const;

/** Those of `detcd serve` that say whose directory it is. */
const SERVE_FLAGS: ReadonlySet<string> = new Set([
  "data-dir",
  "wal-dir",
  "name",
  "initial-cluster",
  "initial-cluster-token",
  "initial-advertise-peer-urls",
]);

const SINK = {
  least: "info",
  write: (line: string): void => void process.stderr.write(line),
  inLine: jsonLine,
  now: () => new Date(),
} as const;

type Command = keyof typeof OPTIONS;
type Values = Readonly<Record<string, string | boolean | undefined>>;

export async function main(_command: string, args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || rest.includes("--help") || rest.includes("-h")) return usage();
  if (!Object.hasOwn(OPTIONS, command)) {
    return command === "--help" || command === "-h"
      ? usage()
      : refuse(`unknown command ${command}`);
  }
  const parsed = parse(command as Command, rest);
  if (typeof parsed === "string") return refuse(parsed);
  createPrivately();
  process.noDeprecation = true; // gRPC names addresses in TLS, which is not for users to mend
  const { file, values } = parsed;
  switch (command as Command) {
    case "save":
      return save(file, values);
    case "status":
      return status(file, values);
    case "restore":
      return restore(file, values);
  }
}

function parse(
  command: Command,
  args: readonly string[],
): string | Readonly<{ file: string; values: Values }> {
  try {
    const options: ParseArgsOptionsConfig = OPTIONS[command];
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) {
      return `snapshot ${command} requires exactly one argument`;
    }
    return { file, values: values as Values };
  } catch (error) {
    return (error as Error).message;
  }
}

async function save(file: string, values: Values): Promise<number> {
  const given = values["endpoints"] ?? process.env["ETCDCTL_ENDPOINTS"] ?? "127.0.0.1:2379";
  const endpoints = String(given).split(",");
  const [endpoint] = endpoints;
  if (endpoint === undefined || endpoints.length > 1) {
    const all = endpoints.join(" ");
    return fail(`snapshot must be requested to one selected node, not multiple [${all}]`);
  }
  const credentials = String(values["user"] ?? process.env["ETCDCTL_USER"] ?? "");
  const [, name, password] = /^([^:]+):(.*)$/.exec(credentials) ?? [];
  if (credentials !== "" && name === undefined) {
    return refuse("--user needs a name and a password: name:password");
  }
  const user = name === undefined ? null : { name, password: password ?? "" };
  const way = wayTo(endpoint, values, process.env);
  if (!way.ok) return fail(way.error);
  const saved = await saveSnapshot(way.value, file, user);
  if (!saved.ok) return fail(saved.error);
  say(`Snapshot saved at ${file}`);
  if (saved.value !== "") say(`Server version ${saved.value}`);
  return EXIT.ok;
}

function status(file: string, values: Values): number {
  const format = FORMATS.find((known) => known === values["write-out"]);
  if (format === undefined) return refuse("unsupported output format");
  const opened = openSnapshotFile(file, true);
  if (!opened.ok) return fail(opened.error);
  const found = statusOf(opened.value.bolt);
  opened.value.close();
  if (!found.ok) return fail(`snapshot file integrity check failed: ${found.error}`);
  say(printStatus(found.value, format));
  return EXIT.ok;
}

async function restore(file: string, values: Values): Promise<number> {
  const bump = String(values["bump-revision"] ?? "0");
  const bumpRevision = Number(bump);
  if (!/^\d+$/.test(bump) || bumpRevision > BUMP_MAX) {
    return refuse(`invalid value ${JSON.stringify(bump)} for --bump-revision`);
  }
  if (bumpRevision > 0 !== (values["mark-compacted"] === true)) {
    return refuse("--mark-compacted required if --revision-bump > 0");
  }
  const own = Object.entries(values).filter(([name]) => SERVE_FLAGS.has(name));
  const parsed = parseFlags(
    own.map(([name, value]) => `--${name}=${value}`),
    {},
  );
  if (parsed.kind !== "run") return refuse(parsed.kind === "refused" ? parsed.message : USAGE);
  const { flags } = parsed;
  const skipHashCheck = values["skip-hash-check"] === true;
  const log = createLog(SINK, "server/snapshot/main.ts");
  const wrong = await restoreSnapshot({ path: file, flags, skipHashCheck, bumpRevision, log });
  if (wrong !== null) return fail(wrong);
  log("info", "restored snapshot", { path: file, "data-dir": flags["data-dir"] });
  return EXIT.ok;
}

function usage(): number {
  say(USAGE);
  return EXIT.ok;
}

function refuse(message: string): number {
  console.error(`Error: ${message}\n\n${USAGE}`);
  return EXIT.badArguments;
}

function fail(message: string): number {
  console.error(`Error: ${message}`);
  return EXIT.failed;
}

function say(words: string): void {
  console.log(words);
}
