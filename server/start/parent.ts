// npx starts a shell, and that starts this. Signals to npx end both, and reach nobody else: a
// member would stay behind, with its ports and its data directory. So where npm started it, it
// looks whether those above it are still there.

import * as fs from "node:fs";

const LOOK_MS = 250;

/** Resolves when the shell or npm has gone; never where npm has no part in it. */
export function whenOrphaned(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  if (environment["npm_execpath"] === undefined) return promise;
  const above = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === above) return;
    clearInterval(timer);
    resolve(null);
  }, LOOK_MS);
  timer.unref();
  return promise;
}

/** Process ids of the parent and, where the system tells, of its parent. */
function ancestors(): string {
  const parent = process.ppid;
  try {
    const [, grandparent] =
      /\) \S (\d+)/.exec(fs.readFileSync(`/proc/${parent}/stat`, "latin1")) ?? [];
    return `${parent} ${grandparent}`;
  } catch {
    return `${parent}`;
  }
}
