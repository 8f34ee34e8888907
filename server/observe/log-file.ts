// A log in a file. Lines are written at once, so that the last words of a process that ends are
// there. With a rotation, a file that is full is put aside under its name and the time, as
// lumberjack does it: member.log becomes member-2026-11-21T09-08-07.065.log, and old ones are
// compressed on the side and removed when they are too many or too old.

import * as fs from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { LogRotation } from "./log-rotation.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export class LogFile {
  readonly #path: string;
  readonly #rotation: LogRotation | null;
  readonly #now: () => Date;
  #descriptor: number;
  #bytes: number;
  #tidying: Promise<void> = Promise.resolve();

  /** Throws when it cannot be written. */
  constructor(path: string, rotation: LogRotation | null, now: () => Date) {
    this.#path = path;
    this.#rotation = rotation;
    this.#now = now;
    if (rotation !== null) fs.mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = fs.openSync(path, "a", 0o600);
    this.#bytes = fs.fstatSync(this.#descriptor).size;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    const isFull = this.#rotation !== null && this.#bytes + bytes.length > this.#rotation.maxBytes;
    if (this.#rotation !== null && isFull && this.#bytes > 0) this.#rotate(this.#rotation);
    fs.writeSync(this.#descriptor, bytes);
    this.#bytes += bytes.length;
  }

  /** Resolves when old files are compressed and removed. */
  tidied(): Promise<void> {
    return this.#tidying;
  }

  #rotate(rotation: LogRotation): void {
    fs.closeSync(this.#descriptor);
    fs.renameSync(this.#path, join(dirname(this.#path), this.#nameNow(rotation)));
    this.#descriptor = fs.openSync(this.#path, "a", 0o600);
    this.#bytes = 0;
    // What cannot be tidied is tidied the next time: a log must not end a member.
    this.#tidying = this.#tidying.then(() => this.#tidy(rotation)).catch(() => undefined);
  }

  #nameNow({ localTime }: LogRotation): string {
    const now = this.#now();
    const shownMs = now.getTime() - (localTime ? now.getTimezoneOffset() * 60_000 : 0);
    const time = new Date(shownMs).toISOString().slice(0, -1).replaceAll(":", "-");
    const extension = extname(this.#path);
    return `${basename(this.#path, extension)}-${time}${extension}`;
  }

  async #tidy({ maxBackups, maxAgeDays, compress }: LogRotation): Promise<void> {
    const directory = dirname(this.#path);
    const oldest = this.#now().getTime() - maxAgeDays * DAY_MS;
    for (const [at, name] of this.#oldNames().entries()) {
      const path = join(directory, name);
      const tooMany = maxBackups > 0 && at >= maxBackups;
      const tooOld = maxAgeDays > 0 && fs.statSync(path).mtimeMs < oldest;
      if (tooMany || tooOld) fs.rmSync(path);
      else if (compress && !name.endsWith(".gz")) await compressed(path);
    }
  }

  /** The latest first: the names say when. */
  #oldNames(): readonly string[] {
    const extension = extname(this.#path);
    const stem = `${basename(this.#path, extension)}-`;
    const names = fs.readdirSync(dirname(this.#path)).filter((name) => {
      const [rest, isOld] = [name.replace(/\.gz$/, ""), name.startsWith(stem)];
      const time = rest.slice(stem.length, rest.length - extension.length);
      return isOld && rest.endsWith(extension) && /^\d{4}-\d\d-\d\dT[\d-]+\.\d{3}$/.test(time);
    });
    return names.toSorted().toReversed();
  }
}

async function compressed(path: string): Promise<void> {
  const gzip = `${path}.gz`;
  await pipeline(
    fs.createReadStream(path),
    createGzip(),
    fs.createWriteStream(gzip, { mode: 0o600 }),
  );
  fs.rmSync(path);
}
