// The data directory: whose it is, whether this is its first start, and that nobody else uses it.
//
//   <data-dir>/member/identity.json   who this member is, written once, before anything else
//                    /wal/            the write-ahead log (core/storage)
//                    /kv-<n>/         the store in use, named by /current
//
//                    /lock            held while a process uses the directory
//
// A first start takes the identity from the flags. Every later one takes it from the directory: as
// with etcd, the --initial-… flags mean nothing then. Nothing foreign is ever written to.

import { hex } from "../observe/log.ts";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Member } from "../../core/membership/membership.ts";
import type { ClusterId, NodeId, Result } from "../../core/contract.ts";
import type { Dial } from "../../net/socket/dial.ts";
import { replaceFileDurably, syncDirectory } from "../storage/durable-file.ts";
import { type Cause, OperatorError, operatorErrorOf } from "../causes.ts";
import type { FlagName, Flags } from "./flags/table.ts";
import { createInitialCluster } from "./ids.ts";
import { joinCluster } from "./join.ts";
import { LOCK_FILE, type Lock, lockDirectory } from "./lock.ts";
import type { Log } from "../observe/log.ts";
import { openWalDirectory, refuseUsedDirectory } from "./wal-directory.ts";
import { looseDirectory, tightenTree } from "../storage/private-files.ts";

export type DataDirectory = Readonly<{
  identity: Identity;
  firstStart: boolean;
  memberDirectory: string;
  walDirectory: string;
  release: () => void;
}>;

/** `members`: those of the cluster when it was new; `contacts`: those that were there when this one
 *  joined, if it did. The store knows better once it is there. */
export type Identity = Readonly<{
  cluster: ClusterId;
  member: NodeId;
  name: string;
  members: readonly Member[];
  contacts: readonly Member[];
}>;

const IDENTITY = "identity.json";
const FORMAT = 1;
/** What they say is remembered. */
const FIRST_START_FLAGS = [
  "initial-advertise-peer-urls",
  "initial-cluster",
  "initial-cluster-state",
  "initial-cluster-token",
] as const satisfies readonly FlagName[];
const ETCD_WAL = /^[0-9a-f]{16}-[0-9a-f]{16}\.wal$/;

/** An error is one sentence for the operator. */
export async function openDataDirectory(
  flags: Flags,
  given: ReadonlySet<FlagName>,
  dial: Dial,
  log: Log,
): Promise<Result<DataDirectory, string>> {
  const directory = flags["data-dir"];
  try {
    return { ok: true, value: await open(directory, flags, { given, dial, log }) };
  } catch (error) {
    const reason = operatorErrorOf(error, directory);
    if (reason === null) throw error;
    return { ok: false, error: reason.message };
  }
}

async function open(
  directory: string,
  flags: Flags,
  { given, dial, log }: Readonly<{ given: ReadonlySet<FlagName>; dial: Dial; log: Log }>,
): Promise<DataDirectory> {
  const memberDirectory = join(directory, "member");
  const foreign = whyForeign(directory);
  if (foreign !== null) throw new OperatorError(foreign);
  fs.mkdirSync(memberDirectory, { recursive: true, mode: 0o700 });
  const { release } = lock(directory, memberDirectory, flags["unsafe-no-lock"], log);
  try {
    closeToOthers(directory, memberDirectory, log);
    const firstStart = !fs.existsSync(join(memberDirectory, IDENTITY));
    if (firstStart) refuseUsedDirectory(flags["wal-dir"]);
    const identity = firstStart ? await firstIdentity(flags, dial) : knownIdentity(directory);
    if (firstStart) writeIdentity(memberDirectory, identity);
    else tellIgnored(directory, given, log);
    const walDirectory = openWalDirectory(memberDirectory, flags["wal-dir"]);
    syncDirectory(memberDirectory);
    return { identity, firstStart, memberDirectory, walDirectory, release };
  } catch (error) {
    release();
    throw error;
  }
}

function lock(directory: string, memberDirectory: string, unsafe: boolean, log: Log): Lock {
  const taken = lockDirectory(memberDirectory);
  if (taken.ok) return taken.value;
  const { error } = taken;
  if (error.kind === "held") {
    throw new OperatorError({ kind: "held", directory, holder: error.holder });
  }
  const { reason } = error;
  if (!unsafe) throw new OperatorError({ kind: "unlockable", directory, reason });
  log("warn", "the data directory is not locked: a second process on it destroys it", { reason });
  return { release: () => undefined };
}

function closeToOthers(directory: string, memberDirectory: string, log: Log): void {
  const loose = looseDirectory(directory);
  if (loose !== null) log("warn", "check file permission", { error: loose });
  for (const path of tightenTree(memberDirectory)) {
    log("warn", "cannot close a file to other users, for it is another user's", { path });
  }
}

function tellIgnored(directory: string, given: ReadonlySet<FlagName>, log: Log): void {
  const about = { "data-dir": directory, "dir-type": "member" };
  log("info", "server has already been initialized", about);
  const ignored = FIRST_START_FLAGS.filter((name) => given.has(name)).map((name) => `--${name}`);
  if (ignored.length > 0) log("info", "flags of the first start are ignored", { flags: ignored });
}

/** Data that detcd did not write. Looked at before anything is created. */
function whyForeign(directory: string): Cause | null {
  const memberDirectory = join(directory, "member");
  if (!fs.existsSync(memberDirectory)) return null;
  const names = fs.readdirSync(memberDirectory);
  if (names.includes(IDENTITY)) return null;
  const logs = names.includes("wal") ? fs.readdirSync(join(memberDirectory, "wal")) : [];
  if (names.includes("snap") || logs.some((name) => ETCD_WAL.test(name))) {
    return { kind: "etcd_data", directory };
  }
  const strange = names.filter((name) => name !== LOCK_FILE && name !== `${IDENTITY}.tmp`);
  if (strange.length === 0) return null; // a first start that was cut off
  return { kind: "foreign", directory, found: strange.slice(0, 3), identity: IDENTITY };
}

async function firstIdentity(flags: Flags, dial: Dial): Promise<Identity> {
  const reason = whyNotListed(flags);
  if (reason !== null) throw new OperatorError({ kind: "flags", reason });
  if (flags["initial-cluster-state"] === "existing") return joinCluster(flags, dial);
  const { name } = flags;
  const token = flags["initial-cluster-token"];
  const { cluster, members } = createInitialCluster(flags["initial-cluster"], token);
  const member = members.find((candidate) => candidate.name === name)?.id ?? (0n as NodeId);
  return { cluster, member, name, members, contacts: [] };
}

/** This member must be in --initial-cluster as it advertises itself. Null: it is. */
function whyNotListed(flags: Flags): string | null {
  const { name } = flags;
  const own = flags["initial-cluster"].find((member) => member.name === name);
  if (own === undefined) {
    return `couldn't find local name ${JSON.stringify(name)} in --initial-cluster`;
  }
  const advertised = flags["initial-advertise-peer-urls"];
  const listed = own.peerUrls.map((url) => `${name}=${url}`).join(",");
  const missing = own.peerUrls.filter((url) => !advertised.includes(url));
  if (missing.length > 0) {
    return (
      `--initial-cluster has ${missing.map((url) => `${name}=${url}`).join(",")} ` +
      `but missing from --initial-advertise-peer-urls=${advertised.join(",")}`
    );
  }
  const unlisted = advertised.filter((url) => !own.peerUrls.includes(url));
  if (unlisted.length === 0) return null;
  return (
    `--initial-advertise-peer-urls has ${unlisted.join(",")} ` +
    `but missing from --initial-cluster=${listed}`
  );
}

function knownIdentity(directory: string): Identity {
  const path = join(directory, "member", IDENTITY);
  const known = decodeIdentity(fs.readFileSync(path, "utf8"));
  if (known === null) throw new OperatorError({ kind: "identity", path });
  return known;
}

function writeIdentity(memberDirectory: string, identity: Identity): void {
  const { cluster, member, name, members, contacts } = identity;
  const text = {
    format: FORMAT,
    cluster: hex(cluster),
    member: hex(member),
    name,
    members: members.map(shown),
    contacts: contacts.map(shown),
  };
  replaceFileDurably(join(memberDirectory, IDENTITY), `${JSON.stringify(text, null, 2)}\n`);
  syncDirectory(join(memberDirectory, ".."));
}

/** Null: not what `writeIdentity` writes. */
function decodeIdentity(text: string): Identity | null {
  let data: unknown = null;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const fields = (data ?? {}) as Record<string, unknown>;
  const { format, cluster, member, name } = fields;
  const members = decodeMembers(fields["members"]);
  const contacts = decodeMembers(fields["contacts"] ?? []);
  if (format !== FORMAT || !isHex(cluster) || !isHex(member) || typeof name !== "string")
    return null;
  if (members === null || contacts === null) return null;
  const identity = { cluster: fromHex(cluster) as ClusterId, member: fromHex(member) as NodeId };
  return { ...identity, name, members, contacts };
}

function shown({ id, name, peerUrls }: Member): Record<string, unknown> {
  return { id: hex(id), name, peerUrls };
}

function decodeMembers(list: unknown): readonly Member[] | null {
  if (!Array.isArray(list)) return null;
  const decoded: Member[] = [];
  for (const entry of list as Record<string, unknown>[]) {
    const { id, name, peerUrls } = entry;
    if (!isHex(id) || typeof name !== "string" || !Array.isArray(peerUrls)) return null;
    const member = { id: fromHex(id) as NodeId, name, peerUrls };
    decoded.push({ ...member, clientUrls: [], isLearner: false });
  }
  return decoded;
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{1,16}$/.test(value);
}

function fromHex(text: string): bigint {
  return BigInt(`0x${text}`);
}
