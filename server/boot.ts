// The data directory: whose it is, whether this is its first start, and that nobody else uses it.
//
//   <data-dir>/member/identity.json   who this member is, written once, before anything else
//                    /wal/            the write-ahead log (core/storage)
//                    /kv-<n>/         the store in use, named by /current
//
// A first start takes the identity from the flags. Every later one takes it from the directory and
// needs no --initial-… flag, as with etcd; flags that describe another member are refused, because
// a member that votes under a wrong name can lose data. Nothing foreign is ever written to.

import * as fs from "node:fs";
import { join } from "node:path";
import type { Member } from "../core/apply/membership.ts";
import type { ClusterId, NodeId, Result } from "../core/contract.ts";
import { replaceFileDurably, syncDirectory } from "./durable-file.ts";
import type { FlagName, Flags } from "./flags.ts";
import { createInitialCluster } from "./ids.ts";
import { lockDirectory } from "./lock.ts";

export type DataDirectory = Readonly<{
  identity: Identity;
  firstStart: boolean;
  memberDirectory: string;
  walDirectory: string;
  release: () => Promise<void>;
}>;

/** `members`: those of the new cluster. The store knows better once it is there. */
export type Identity = Readonly<{
  cluster: ClusterId;
  member: NodeId;
  name: string;
  members: readonly Member[];
}>;

const IDENTITY = "identity.json";
const FORMAT = 1;
const ETCD_WAL = /^[0-9a-f]{16}-[0-9a-f]{16}\.wal$/;

/** An error is one sentence for the operator. */
export async function openDataDirectory(
  flags: Flags,
  given: ReadonlySet<FlagName>,
): Promise<Result<DataDirectory, string>> {
  const directory = flags["data-dir"];
  try {
    return await open(directory, flags, given);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) return refused(message);
    return refused(`cannot use the data directory ${directory}: ${message}`);
  }
}

async function open(
  directory: string,
  flags: Flags,
  given: ReadonlySet<FlagName>,
): Promise<Result<DataDirectory, string>> {
  const memberDirectory = join(directory, "member");
  const walDirectory = join(memberDirectory, "wal");
  const foreign = whyForeign(directory);
  if (foreign !== null) return refused(foreign);
  fs.mkdirSync(memberDirectory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(memberDirectory);
  if (!lock.ok) {
    const holder = `another detcd (process ${lock.error})`;
    return refused(`the data directory ${directory} is in use by ${holder}: stop that one first`);
  }
  const { release } = lock.value;
  const firstStart = !fs.existsSync(join(memberDirectory, IDENTITY));
  const identity = firstStart ? firstIdentity(flags) : knownIdentity(directory, flags, given);
  if (!identity.ok) {
    await release();
    return identity;
  }
  if (firstStart) writeIdentity(memberDirectory, identity.value);
  fs.mkdirSync(walDirectory, { recursive: true, mode: 0o700 });
  syncDirectory(memberDirectory);
  return {
    ok: true,
    value: { identity: identity.value, firstStart, memberDirectory, walDirectory, release },
  };
}

/** Data that detcd did not write. Looked at before anything is created. */
function whyForeign(directory: string): string | null {
  const memberDirectory = join(directory, "member");
  if (!fs.existsSync(memberDirectory)) return null;
  const names = fs.readdirSync(memberDirectory);
  if (names.includes(IDENTITY)) return null;
  const logs = names.includes("wal") ? fs.readdirSync(join(memberDirectory, "wal")) : [];
  if (names.includes("snap") || logs.some((name) => ETCD_WAL.test(name))) {
    return (
      `the data directory ${directory} belongs to etcd, whose files detcd cannot read: ` +
      "save a snapshot of that member and restore it into another (npx detcd snapshot --help)"
    );
  }
  const wasCutOff = names.every((name) => name === `${IDENTITY}.tmp`); // at its first start
  if (wasCutOff) return null;
  const found = names.slice(0, 3).join(", ");
  return (
    `the data directory ${directory} holds data that is not detcd's (member/${found}), ` +
    `or has lost its member/${IDENTITY}: choose another --data-dir`
  );
}

function firstIdentity(flags: Flags): Result<Identity, string> {
  const name = flags.name;
  if (flags["initial-cluster-state"] === "existing") {
    return refused(
      "joining a running cluster (--initial-cluster-state existing) is not supported yet: " +
        "start all members of a new cluster with --initial-cluster-state new",
    );
  }
  const initial = flags["initial-cluster"];
  const own = initial.find((member) => member.name === name);
  if (own === undefined) {
    return refused(`couldn't find local name ${JSON.stringify(name)} in --initial-cluster`);
  }
  const advertised = flags["initial-advertise-peer-urls"];
  const listed = own.peerUrls.map((url) => `${name}=${url}`).join(",");
  const missing = own.peerUrls.filter((url) => !advertised.includes(url));
  if (missing.length > 0) {
    return refused(
      `--initial-cluster has ${missing.map((url) => `${name}=${url}`).join(",")} ` +
        `but missing from --initial-advertise-peer-urls=${advertised.join(",")}`,
    );
  }
  const unlisted = advertised.filter((url) => !own.peerUrls.includes(url));
  if (unlisted.length > 0) {
    return refused(
      `--initial-advertise-peer-urls has ${unlisted.join(",")} ` +
        `but missing from --initial-cluster=${listed}`,
    );
  }
  return { ok: true, value: identityOf(flags) };
}

function identityOf(flags: Flags): Identity {
  const { name } = flags;
  const token = flags["initial-cluster-token"];
  const { cluster, members } = createInitialCluster(flags["initial-cluster"], token);
  const member = members.find((candidate) => candidate.name === name)?.id ?? (0n as NodeId);
  return { cluster, member, name, members };
}

function knownIdentity(
  directory: string,
  flags: Flags,
  given: ReadonlySet<FlagName>,
): Result<Identity, string> {
  const path = join(directory, "member", IDENTITY);
  const known = decodeIdentity(fs.readFileSync(path, "utf8"));
  if (known === null) return refused(`${path} cannot be read: restore it from a backup`);
  if (!given.has("initial-cluster")) return { ok: true, value: known };
  const described = identityOf(flags);
  if (described.cluster === known.cluster && described.member === known.member) {
    return { ok: true, value: known };
  }
  const other = described.cluster === known.cluster ? "member" : "cluster";
  return refused(
    `the data directory ${directory} belongs to member ${known.name} (${hex(known.member)}) of ` +
      `cluster ${hex(known.cluster)}, but the flags describe another ${other}: give this member ` +
      "its own --data-dir, or leave the --initial-… flags out to go on with this data",
  );
}

function writeIdentity(memberDirectory: string, identity: Identity): void {
  const { cluster, member, name, members } = identity;
  const shown = {
    format: FORMAT,
    cluster: hex(cluster),
    member: hex(member),
    name,
    members: members.map(({ id, name: of, peerUrls }) => ({ id: hex(id), name: of, peerUrls })),
  };
  const text = `${JSON.stringify(shown, null, 2)}\n`;
  replaceFileDurably(join(memberDirectory, IDENTITY), text);
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
  const { format, cluster, member, name, members } = (data ?? {}) as Record<string, unknown>;
  if (format !== FORMAT || !isHex(cluster) || !isHex(member) || typeof name !== "string")
    return null;
  if (!Array.isArray(members)) return null;
  const decoded: Member[] = [];
  for (const entry of members as Record<string, unknown>[]) {
    const { id, name: of, peerUrls } = entry;
    if (!isHex(id) || typeof of !== "string" || !Array.isArray(peerUrls)) return null;
    decoded.push({
      id: fromHex(id) as NodeId,
      name: of,
      peerUrls,
      clientUrls: [],
      isLearner: false,
    });
  }
  const identity = { cluster: fromHex(cluster) as ClusterId, member: fromHex(member) as NodeId };
  return { ...identity, name, members: decoded };
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{1,16}$/.test(value);
}

function fromHex(text: string): bigint {
  return BigInt(`0x${text}`);
}

/** As etcd prints ids. */
export function hex(id: bigint): string {
  return id.toString(16);
}
