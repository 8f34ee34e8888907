// Where the log is: beside the store, or on a disk of its own (--wal-dir). In the second case
// member/wal leads there, so that a later start finds it, whatever its flags say: a member that
// began with an empty log would have forgotten what it promised.

import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { OperatorError } from "../causes.ts";

/** As the first start wanted it; `own` is --wal-dir, or "". */
export function openWalDirectory(memberDirectory: string, own: string): string {
  const place = join(memberDirectory, "wal");
  const known = fs.lstatSync(place, { throwIfNoEntry: false });
  if (known === undefined) {
    if (own === "") fs.mkdirSync(place, { mode: 0o700 });
    else linkTo(resolve(own), place);
    return place;
  }
  const is = known.isSymbolicLink() ? fs.readlinkSync(place) : resolve(place);
  if (own !== "" && resolve(own) !== is) {
    refuse(`the log of this member is in ${is}: start it with --wal-dir ${is}, or without`);
  }
  if (!fs.existsSync(place)) refuse(`the log of this member is in ${is}, which is gone: mount it`);
  return place;
}

/** Before anything is written of who the member is: who is refused here has not started yet. */
export function refuseUsedDirectory(own: string): void {
  const target = resolve(own);
  if (own === "" || !fs.existsSync(target)) return;
  const [found] = fs.readdirSync(target);
  if (found !== undefined) {
    refuse(
      `--wal-dir ${target} must be empty at the first start, and holds ${found}: choose another`,
    );
  }
}

function linkTo(target: string, place: string): void {
  refuseUsedDirectory(target);
  fs.mkdirSync(target, { recursive: true, mode: 0o700 });
  fs.chmodSync(target, 0o700);
  fs.symlinkSync(target, place);
}

function refuse(reason: string): never {
  throw new OperatorError({ kind: "flags", reason });
}
