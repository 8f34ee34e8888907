// The pages of plain HTTP: what a member says of itself to people, probes and scrapers, in etcd's
// words. What it knows is read off its state; whether it serves is found out by asking it.

import { clusterVersion } from "../../core/services/maintenance/downgrade.ts";
import type { RangeRequest } from "../../core/api/request.ts";
import { PLAIN_RANGE } from "../../core/api/request.ts";
import type { ApiError } from "../../core/api/errors.ts";
import { ERRORS } from "../../core/api/errors.ts";
import type { Bytes, KvReader } from "../../core/contract.ts";
import { fullVersion, parseVersion } from "../../core/lib/version.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { CallSink } from "../../net/socket/call-sink.ts";
import type { Page, Pages } from "../../net/socket/http/pages.ts";
import { PLAIN } from "../../net/socket/http/pages.ts";
import type { Metrics } from "./metrics/metrics.ts";

export type PagesOptions = Readonly<{
  state: () => NodeState;
  kv: KvReader;
  sink: CallSink;
  metrics: Metrics;
  profiles: Pages | null; // null: nobody asked for them
}>;

/** Null: all is well. Otherwise why not. */
type Check = () => Promise<string | null>;

const ANY_KEY: RangeRequest = {
  ...PLAIN_RANGE,
  key: "\0" as Bytes,
  limit: 1,
  keysOnly: true,
};
/** Of a member that serves, but not a stranger; or nobody yet, for it learns. etcd asks itself as
 *  root, and past the door that learners keep closed. */
const FOREIGN: readonly string[] = [
  ERRORS.UserEmpty.name,
  ERRORS.PermissionDenied.name,
  ERRORS.NotSupportedForLearner.name,
];
const ALARM_NAMES = { no_space: "NOSPACE", corrupt: "CORRUPT" } as const;

export function createPages(options: PagesOptions): Pages {
  const checks = checksOf(options);
  return (path, query) => {
    const [, root = "", name = null] = path.split("/");
    if (root === "version" && name === null) return showVersion(options.state());
    if (root === "health" && name === null) return showHealth(options, query);
    if (root === "metrics" && name === null) return showMetrics(options);
    if (root === "debug") return options.profiles?.(path, query) ?? noProfiles(options);
    const own = checks.get(root);
    if (own === undefined) return null;
    const noted = (check: string, isHealthy: boolean): void =>
      options.metrics.health.countCheck(root, check, isHealthy);
    if (name === null) return showChecks(own, query, noted);
    const one = own.get(name);
    return one === undefined ? null : showChecks(new Map([[name, one]]), query, noted);
  };
}

/** Null where they are served: then the path is wrong. */
function noProfiles({ profiles }: PagesOptions): Promise<Page> | null {
  if (profiles !== null) return null;
  const body = "profiles are off: start this member with --enable-pprof\n";
  return Promise.resolve({ status: 404, type: PLAIN, body });
}

/** A member knows the cluster's version once it has joined it, in each of its lives. */
async function showVersion(state: NodeState): Promise<Page> {
  const etcdserver = state.config.version;
  const known = state.upkeep.publish.kind === "done" ? agreedVersion(state) : null;
  const [etcdcluster, storage] = [known ?? "not_decided", known ?? "unknown"];
  const body = JSON.stringify({ etcdserver, etcdcluster, storage });
  return { status: 200, type: "application/json", body };
}

function agreedVersion({ config, store }: NodeState): string | null {
  const own = parseVersion(config.version);
  return own === null ? null : fullVersion(clusterVersion(own, store));
}

async function showMetrics({ metrics, state, kv }: PagesOptions): Promise<Page> {
  return {
    status: 200,
    type: "text/plain; version=0.0.4; charset=utf-8",
    body: metrics.text(state(), kv),
  };
}

async function showHealth(
  { state, sink, metrics }: PagesOptions,
  query: URLSearchParams,
): Promise<Page> {
  const serializable = query.get("serializable") === "true";
  const excluded = query.getAll("exclude");
  const alarm = state().store.alarms.find((each) => !excluded.includes(ALARM_NAMES[each.alarm]));
  let reason = "";
  if (alarm !== undefined) reason = `ALARM ${ALARM_NAMES[alarm.alarm]}`;
  else if (!serializable && state().raft.leader === null) reason = "RAFT NO LEADER";
  else {
    const failed = await readCheck(sink, serializable);
    if (failed !== null) reason = `RANGE ERROR:${failed}`;
  }
  const isHealthy = reason === "";
  metrics.health.countHealth(isHealthy);
  const body = JSON.stringify({ health: String(isHealthy), reason });
  return { status: isHealthy ? 200 : 503, type: PLAIN, body: isHealthy ? body : `${body}\n` };
}

/** All of them, but those that the client does not want to know of. */
async function showChecks(
  checks: ReadonlyMap<string, Check>,
  query: URLSearchParams,
  noted: (name: string, isHealthy: boolean) => void,
): Promise<Page> {
  const excluded = query.getAll("exclude");
  const wanted = [...checks].filter(([name]) => !excluded.includes(name));
  const lines = await Promise.all(
    wanted.map(async ([name, check]) => {
      const reason = await check();
      noted(name, reason === null);
      return reason === null ? `[+]${name} ok\n` : `[-]${name} failed: ${reason}\n`;
    }),
  );
  const failed = lines.some((line) => line.startsWith("[-]"));
  const told = failed || query.has("verbose") ? lines.join("") : "";
  return { status: failed ? 503 : 200, type: PLAIN, body: failed ? `${told}\n` : `${told}ok\n` };
}

type Checks = ReadonlyMap<string, ReadonlyMap<string, Check>>;

function checksOf({ state, sink }: PagesOptions): Checks {
  const serializable: Check = async () => readCheck(sink, true);
  return new Map([
    ["livez", new Map([["serializable_read", serializable]])],
    [
      "readyz",
      new Map([
        ["data_corruption", async () => corruption(state())],
        ["serializable_read", serializable],
        ["linearizable_read", async () => readCheck(sink, false)],
        ["non_learner", async () => learner(state())],
      ]),
    ],
  ]);
}

function corruption({ store }: NodeState): string | null {
  return store.alarms.some(({ alarm }) => alarm === "corrupt") ? "alarm activated: CORRUPT" : null;
}

function learner({ raft, config }: NodeState): string | null {
  return raft.voters.includes(config.node) ? null : "not supported for learner";
}

function readCheck(sink: CallSink, serializable: boolean): Promise<string | null> {
  const caller = {
    timeoutMs: null,
    token: "",
    commonName: "",
    requireLeader: false,
    connection: 0,
  };
  return new Promise((resolve) => {
    sink.open({ ...ANY_KEY, serializable }, caller, (result) => {
      resolve(result.ok || isForeign(result.error) ? null : result.error.message);
    });
  });
}

function isForeign({ name }: ApiError): boolean {
  return FOREIGN.includes(name);
}
