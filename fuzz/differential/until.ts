// Waiting for something that another process does.

import { pause } from "../../server/live/testing.ts";

const PATIENCE_MS = 20_000;

/** Whether it came true within that time. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  forMs: number = PATIENCE_MS,
): Promise<boolean> {
  const deadline = performance.now() + forMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await pause(1);
  }
  return true;
}
