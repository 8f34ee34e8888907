// Small files that must be either the old or the new one after a power cut, and never half of each.

import * as fs from "node:fs";
import { dirname } from "node:path";

/** Written beside, synced, renamed over, and the name synced. */
export function replaceFileDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  const descriptor = fs.openSync(temporary, "w", 0o600);
  fs.writeFileSync(descriptor, text);
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** In the background: it may be large. */
export async function syncFile(path: string): Promise<void> {
  const file = await fs.promises.open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name in a directory survives a power cut only once the directory is synced. */
export function syncDirectory(path: string): void {
  const descriptor = fs.openSync(path, "r");
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}
