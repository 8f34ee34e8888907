// One line on a terminal that rewrites itself; elsewhere a line every ten seconds.

import type { Tally } from "./campaign.ts";

const TERMINAL_MS = 100;
const LOG_MS = 10_000;

export type Progress = Readonly<{
  show: (tally: Tally, elapsedMs: number) => void;
  end: () => void;
}>;

export function createProgress(total: number): Progress {
  const { stderr } = process;
  const everyMs = stderr.isTTY ? TERMINAL_MS : LOG_MS;
  let shownAt = stderr.isTTY ? -TERMINAL_MS : 0;
  return {
    show: (tally, elapsedMs) => {
      if (elapsedMs - shownAt < everyMs) return;
      shownAt = elapsedMs;
      const text = line(tally, total, elapsedMs);
      stderr.write(stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end: () => {
      if (stderr.isTTY) stderr.write("\r\x1b[2K");
    },
  };
}

function line(tally: Tally, total: number, elapsedMs: number): string {
  const speed = Math.round(tally.simulatedMs / Math.max(1, elapsedMs));
  const leftMs = (elapsedMs / tally.runs) * (total - tally.runs);
  const minutes = (tally.simulatedMs / 60_000).toFixed(1);
  const left = Math.ceil(leftMs / 1000);
  const done = `${tally.runs} of ${total} runs, ${minutes} minutes simulated`;
  return `${done} (${speed} times real time), ${left} s left`;
}
