// What must not outlive the bench, however that ends: processes that it started, and its files.

import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";

const children = new Set<ChildProcess>();
const folders = new Set<string>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The child does not outlive the bench. Resolves with how it ended. */
export function own(child: ChildProcess): Promise<string> {
  children.add(child);
  return new Promise((resolve) => {
    const end = (how: string): void => {
      children.delete(child);
      resolve(how);
    };
    child.once("error", (error) => end(error.message)); // it could not be started
    child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
  });
}

export function ownFolder(folder: string): void {
  folders.add(folder);
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  folders.delete(folder);
}

function cleanUp(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
}

process.once("exit", cleanUp);
for (const signal of SIGNALS) {
  process.once(signal, () => {
    cleanUp();
    process.kill(process.pid, signal); // this time for good
  });
}
