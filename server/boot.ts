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
import type { FlagName, Flags } from "./flag-table.ts";
import { createInitialCluster } from "./ids.ts";
import { joinCluster } from "./join.ts";
import { lockDirectory } from "./lock.ts";

export type DataDirectory = Readonly<{
  identity: Identity;
  firstStart: boolean;
  memberDirectory: string;
  walDirectory: string;
  release: () => Promise<void>;
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
  const identity = firstStart ? await firstIdentity(flags) : knownIdentity(directory, flags, given);
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

async function firstIdentity(flags: Flags): Promise<Result<Identity, string>> {
  const name = flags.name;
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
  if (flags["initial-cluster-state"] === "existing") return joinCluster(flags);
  return { ok: true, value: identityOf(flags) };
}

function identityOf(flags: Flags): Identity {
  const { name } = flags;
  const token = flags["initial-cluster-token"];
  const { cluster, members } = createInitialCluster(flags["initial-cluster"], token);
  const member = members.find((candidate) => candidate.name === name)?.id ?? (0n as NodeId);
  return { cluster, member, name, members, contacts: [] };
}

function knownIdentity(
  directory: string,
  flags: Flags,
  given: ReadonlySet<FlagName>,
): Result<Identity, string> {
  const path = join(directory, "member", IDENTITY);
  const known = decodeIdentity(fs.readFileSync(path, "utf8"));
  if (known === null) return refused(`${path} cannot be read: restore it from a backup`);
  const isJoined = flags["initial-cluster-state"] === "existing"; // its ids are not in the flags
  if (isJoined || !given.has("initial-cluster")) return { ok: true, value: known };
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
