// What a member writes is for its own user alone: 0700 and 0600, whatever the umask and whoever
// made it. Data of users, hashes of passwords and signing keys are in these files.

import * as fs from "node:fs";
import { join } from "node:path";

const OTHERS = 0o077;

/** For the whole process: also what LMDB creates, which takes no mode from us. */
export function createPrivately(): void {
  process.umask(OTHERS);
}

/** A tree that an earlier release, or a copy, left open to others. Gives what could not be closed:
 *  files of another user. */
export function tightenTree(path: string): readonly string[] {
  const stats = fs.lstatSync(path);
  if (stats.isSymbolicLink()) return []; // what it leads to is the operator's business
  const own = tighten(path, stats.mode) ? [] : [path];
  if (!stats.isDirectory()) return own;
  const below = fs.readdirSync(path).map((name) => tightenTree(join(path, name)));
  return [own, ...below].flat();
}

/** In etcd's words; null: it is closed to others. The directory itself may be a mounted volume,
 *  whose rights are not ours to change. */
export function looseDirectory(path: string): string | null {
  const { mode } = fs.statSync(path);
  if ((mode & OTHERS) === 0) return null;
  return (
    `directory ${JSON.stringify(path)} exist, but the permission is "${shown(mode)}". The ` +
    'recommended permission is "-rwx------" to prevent possible unprivileged access to the data'
  );
}

function tighten(path: string, mode: number): boolean {
  if ((mode & OTHERS) === 0) return true;
  try {
    fs.chmodSync(path, mode & 0o700);
    return true;
  } catch {
    return false;
  }
}

/** As `ls -l` prints a directory. */
function shown(mode: number): string {
  const letters = Array.from("rwxrwxrwx", (letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-"));
  return `d${letters.join("")}`;
}
