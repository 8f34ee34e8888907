// One member, wired: data directory, WAL, store, node, peers and clients.

import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { type Config, createConfig, DEFAULT_LIMITS } from "../core/config.ts";
import type { Boot, DiskToken, Index, KvReader, NodeId, Result, Step } from "../core/contract.ts";
import { assert, AssertionError } from "../core/lib/assert.ts";
import { boot, step } from "../core/node.ts";
import type { TraceEvent } from "../core/transcript/trace.ts";
import { createEtcdService, type EtcdService, type Serves } from "../net/socket/etcd-service.ts";
import { createDial, type Dial } from "../net/socket/dial.ts";
import { connectionsFor } from "../net/socket/open-files.ts";
import type { PeerLinks } from "../net/socket/peers/peer-link.ts";
import { type DataDirectory, type Identity, openDataDirectory } from "./start/boot.ts";
import { Backups } from "./storage/backups.ts";
import { type Clock, createClock } from "./clock.ts";
import { OperatorError, operatorErrorOf } from "./causes.ts";
import { createDiskReader, WalDisk } from "./storage/disk.ts";
import { isOn, shownFeatures } from "./start/flags/gates.ts";
import { retentionOf } from "./start/flags/check.ts";
import type { FlagName, Flags } from "./start/flags/table.ts";
import { handOver } from "./start/hand-over.ts";
import { defragmentAtStart } from "./storage/defragment-at-start.ts";
import { KvStore } from "./storage/kv-store.ts";
import type { Log } from "./observe/log.ts";
import { Metrics } from "./observe/metrics/metrics.ts";
import type { Pages } from "../net/socket/http/pages.ts";
import { createPages } from "./observe/pages.ts";
import { PasswordThreads } from "./secrets/password-threads.ts";
import { Passwords } from "./secrets/passwords.ts";
import type { Sign } from "./secrets/passwords.ts";
import { linkPeers } from "./peers.ts";
import { type Outside, Runtime } from "./runtime.ts";
import { tellSlow } from "./observe/slow-calls.ts";
import { SnapshotFiles } from "./storage/snapshot-files.ts";
import { startTls } from "./tls/start-tls.ts";
import type { Tls } from "./tls/open-tls.ts";
import { createTokens, type Tokens } from "./secrets/tokens.ts";
import { createTraceLog } from "./observe/trace-log.ts";
import { ETCD_VERSION } from "./observe/version.ts";

/** How long running calls may still take at a shutdown; then they are told, and have as long to
 *  hear it. */
const GRACE_MS = 300;
const TURN_MS = 10;

/** etcd's own: so often the leader notes what leases have left, of those that have more. */
const LEASE_CHECKPOINT_MS = 5 * 60 * 1000;

export type Server = Readonly<{
  /** Lets running calls end, makes everything durable, lets go of ports and directory. */
  stop: () => Promise<void>;
  /** Resolves when this member has been removed from its cluster: it should stop. */
  removed: Promise<void>;
  /** Resolves when it serves: it has a leader, and the others know where its clients find it. */
  ready: Promise<void>;
}>;

/** What is open, to be closed in the reverse order. */
type Closers = (() => Promise<void>)[];
type Around = Readonly<{
  logOf: (caller: string) => Log;
  dial: Dial; // to other members
  tls: Tls;
  closers: Closers;
  onRemoved: () => void;
  onReady: () => void;
}>;

/** An error is one sentence for the operator. */
export async function startServer(
  flags: Flags,
  given: ReadonlySet<FlagName>,
  logOf: (caller: string) => Log,
): Promise<Result<Server, string>> {
  const log = logOf("server/server.ts");
  const tls = await startTls(flags, logOf("server/tls/open-tls.ts"));
  if (!tls.ok) return tls;
  const dial = createDial(tls.value.toPeers);
  const directory = await openDataDirectory(flags, given, dial, logOf("server/start/boot.ts"));
  if (!directory.ok) return directory;
  const { release } = directory.value;
  const closers: Closers = [async () => release()];
  const about = { name: flags.name, "data-dir": flags["data-dir"] };
  const removal = Promise.withResolvers<void>();
  const readiness = Promise.withResolvers<void>();
  const onRemoved = (): void => removal.resolve();
  const onReady = (): void => readiness.resolve();
  try {
    const around = { logOf, dial, tls: tls.value, closers, onRemoved, onReady };
    await open(flags, directory.value, around);
  } catch (error) {
    const reason = operatorErrorOf(error, flags["data-dir"]);
    if (reason === null) throw error;
    await closeAll(closers);
    return { ok: false, error: reason.message };
  }
  const stop = async (): Promise<void> => {
    log("info", "closing etcd server", about);
    await closeAll(closers);
    log("info", "closed etcd server", about);
  };
  return { ok: true, value: { stop, removed: removal.promise, ready: readiness.promise } };
}

async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

async function open(
  flags: Flags,
  directory: DataDirectory,
  { logOf, dial, tls, closers, onRemoved, onReady }: Around,
): Promise<void> {
  const { identity, memberDirectory, walDirectory } = directory;
  const config = configOf(flags, directory);
  const clock = createClock(config.electionMs / 2, () => performance.now());
  const tokens = openTokens(flags, clock);
  const submit: Runtime["submit"] = (input) => runtime.submit(input);
  const metrics = createMetrics(flags, config, logOf("server/runtime.ts"));
  const kv = openStore(memberDirectory, flags, submit, metrics);
  closers.push(() => kv.close());
  await giveRoomBack(kv, flags, logOf("server/storage/defragment-at-start.ts"));
  const backups = createBackups(kv, submit, metrics);
  closers.push(async () => backups.stop());
  const disk = openLog(walDirectory, flags, submit, metrics);
  closers.push(() => disk.close());
  const first = recoverNode(directory, () =>
    boot(config, drawSeed(), clock.now(), createDiskReader(walDirectory), kv.reader),
  );
  const passwords = createPasswords(flags, tokens.sign, () => runtime);
  closers.push(() => passwords.close());
  const snapshots = new SnapshotFiles({
    store: kv,
    stepped: (input) => runtime.stepped(input),
    log: logOf("server/storage/snapshot-files.ts"),
    meter: metrics.peers,
  });
  const links = linkPeers({
    config,
    flags,
    terms: tls.peers,
    dial,
    submit,
    snapshots,
    onRemoved,
    state: () => runtime.state,
    kv: kv.reader,
    metrics,
    log: logOf("net/socket/peers/peer-link.ts"),
  });
  closers.push(() => links.close());
  const admission = Promise.withResolvers<string | null>();
  const trace = traceOf(flags, identity, onReady, logOf("core/node.ts"));
  const parts = { submit, kv, disk, links, passwords, snapshots, backups, trace, metrics };
  const runtime: Runtime = new Runtime({
    first,
    step,
    kv: kv.reader,
    clock,
    readToken: tokens.read,
    tickMs: config.heartbeatMs / 2,
    turnMs: TURN_MS,
    outside: outsideOf({ ...parts, self: config.node, onRemoved, onAdmission: admission.resolve }),
    onStep: (input, seconds) => {
      metrics.observeStep(input, seconds, runtime.state.raft.role === "leader");
    },
  });
  closers.push(async () => runtime.stop());
  await listening("listen-peer-urls", () => links.listen());
  runtime.start();
  if (config.limits.checks.atStart)
    await admitted(admission.promise, logOf("core/services/corruption/initial-check.ts"));
  const clients = await clientsOf(flags, { runtime, kv: kv.reader, metrics, tls, logOf });
  closers.push(() => stopClients(clients, runtime));
  await openPorts(clients, flags);
  closers.push(() => handOver(runtime, config.electionMs, logOf("server/start/hand-over.ts")));
}

/** Another for each life. */
function drawSeed(): bigint {
  return randomBytes(8).readBigUInt64LE();
}

/** The rows of a store that is damaged inside may contradict each other: an assertion finds it. */
function recoverNode(
  { walDirectory, memberDirectory }: DataDirectory,
  recover: () => ReturnType<Boot>,
): Step {
  try {
    const booted = recover();
    if (booted.ok) return booted.value;
    throw new OperatorError({ kind: "log", directory: walDirectory, reason: booted.error });
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    const reason = `its rows contradict each other (${error.message})`;
    throw new OperatorError({ kind: "damaged", path: memberDirectory, reason });
  }
}

async function listening<T>(flag: string, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    throw new OperatorError({ kind: "listen", flag, error });
  }
}

/** Nobody is served before the node says so. */
async function admitted(refusal: Promise<string | null>, log: Log): Promise<void> {
  log("info", "starting initial corruption check");
  const reason = await refusal;
  if (reason !== null) throw new OperatorError({ kind: "differs", reason });
  log("info", "initial corruption checking passed; no corruption");
}

/** What is served where, by the flag that says so. */
async function openPorts(clients: EtcdService, flags: Flags): Promise<void> {
  const serve = (
    flag: "listen-client-urls" | "listen-client-http-urls" | "listen-metrics-urls",
    serves: Serves,
  ) => listening(flag, () => clients.listen(flags[flag], serves));
  await serve("listen-client-urls", flags["listen-client-http-urls"].length === 0 ? "all" : "grpc");
  await serve("listen-client-http-urls", "http");
  await serve("listen-metrics-urls", "metrics");
}

/** V8's profilers are loaded for who asks for them. */
async function loadProfiles(): Promise<Pages> {
  const { createProfiles } = await import("./observe/profiles/profiles.ts");
  return createProfiles();
}

type Served = Readonly<{ runtime: Runtime; kv: KvReader; metrics: Metrics }> &
  Pick<Around, "tls" | "logOf">;

async function clientsOf(
  flags: Flags,
  { runtime, kv, metrics, tls, logOf }: Served,
): Promise<EtcdService> {
  const profiles = flags["enable-pprof"] ? await loadProfiles() : null;
  const sink = tellSlow(
    metrics.requests.watch(runtime),
    flags["warning-unary-request-duration"],
    logOf("server/observe/slow-calls.ts"),
  );
  return createEtcdService({
    httpUrls: flags["listen-client-http-urls"],
    terms: tls.clients,
    reusePort: flags["socket-reuse-port"],
    namesCallers: tls.namesCallers,
    connectionsMax: connectionsFor(3 / 4),
    access: { origins: flags.cors, hosts: flags["host-whitelist"] },
    hasGateway: flags["enable-grpc-gateway"],
    namesCount: () => tls.namesCallers && runtime.state.store.auth.enabled,
    maxRequestBytes: flags["max-request-bytes"],
    leastPingMs: flags["grpc-keepalive-min-time"],
    streamsMax: flags["max-concurrent-streams"],
    sink,
    meter: metrics.calls,
    pages: createPages({ state: () => runtime.state, kv, sink: runtime, metrics, profiles }),
    log: (line) => logOf("net/socket/etcd-service.ts")("info", line),
  });
}

function traceOf(
  flags: Flags,
  identity: Identity,
  onReady: () => void,
  log: Log,
): (event: TraceEvent) => void {
  const told = createTraceLog({
    identity,
    name: flags.name,
    listenClientUrls: flags["listen-client-urls"],
    advertiseClientUrls: flags["advertise-client-urls"],
    log,
  });
  return (event) => {
    told(event);
    if (event.kind === "published") onReady();
  };
}

function createPasswords(flags: Flags, sign: Sign | null, runtime: () => Runtime): Passwords {
  return new Passwords({
    cost: flags["bcrypt-cost"],
    sign,
    connectionOf: (call) => runtime().connectionOf(call),
    onDone: (call, answer) => runtime().submit({ kind: "password.done", call, answer }),
    threads: new PasswordThreads(end),
  });
}

function createMetrics(flags: Flags, { heartbeatMs }: Config, log: Log): Metrics {
  const expectedMs = flags["warning-apply-duration"];
  return new Metrics({
    extensive: flags.metrics === "extensive",
    slowStepSeconds: expectedMs / 1000,
    onSlowStep: (input, seconds) => {
      log("warn", "apply request took too long", {
        took: `${(seconds * 1000).toFixed(6)}ms`,
        "expected-duration": `${expectedMs}ms`,
        request: input, // a step applies what is committed, of several requests
      });
    },
    heartbeatSeconds: heartbeatMs / 1000,
    features: shownFeatures(flags),
  });
}

function openTokens(flags: Flags, clock: Clock): Tokens {
  const tokens = createTokens(flags["auth-token"], clock);
  if (tokens.ok) return tokens.value;
  throw new OperatorError({ kind: "flags", reason: tokens.error });
}

function openLog(
  directory: string,
  flags: Flags,
  submit: Runtime["submit"],
  metrics: Metrics,
): WalDisk {
  const events = {
    onDone: (token: DiskToken) => submit({ kind: "disk.done", token }),
    onFailure: end,
    onSync: metrics.disk.onSync,
    onWrite: metrics.disk.onWrite,
  };
  return new WalDisk(directory, events, !flags["unsafe-no-fsync"]);
}

function createBackups(kv: KvStore, submit: Runtime["submit"], metrics: Metrics): Backups {
  return new Backups({
    image: () => kv.image(),
    submit,
    onClosed: (seconds) => metrics.store.observeSnapshot(seconds),
  });
}

function openStore(
  directory: string,
  flags: Flags,
  submit: Runtime["submit"],
  metrics: Metrics,
): KvStore {
  const events = {
    onDone: (applied: Index) => submit({ kind: "kv.done", applied }),
    onFailure: end,
    onCommit: (seconds: number) => metrics.store.observeCommit(seconds),
  };
  return new KvStore(directory, events, { syncs: !flags["unsafe-no-fsync"] });
}

function giveRoomBack(kv: KvStore, flags: Flags, log: Log): Promise<void> {
  return defragmentAtStart(kv, flags["bootstrap-defrag-threshold-megabytes"], log);
}

type Parts = Readonly<{
  self: NodeId;
  onRemoved: () => void;
  onAdmission: (refusal: string | null) => void;
  kv: KvStore;
  disk: WalDisk;
  links: PeerLinks;
  passwords: Passwords;
  snapshots: SnapshotFiles;
  backups: Backups;
  submit: Runtime["submit"];
  trace: (event: TraceEvent) => void;
  metrics: Metrics;
}>;

function outsideOf({
  self,
  onRemoved,
  onAdmission,
  kv,
  disk,
  links,
  passwords,
  snapshots,
  backups,
  submit,
  trace,
  metrics,
}: Parts): Outside {
  return {
    "peer.send": ({ to, message }) => links.send(to, message),
    peers: ({ members, removed }) => {
      links.setPeers(members, removed);
      if (removed.includes(self)) onRemoved();
    },
    disk: ({ token, ops }) => disk.perform(token, ops),
    kv: ({ applied, writes }) => {
      kv.apply(applied, writes);
      metrics.store.countWrites(writes);
    },
    password: ({ call, work }) => passwords.perform(call, work),
    "snapshot.send": (effect) => void snapshots.send(effect, links),
    "snapshot.install": ({ meta }) => kv.install(meta.index),
    "backup.read": ({ call, pieces }) => backups.read(call, pieces),
    "backup.close": ({ call }) => backups.close(call),
    defragment: () =>
      void metrics.store
        .observeDefragmentation(kv.defragment())
        .then((error) => submit({ kind: "defragment.done", error })),
    admission: ({ refusal }) => onAdmission(refusal),
    trace: ({ event }) => {
      metrics.countTrace(event);
      trace(event);
    },
  };
}

/** A failed disk ends the process as a broken invariant does: it is thrown where nobody catches. */
function end(error: Error): never {
  throw error;
}

/** Answers that are on their way still arrive; who waits longer is told that the server stopped. */
async function stopClients(clients: EtcdService, runtime: Runtime): Promise<void> {
  const patience = setTimeout(() => runtime.stop(), GRACE_MS);
  await clients.close(2 * GRACE_MS);
  clearTimeout(patience);
}

function configOf(flags: Flags, { identity }: DataDirectory): Config {
  const retention = retentionOf(flags);
  assert(retention.ok, "flags that were accepted say what history is kept");
  return createConfig({
    cluster: identity.cluster,
    node: identity.member,
    members: identity.members,
    contacts: identity.contacts,
    forceNewCluster: flags["force-new-cluster"],
    strictReconfig: flags["strict-reconfig-check"],
    name: flags.name,
    clientUrls: flags["advertise-client-urls"],
    version: ETCD_VERSION,
    heartbeatMs: flags["heartbeat-interval"],
    electionMs: flags["election-timeout"],
    snapshotCount: flags["snapshot-count"],
    catchUpEntries: flags["snapshot-catchup-entries"],
    preVote: flags["pre-vote"],
    watchProgressMs: flags["watch-progress-notify-interval"],
    limits: {
      ...DEFAULT_LIMITS,
      requestBytes: flags["max-request-bytes"],
      transactionOperations: flags["max-txn-ops"],
      compactionRows: flags["compaction-batch-limit"],
      quotaBytes: flags["quota-backend-bytes"],
      retention: retention.value,
      leaseCheckpointMs: isOn(flags, "LeaseCheckpoint") ? LEASE_CHECKPOINT_MS : 0,
      checks: {
        historyMs: flags["corrupt-check-time"],
        compactionsMs: isOn(flags, "CompactHashCheck") ? flags["compact-hash-check-time"] : 0,
        atStart: isOn(flags, "InitialCorruptCheck"),
      },
      tokenMs: flags["auth-token-ttl"] * 1000,
    },
  });
}
