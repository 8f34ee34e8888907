// Why a start or a run ended, told to the operator: one sentence with what happened, why, and what
// to type next. Whatever ends a member comes through here, but a broken invariant, which keeps its
// stack.

import { statfsSync } from "node:fs";
import { getSystemErrorMap } from "node:util";

export type Cause = Readonly<
  | { kind: "file"; doing: string; path: string; error: unknown } // of the system or of LMDB
  | { kind: "certificate"; flag: string; path: string; reason: string } // or key, or list
  | { kind: "listen"; flag: string; error: unknown } // its message names the URL and the reason
  | { kind: "held"; directory: string; holder: string }
  | { kind: "unlockable"; directory: string; reason: string }
  | { kind: "etcd_data"; directory: string }
  | { kind: "foreign"; directory: string; found: readonly string[]; identity: string }
  | { kind: "identity"; path: string }
  | { kind: "damaged"; path: string; reason: string } // the store
  | { kind: "log"; directory: string; reason: string } // recovery's own words, with what to do
  | { kind: "flags"; reason: string } // they cannot be carried out: says why
  | { kind: "differs"; reason: string } // from the other members, before it served
  | { kind: "unreachable"; asked: string } // the members that it is to join
  | { kind: "mismatched"; listed: string; reason: string } // those members are others
  | { kind: "started_before"; name: string; member: string }
>;

/** What ends a member and is no fault of the program. */
export class OperatorError extends Error {
  constructor(cause: Cause) {
    super(sentenceOf(cause), { cause: "error" in cause ? cause.error : undefined });
  }
}

/** Errors of the system are the operator's as well. Null: a fault of the program. */
export function operatorErrorOf(error: unknown, path: string): OperatorError | null {
  if (error instanceof OperatorError) return error;
  const { code, path: ownPath } = error as NodeJS.ErrnoException;
  if (typeof code !== "string" || !(error instanceof Error) || !("syscall" in error)) return null;
  return new OperatorError({ kind: "file", doing: "cannot use", path: ownPath ?? path, error });
}

const REPLACE =
  "replace this member (etcdctl member remove, then member add, and start it with an empty " +
  "--data-dir and --initial-cluster-state existing)";
const RESTORE =
  "or, where no other member is left, restore a backup (npx detcd snapshot restore --help)";

export function sentenceOf(cause: Cause): string {
  switch (cause.kind) {
    case "file":
      return fileSentence(cause.doing, cause.path, cause.error);
    case "certificate":
      return (
        `cannot use --${cause.flag} ${cause.path}: ${cause.reason}: put a good one there ` +
        "(openssl x509 -text -noout -in shows what a certificate says), and start again"
      );
    case "listen":
      return `${messageOf(cause.error)}: stop that one, or choose another --${cause.flag}`;
    case "held":
      return (
        `the data directory ${cause.directory} is in use by another detcd (${cause.holder}): ` +
        "stop that one first, or choose another --data-dir"
      );
    case "unlockable":
      return (
        `cannot lock the data directory ${cause.directory}: ${cause.reason}: put it on a file ` +
        "system with locks, or see to it yourself that no two processes use it, and start with " +
        "--unsafe-no-lock"
      );
    case "etcd_data":
      return (
        `the data directory ${cause.directory} belongs to etcd, whose files detcd cannot read: ` +
        "save a snapshot of that member and restore it into another (npx detcd snapshot --help)"
      );
    case "foreign":
      return (
        `the data directory ${cause.directory} holds data that is not detcd's ` +
        `(member/${cause.found.join(", ")}), or has lost its member/${cause.identity}: ` +
        "choose another --data-dir"
      );
    case "identity":
      return `${cause.path} cannot be read: put it back from a backup, or ${REPLACE}`;
    case "damaged":
      return `the store ${cause.path} is damaged: ${cause.reason}: ${REPLACE}; ${RESTORE}`;
    case "log":
      return `cannot go on with the log in ${cause.directory}: ${cause.reason}`;
    case "flags":
      return cause.reason;
    case "differs":
      return `checkInitialHashKV failed: ${cause.reason}: ${REPLACE}`;
    case "unreachable":
    case "mismatched":
    case "started_before":
      return joinSentence(cause);
  }
}

/** The first words are etcd's. */
function joinSentence(
  cause: Extract<Cause, { kind: "unreachable" | "mismatched" | "started_before" }>,
): string {
  switch (cause.kind) {
    case "unreachable":
      return (
        "cannot fetch cluster info from peer urls: could not retrieve cluster information from " +
        `the given URLs (${cause.asked}): --initial-cluster must list the running members, as ` +
        '"etcdctl member add" prints it'
      );
    case "mismatched":
      return (
        `error validating peerURLs {${cause.listed}}: ${cause.reason}: --initial-cluster must ` +
        'list these members, this one among them ("etcdctl member add" comes first, and prints it)'
      );
    case "started_before":
      return (
        `member ${cause.name} (${cause.member}) has started before, and its data is not here: ` +
        'remove it with "etcdctl member remove" and add it anew, for its votes are lost'
      );
  }
}

/** Less than this is none. */
const FULL_BYTES = 1024 * 1024;
const DISK_IS_FULL =
  "free some (df -h shows how much is missing) and start again; nothing acknowledged is lost";

/** What to do about an error of the system, by its code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: DISK_IS_FULL,
  EDQUOT: DISK_IS_FULL,
  EIO: `look at the disk (dmesg, df -h, ulimit -f), and where it fails, ${REPLACE} on another one`,
  EROFS: "mount the file system for writing, then start again",
  EACCES: "give it to the user that runs detcd (chown -R), or choose another --data-dir",
  EPERM: "give it to the user that runs detcd (chown -R), or choose another --data-dir",
  ENOTDIR: "choose another --data-dir, or move what is in its way",
  EEXIST: "choose another --data-dir, or move what is in its way",
  EISDIR: "choose another --data-dir, or move what is in its way",
  ENOENT: `put it back from a backup, or ${REPLACE}`,
  EMFILE: "raise the limit of open files (ulimit -n), then start again",
  ENFILE: "raise the limit of open files (sysctl fs.file-max), then start again",
  ENOMEM: "give it more memory or address space (ulimit -v), then start again",
  EFBIG: "raise the limit of the size of files (ulimit -f), then start again",
};
const OTHERWISE = "mend that and start again; nothing acknowledged is lost";

function fileSentence(doing: string, path: string, error: unknown): string {
  const known = systemErrorOf(path, error);
  if (known === null) return `${doing} ${path}: ${messageOf(error)}: ${OTHERWISE}`;
  return `${doing} ${path}: ${known.reason}: ${REMEDIES[known.code] ?? OTHERWISE}`;
}

type SystemError = Readonly<{ code: string; reason: string }>;

const NO_SPACE: SystemError = { code: "ENOSPC", reason: "no space left on device" };
const NO_QUOTA: SystemError = { code: "EDQUOT", reason: "disk quota exceeded" }; // Node: unknown
const QUOTA_NUMBER = 122;

/** Node gives its code, LMDB its number, or no more than the words of the system's library. */
function systemErrorOf(path: string, error: unknown): SystemError | null {
  const { code, errno } = error as Readonly<{ code?: unknown; errno?: unknown }>;
  if (code === QUOTA_NUMBER || errno === -QUOTA_NUMBER) return NO_QUOTA;
  const message = messageOf(error).toLowerCase();
  for (const [number, [name, reason]] of getSystemErrorMap()) {
    if (code !== name && code !== -number && message !== reason) continue;
    return name === "EIO" && isFull(path) ? NO_SPACE : { code: name, reason };
  }
  return null;
}

/** LMDB takes a write that stopped short, for want of space, for a failure of the disk. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < FULL_BYTES;
  } catch {
    return false; // the path itself cannot be looked at: the first error says more
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
